/** A command that has been read: what it does, not how it was spelled. */
export type Command = KeyCommand | WideCommand | TalkCommand;

/** What needs nothing but the keys it names. */
export type KeyCommand =
  | { readonly kind: 'get' | 'getdel' | 'strlen' | 'type' | 'persist'; readonly key: string }
  | SetCommand
  | { readonly kind: 'mget' | 'exists' | 'del'; readonly keys: readonly string[] }
  | {
      readonly kind: 'mset';
      readonly pairs: ReadonlyMap<string, Buffer>;
      /** Only if none of the keys exists. */
      readonly ifAbsent: boolean;
    }
  | { readonly kind: 'getex'; readonly key: string; readonly expiry: Deadline }
  | { readonly kind: 'getrange'; readonly key: string; readonly start: number; readonly end: number }
  | { readonly kind: 'setrange'; readonly key: string; readonly offset: number; readonly value: Buffer }
  | { readonly kind: 'append'; readonly key: string; readonly value: Buffer }
  | { readonly kind: 'incr'; readonly key: string; readonly by: bigint }
  | { readonly kind: 'incrbyfloat'; readonly key: string; readonly by: string }
  | ExpireCommand
  | {
      readonly kind: 'ttl';
      readonly key: string;
      readonly unit: 'seconds' | 'milliseconds';
      /** Whether to tell the instant rather than the time that is left. */
      readonly absolute: boolean;
    }
  | {
      readonly kind: 'rename' | 'copy';
      readonly from: string;
      readonly to: string;
      readonly ifAbsent: boolean;
      /** RENAMENX and COPY tell whether they did it, RENAME says OK. */
      readonly tells: boolean;
    };

export interface SetCommand {
  readonly kind: 'set';
  readonly key: string;
  readonly value: Buffer;
  readonly expiry: Deadline | 'keep';
  readonly condition: 'nx' | 'xx' | undefined;
  /** OK or null; 1 or 0; or the value that was there before. */
  readonly answer: 'ok' | 'flag' | 'old';
}

export interface ExpireCommand {
  readonly kind: 'expire';
  readonly key: string;
  readonly expiry: Deadline;
  readonly flags: ReadonlySet<ExpireFlag>;
}

export type ExpireFlag = 'nx' | 'xx' | 'gt' | 'lt';

/** When a key is to end. `by` names the command, for its errors. */
export type Deadline =
  | 'never'
  | { readonly ttlMs: number; readonly by: string }
  | { readonly atMs: number; readonly by: string };

/** What looks through the keys rather than at some. */
export type WideCommand =
  | { readonly kind: 'keys'; readonly pattern: string }
  | {
      readonly kind: 'scan';
      readonly cursor: string;
      readonly pattern: string | undefined;
      readonly count: number;
      readonly type: string | undefined;
      /** Upstash's own: the type after each key. */
      readonly withType: boolean;
    }
  | { readonly kind: 'randomkey' | 'dbsize' };

export interface TalkCommand {
  readonly kind: 'talk';
  readonly says: Buffer | Status;
}

/** A short answer in ASCII, such as OK. */
export class Status {
  constructor(readonly text: string) {}
}

/** What a transaction is made of; a refusal is the outcome of its place. */
export type Step = KeyCommand | TalkCommand | CommandError;

/** What Redis would answer, before it is written as JSON. */
export type Reply = null | number | bigint | Status | Buffer | readonly Reply[];

/** A refusal of one command, in the words of Redis where it has some. */
export class CommandError extends Error {
  /** @param discards whether Redis would refuse the command already when it is queued in a transaction */
  constructor(
    message: string,
    readonly discards = false,
  ) {
    super(message);
    this.name = 'CommandError';
  }
}

const wideKinds: ReadonlySet<string> = new Set(['keys', 'scan', 'randomkey', 'dbsize']);
const readingKinds: ReadonlySet<string> = new Set([
  ...['get', 'mget', 'exists', 'strlen', 'type', 'getrange', 'ttl', 'talk'],
]);

export function isWide(command: Command): command is WideCommand {
  return wideKinds.has(command.kind);
}

/** Whether a command of keys changes nothing, whatever it finds. */
export function onlyReads(command: Command): command is KeyCommand | TalkCommand {
  return readingKinds.has(command.kind);
}
