import type { ColumnType, Generated } from 'kysely';

/** The tables as Kysely sees them: for cold queries. Hot ones are plain SQL in `engine/statements.ts`. */
export interface Tables {
  accounts: AccountTable;
  sessions: SessionTable;
  stores: StoreTable;
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
}

interface SessionTable {
  account_id: string;
  id: string;
  kind: 'login' | 'token';
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
