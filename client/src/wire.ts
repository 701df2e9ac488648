/** What travels between client and server. Made from the contract by `npm run wire -w client`. */

/**
 * Exactly one of these.
 *
 */
export type Mutation =
  | {
      set: {
        /**
         * 1 to 1,024 bytes of UTF-8.
         */
        key: string;
        /**
         * Text, stored as UTF-8.
         */
        value?: string;
        /**
         * Bytes, instead of `value`.
         */
        value_base64?: string;
        /**
         * `text/plain; charset=utf-8` for `value`, else `application/octet-stream`.
         */
        content_type?: string;
        metadata?: {
          [k: string]: unknown;
        } | null;
        ttl?: number | 'keep';
        expires_at?: string;
      };
    }
  | {
      delete: {
        /**
         * 1 to 1,024 bytes of UTF-8.
         */
        key: string;
      };
    }
  | {
      add: {
        /**
         * 1 to 1,024 bytes of UTF-8.
         */
        key: string;
        /**
         * A signed 64-bit integer in decimal.
         */
        by: string;
      };
    }
  | {
      min: {
        /**
         * 1 to 1,024 bytes of UTF-8.
         */
        key: string;
        /**
         * A signed 64-bit integer in decimal.
         */
        value: string;
      };
    }
  | {
      max: {
        /**
         * 1 to 1,024 bytes of UTF-8.
         */
        key: string;
        /**
         * A signed 64-bit integer in decimal.
         */
        value: string;
      };
    }
  | {
      touch: {
        /**
         * 1 to 1,024 bytes of UTF-8.
         */
        key: string;
        /**
         * null: never expire.
         */
        ttl?: number | null;
        expires_at?: string | null;
      };
    }
  | {
      restore: {
        /**
         * 1 to 1,024 bytes of UTF-8.
         */
        key: string;
        /**
         * The number of a commit: gapless and increasing within an account.
         */
        revision: number;
      };
    }
  | {
      copy: {
        /**
         * 1 to 1,024 bytes of UTF-8.
         */
        from: string;
        /**
         * 1 to 1,024 bytes of UTF-8.
         */
        to: string;
      };
    }
  | {
      move: {
        /**
         * 1 to 1,024 bytes of UTF-8.
         */
        from: string;
        /**
         * 1 to 1,024 bytes of UTF-8.
         */
        to: string;
      };
    }
  | {
      delete_prefix: {
        /**
         * Ends with a slash.
         */
        prefix: string;
      };
    }
  | {
      copy_prefix: {
        /**
         * Ends with a slash.
         */
        from: string;
        /**
         * Ends with a slash.
         */
        to: string;
      };
    }
  | {
      move_prefix: {
        /**
         * Ends with a slash.
         */
        from: string;
        /**
         * Ends with a slash.
         */
        to: string;
      };
    };
export type ExportLine = ExportHeader | ExportEntry | ExportEnd;
export type ImportLine = ExportHeader | ImportEntry | ExportEnd;
export type ImportAnswerLine = ImportProgress | ImportFault | ImportEnd;

