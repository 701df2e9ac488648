import type { ColumnType, Generated } from 'kysely';

/** The tables as Kysely sees them: for cold queries. Hot ones are plain SQL in `engine/statements.ts`. */
export interface Tables {
  accounts: AccountTable;
  sessions: SessionTable;
  stores: StoreTable;
  audit_chains: AuditChainTable;
  audit_events: AuditEventTable;
  throttles: ThrottleTable;
  usage_days: UsageDayTable;
  erasures: ErasureTable;
  settings: SettingTable;
  invites: InviteTable;
}

/** bigint arrives as text, because it may exceed what a JavaScript number holds exactly. */
type Bigint = ColumnType<string, string | number, string | number>;
type Timestamp = ColumnType<Date, Date | undefined, Date>;

interface AccountTable {
  id: Generated<string>;
  name: string;
  name_folded: string;
  password_hash: string;
  created_at: Timestamp;
  disabled_at: Date | null;
}

interface SessionTable {
  account_id: string;
  id: string;
  kind: 'login' | 'token' | 'held';
  name: string | null;
  secret_hash: Buffer;
  previous_hash: Buffer | null;
  rotated_at: Date | null;
  access: Generated<'read' | 'write'>;
  prefix: Generated<string>;
  prefix_end: string | null;
  device: string | null;
  address: string | null;
  created_at: Timestamp;
  last_used_at: Timestamp;
  expires_at: Date;
}

interface StoreTable {
  account_id: string;
  revision: ColumnType<string, never, never>;
  pruned_revision: ColumnType<string, never, never>;
  keys: ColumnType<string, never, never>;
  bytes: ColumnType<string, never, never>;
  keys_max: Bigint | null;
  bytes_max: Bigint | null;
}

interface AuditChainTable {
  account_id: string;
  number: Bigint;
  hash: Buffer;
}

interface AuditEventTable {
  account_id: string;
  number: Bigint;
  at: Date;
  event: string;
  actor: 'owner' | 'operator' | 'stranger';
  session: string | null;
  subject: string | null;
  subject_name: string | null;
  device: string | null;
  address: string | null;
  previous_hash: Buffer;
  hash: Buffer;
}

interface ThrottleTable {
  subject: Buffer;
  attempts: number;
  last_at: Date;
  blocked_until: Date;
}

interface UsageDayTable {
  account_id: string;
  day: Date;
  reads: Bigint;
  writes: Bigint;
}

interface ErasureTable {
  account_id: string;
  requested_at: Timestamp;
}

interface SettingTable {
  name: string;
  value: string;
}

interface InviteTable {
  id: string;
  code_hash: Buffer;
  uses_left: number;
  created_at: Timestamp;
  expires_at: Date;
}