export interface SignUpRequest {
  /**
   * 3 to 64 letters, digits and . _ - + @; case makes no difference.
   */
  name: string;
  /**
   * 12 to 128 characters of any kind.
   */
  password: string;
  /**
   * For browsers: keep the refresh token in an HttpOnly cookie instead of the body.
   */
  cookie?: boolean;
  /**
   * An invite code, where signing up takes one.
   */
  invite?: string;
}
export interface Account {
  id: string;
  name: string;
  created_at: string;
}
export interface Grant {
  account: Account;
  /**
   * A JWT for `Authorization: Bearer`.
   */
  access_token: string;
  token_type: 'Bearer';
  /**
   * Seconds until the access token expires.
   */
  expires_in: number;
  /**
   * Good for one refresh. Absent when it was put in a cookie.
   */
  refresh_token?: string;
}
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  request_id: string;
  /**
   * JSON pointer to what is wrong.
   */
  pointer?: string;
  /**
   * The number of a commit: gapless and increasing within an account.
   */
  revision?: number;
  [k: string]: unknown;
}
export interface Credentials {
  /**
   * 3 to 64 letters, digits and . _ - + @; case makes no difference.
   */
  name: string;
  /**
   * 12 to 128 characters of any kind.
   */
  password: string;
  /**
   * For browsers: keep the refresh token in an HttpOnly cookie instead of the body.
   */
  cookie?: boolean;
}
export interface RefreshRequest {
  /**
   * Left out when the cookie carries it.
   */
  refresh_token?: string;
  /**
   * For browsers: keep the refresh token in an HttpOnly cookie instead of the body.
   */
  cookie?: boolean;
}
export interface AccountView {
  account: Account;
  limits: {
    keys: number;
    bytes: number;
  };
  usage: {
    keys: number;
    bytes: number;
  };
  /**
   * The revision of the latest commit.
   */
  revision: number;
}
export interface UsageReport {
  /**
   * The last 30 days, oldest first, the current one included.
   */
  days: {
    /**
     * In UTC.
     */
    day: string;
    /**
     * Requests that read.
     */
    reads: number;
    /**
     * Requests that write.
     */
    writes: number;
  }[];
}
export interface AccountDeletion {
  /**
   * 12 to 128 characters of any kind.
   */
  password: string;
}
export interface PasswordChange {
  /**
   * 12 to 128 characters of any kind.
   */
  current_password: string;
  /**
   * 12 to 128 characters of any kind.
   */
  new_password: string;
  /**
   * Whether API tokens end too.
   */
  revoke_tokens?: boolean;
}
export interface Session {
  id: string;
  /**
   * The `User-Agent` of the log-in.
   */
  device: string | null;
  /**
   * Where the log-in came from.
   */
  address: string | null;
  created_at: string;
  last_used_at: string;
  expires_at: string;
  /**
   * Whether it is the session that asks.
   */
  current: boolean;
}
export interface SessionList {
  /**
   * The most recently used first.
   */
  sessions: Session[];
}
export interface ApiToken {
  id: string;
  name: string;
  /**
   * `write` includes reading.
   */
  access: 'read' | 'write';
  /**
   * It reaches only keys that begin with this.
   */
  prefix: string;
  created_at: string;
  /**
   * To the minute. null: never.
   */
  last_used_at: string | null;
  /**
   * null: never.
   */
  expires_at: string | null;
}
export interface TokenList {
  /**
   * The newest first.
   */
  tokens: ApiToken[];
}
export interface TokenRequest {
  /**
   * To recognise it by.
   */
  name: string;
  /**
   * `write` includes reading.
   */
  access: 'read' | 'write';
  /**
   * Left out: all keys.
   */
  prefix?: string;
  /**
   * Seconds. Left out: it does not expire.
   */
  expires_in?: number;
}
export interface CreatedToken {
  id: string;
  name: string;
  /**
   * `write` includes reading.
   */
  access: 'read' | 'write';
  /**
   * It reaches only keys that begin with this.
   */
  prefix: string;
  created_at: string;
  /**
   * To the minute. null: never.
   */
  last_used_at: string | null;
  /**
   * null: never.
   */
  expires_at: string | null;
  /**
   * The secret, for `Authorization: Bearer`. It is never shown again.
   */
  token: string;
}
export interface AuditEvent {
  /**
   * Counts the account’s events without a gap.
   */
  number: number;
  at: string;
  event:
    | 'sign-up'
    | 'log-in'
    | 'log-in-failed'
    | 'refresh'
    | 'refresh-replayed'
    | 'log-out'
    | 'session-ended'
    | 'other-sessions-ended'
    | 'all-sessions-ended'
    | 'password-changed'
    | 'password-refused'
    | 'token-created'
    | 'token-revoked'
    | 'tokens-revoked'
    | 'account-deleted'
    | 'account-disabled'
    | 'account-enabled'
    | 'limits-set';
  /**
   * `stranger`: whoever it was did not prove to be the owner.
   */
  actor: 'owner' | 'operator' | 'stranger';
  /**
   * The session that acted.
   */
  session: string | null;
  /**
   * The session or API token that it was done to.
   */
  subject: string | null;
  /**
   * The API token’s name.
   */
  subject_name: string | null;
  /**
   * The `User-Agent`.
   */
  device: string | null;
  address: string | null;
  /**
   * The `hash` of the event before; 64 zeros for the first.
   */
  previous_hash: string;
  /**
   * SHA-256 in hexadecimal, over the bytes of `previous_hash` followed by the UTF-8 of the JSON array [number, at, event, actor, session, subject, subject_name, device, address] without spaces.
   */
  hash: string;
}
export interface AuditPage {
  /**
   * The newest first.
   */
  events: AuditEvent[];
  /**
   * For the next page; null: it was the last.
   */
  cursor: string | null;
}
export interface ValuedEntry {
  key: string;
  /**
   * The number of a commit: gapless and increasing within an account.
   */
  revision: number;
  /**
   * Bytes of the value.
   */
  size: number;
  content_type: string;
  metadata: {
    [k: string]: unknown;
  } | null;
  created_at: string;
  updated_at: string;
  expires_at: string | null;
  /**
   * When it is UTF-8.
   */
  value?: string;
  /**
   * When it is not.
   */
  value_base64?: string;
}
export interface EntryList {
  keys: ValuedEntry[];
  /**
   * With `delimiter`: groups of keys, in the place of their keys.
   */
  prefixes: {
    /**
     * Up to and including the delimiter.
     */
    prefix: string;
    /**
     * Keys under it that are in the range, counted up to 1,000.
     */
    count: number;
    /**
     * There are more keys than `count`; with `at`, there may be: not all were looked at.
     */
    more: boolean;
  }[];
  /**
   * With `count`: all keys in the range, whatever the page.
   */
  count?: number;
  /**
   * Pass it, with the same query, to read on; null on the last page. With `values` or `at` a page may have fewer entries than `limit`, or none, and still not be the last.
   */
  cursor: string | null;
  /**
   * The number of a commit: gapless and increasing within an account.
   */
  revision: number;
}
export interface PutResult {
  key: string;
  /**
   * The number of a commit: gapless and increasing within an account.
   */
  revision: number;
  created: boolean;
}
export interface DeleteResult {
  key: string;
  /**
   * The number of a commit: gapless and increasing within an account.
   */
  revision: number;
}
export interface ReadRequest {
  /**
   * @minItems 1
   * @maxItems 1000
   */
  keys: string[];
}
export interface ReadAnswer {
  /**
   * In the order asked; null: absent.
   */
  entries: (ValuedEntry | null)[];
  /**
   * The number of a commit: gapless and increasing within an account.
   */
  revision: number;
}
export interface Check {
  /**
   * 1 to 1,024 bytes of UTF-8.
   */
  key: string;
  /**
   * 0: the key must not exist.
   */
  revision: number;
}
export interface CommitRequest {
  /**
   * @maxItems 100
   */
  checks?: Check[];
  /**
   * @minItems 1
   * @maxItems 1000
   */
  mutations: Mutation[];
  idempotency_key?: string;
}
export interface MutationAnswer {
  /**
   * The key that was changed, or the prefix.
   */
  key?: string;
  /**
   * The number of a commit: gapless and increasing within an account.
   */
  revision: number;
  /**
   * The key did not exist before.
   */
  created?: boolean;
  /**
   * The new number, for add, min and max.
   */
  value?: string;
  /**
   * How many keys a prefix or an undo changed.
   */
  count?: number;
}
export interface CommitAnswer {
  /**
   * The number of a commit: gapless and increasing within an account.
   */
  revision: number;
  results: MutationAnswer[];
}
export interface UndoRequest {
  /**
   * The number of a commit: gapless and increasing within an account.
   */
  revision: number;
}
export interface HistoryPage {
  /**
   * Newest first.
   */
  versions: {
    /**
     * The number of a commit: gapless and increasing within an account.
     */
    revision: number;
    kind: 'set' | 'delete' | 'expire';
    /**
     * null when there is no value, or none any more: it was purged, or is one of too many.
     */
    size: number | null;
    content_type: string | null;
    expires_at: string | null;
    /**
     * What made the change: a device or token by name, or `halo`.
     */
    actor: string;
    written_at: string;
  }[];
  /**
   * Pass it to read on; null on the last page.
   */
  cursor: string | null;
}
export interface TrashPage {
  /**
   * In UTF-8 byte order of their keys.
   */
  entries: {
    key: string;
    /**
     * The number of a commit: gapless and increasing within an account.
     */
    revision: number;
    reason: 'delete' | 'expire';
    deleted_at: string;
    /**
     * Of the last value; null when pruned.
     */
    size: number | null;
  }[];
  /**
   * Pass it to read on; null on the last page.
   */
  cursor: string | null;
}
export interface Change {
  /**
   * The number of a commit: gapless and increasing within an account.
   */
  revision: number;
  key: string;
  kind: 'set' | 'delete' | 'expire';
  /**
   * Bytes of the value; null when there is none, or it is no longer kept.
   */
  size: number | null;
  content_type: string | null;
  expires_at: string | null;
  written_at: string;
  /**
   * When it is UTF-8.
   */
  value?: string;
  /**
   * When it is not.
   */
  value_base64?: string;
}
export interface ChangesPage {
  /**
   * In revision order; commits are never split between pages.
   */
  changes: Change[];
  /**
   * Up to where the page goes, also when it is empty: pass it as `since` to read on.
   */
  revision: number;
  /**
   * Whether there was more to read.
   */
  more: boolean;
}
/**
 * The first line.
 *
 */
export interface ExportHeader {
  /**
   * The version of this format.
   */
  halo: 1;
  /**
   * What the export shows.
   */
  revision?: number;
  exported_at?: string;
}
/**
 * A key, in UTF-8 byte order; the value as text when it is UTF-8 and that is no longer than base64.
 *
 */
export interface ExportEntry {
  key: string;
  content_type: string;
  metadata: {
    [k: string]: unknown;
  } | null;
  created_at: string;
  updated_at: string;
  expires_at: string | null;
  /**
   * When it is UTF-8.
   */
  value?: string;
  /**
   * When it is not.
   */
  value_base64?: string;
}
/**
 * The last line.
 *
 */
export interface ExportEnd {
  end: true;
  /**
   * How many entry lines there were.
   */
  keys: number;
  /**
   * Of the entry lines, each with its line feed. An export without this line is truncated.
   */
  sha256: string;
}
export interface ImportEntry {
  /**
   * 1 to 1,024 bytes of UTF-8.
   */
  key: string;
  /**
   * Text, stored as UTF-8.
   */
  value?: string;
  /**
   * Bytes, instead of `value`.
   */
  value_base64?: string;
  /**
   * `text/plain; charset=utf-8` for `value`, else `application/octet-stream`.
   */
  content_type?: string;
  metadata?: {
    [k: string]: unknown;
  } | null;
  ttl?: number | 'keep';
  expires_at?: string | null;
  /**
   * The number of a commit: gapless and increasing within an account.
   */
  revision?: number;
  /**
   * Bytes of the value.
   */
  size?: number;
  created_at?: string;
  updated_at?: string;
}
export interface ImportProgress {
  /**
   * The line up to which everything is done and durable.
   */
  lines: number;
  /**
   * Keys set.
   */
  imported: number;
  /**
   * Keys left as they were, or that expired before they came.
   */
  skipped: number;
  /**
   * Lines that were refused.
   */
  failed: number;
  /**
   * Read of the request so far.
   */
  bytes: number;
  /**
   * Of the last commit, or the account’s before any.
   */
  revision: number;
}
/**
 * A line that was refused; the import goes on.
 *
 */
export interface ImportFault {
  error: {
    line: number;
    /**
     * A code of the problem catalogue.
     */
    code: string;
    detail: string;
    /**
     * JSON pointer into the line.
     */
    pointer?: string;
  };
}
/**
 * The last line.
 *
 */
export interface ImportEnd {
  /**
   * False: the import stopped after `lines`, because of `error`.
   */
  done: boolean;
  error?: {
    line?: number;
    /**
     * A code of the problem catalogue.
     */
    code: string;
    detail: string;
    /**
     * JSON pointer into the line.
     */
    pointer?: string;
  };
  /**
   * The line up to which everything is done and durable.
   */
  lines: number;
  /**
   * Keys set.
   */
  imported: number;
  /**
   * Keys left as they were, or that expired before they came.
   */
  skipped: number;
  /**
   * Lines that were refused.
   */
  failed: number;
  /**
   * Read of the request so far.
   */
  bytes: number;
  /**
   * Of the last commit, or the account’s before any.
   */
  revision: number;
  /**
   * Whether the lines are those that were exported; false also for a truncated file; null when there was neither header nor end line.
   */
  sha256_ok: boolean | null;
}
export interface KeySet {
  keys: {
    /**
     * This interface was referenced by `undefined`'s JSON-Schema definition
     * via the `patternProperty` "^.*$".
     */
    [k: string]: unknown;
  }[];
}
export interface CommitEvent {
  /**
   * The number of a commit: gapless and increasing within an account.
   */
  revision: number;
  /**
   * In UTF-8 byte order of their keys.
   */
  changes: Change[];
}
export interface SnapshotEvent {
  /**
   * The number of a commit: gapless and increasing within an account.
   */
  revision: number;
  /**
   * In UTF-8 byte order of their keys, as of the revision.
   */
  entries: ValuedEntry[];
  /**
   * Whether it is the last part.
   */
  complete: boolean;
}
export interface EndEvent {
  /**
   * From the problem catalogue, such as `session-ended`.
   */
  code: string;
}
