import { randomUUID } from 'node:crypto';
import { prefixEnd } from 'halo-contract';
import pg from 'pg';
import type { Database } from '../database/database.js';
import type { Credential } from '../database/live-session.js';
import { highest } from './bounds.js';
import type { Listing } from './lister.js';
import { prepared, type Statement } from './statements.js';

/** Stores put straight into the tables, for tests of how they are read. */

/** A link in the history of a key. `content` is null for all kinds but `set`, and where it was purged. */
export interface Written {
  readonly revision: number;
  readonly key: string;
  readonly kind: 'set' | 'delete' | 'expire';
  readonly content: Uint8Array | null;
  /** Whether the key has expired by now, although nothing has told the log so. */
  readonly overdue?: boolean;
}

/** A first page of everything, the plain way. */
export const wholeListing: Listing = {
  prefix: '',
  start: undefined,
  end: undefined,
  delimiter: undefined,
  reverse: false,
  limit: 100,
  cursor: undefined,
  values: false,
  count: false,
};

/** An account without keys and one session that reaches them all. */
export async function createStore({ kysely, writers }: Database): Promise<Credential> {
  const name = randomUUID();
  const { id: accountId } = await kysely
    .insertInto('accounts')
    .values({ name, name_folded: name, password_hash: 'none' })
    .returning('id')
    .executeTakeFirstOrThrow();
  await writers.query('insert into stores (account_id) values ($1)', [accountId]);
  return createSession(kysely, accountId, '');
}

/** A session that reaches only keys with the prefix. */
export async function createSession(
  kysely: Database['kysely'],
  accountId: string,
  prefix: string,
): Promise<Credential> {
  const sessionId = randomUUID();
  await kysely
    .insertInto('sessions')
    .values({
      account_id: accountId,
      id: sessionId,
      kind: 'login',
      secret_hash: Buffer.from('refresh'),
      prefix,
      prefix_end: prefixEnd(prefix) ?? null,
      expires_at: new Date(Date.now() + 600_000),
    })
    .execute();
  return { accountId, sessionId, secretHash: undefined };
}

/** Writes a whole history, in the order of its revisions, into an empty store. */
export async function writeHistory(
  pool: pg.Pool,
  accountId: string,
  history: readonly Written[],
): Promise<void> {
  const newest = new Map<string, Written>();
  const rows = history.map((written) => {
    const previous = newest.get(written.key)?.revision ?? null;
    newest.set(written.key, written);
    return { ...written, previous };
  });
  const expiry = ({ overdue }: Written) => (overdue === true ? '2001-01-01Z' : null);
  await pool.query(
    `insert into versions
     select $1::bigint, v.revision, v.key, v.previous, v.kind, v.content, 'text/plain', null, now(), v.expires_at,
            'test', now()
     from unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::bytea[], $7::timestamptz[])
       as v (revision, key, previous, kind, content, expires_at)`,
    [
      accountId,
      rows.map(({ revision }) => revision),
      rows.map(({ key }) => key),
      rows.map(({ previous }) => previous),
      rows.map(({ kind }) => kind),
      rows.map(({ content }) => (content === null ? null : Buffer.from(content))),
      rows.map(expiry),
    ],
  );
  const living = [...newest.values()].filter(({ kind }) => kind === 'set');
  const dead = [...newest.values()].filter(({ kind }) => kind !== 'set');
  await pool.query(
    `insert into entries
     select $1::bigint, e.key, e.revision, 1, now(), e.expires_at
     from unnest($2::text[], $3::bigint[], $4::timestamptz[]) as e (key, revision, expires_at)`,
    [accountId, living.map(({ key }) => key), living.map(({ revision }) => revision), living.map(expiry)],
  );
  await pool.query('insert into trash select $1::bigint, * from unnest($2::text[], $3::bigint[])', [
    accountId,
    dead.map(({ key }) => key),
    dead.map(({ revision }) => revision),
  ]);
  await pool.query('update stores set revision = $2 where account_id = $1', [
    accountId,
    history.at(-1)?.revision ?? 0,
  ]);
}

/** Sets keys without values in bulk: the numbers from 1 to `count`, in eight digits, after the beginning. */
export async function seedNumbered(
  pool: pg.Pool,
  accountId: string,
  beginning: string,
  count: number,
): Promise<void> {
  const numbered = `$2 || lpad(i::text, 8, '0') as key, i as revision from generate_series(1, $3::int) as i`;
  await pool.query(
    `insert into versions (account_id, revision, key, kind, value, content_type, created_at, actor, written_at)
     select $1::bigint, revision, key, 'set', '', 'text/plain', now(), 'test', now() from (select ${numbered}) as n`,
    [accountId, beginning, count],
  );
  await pool.query(
    `insert into entries (account_id, key, revision, bytes, created_at)
     select $1::bigint, key, revision, 1, now() from (select ${numbered}) as n`,
    [accountId, beginning, count],
  );
}

/** What a statement does with these values, planned by a hot connection for the occasion. */
export async function explain(pool: pg.Pool, statement: Statement, values: unknown[]): Promise<PlanNode> {
  const text = `${explaining} ${statement.text}`;
  const { rows } = await pool.query(text, values);
  return rows[0]['QUERY PLAN'][0].Plan;
}

/** Prepares a statement on a connection, which plans it when it is first run and keeps that plan. */
export async function plan(
  client: pg.ClientBase,
  statement: Statement,
  values: readonly unknown[],
): Promise<void> {
  await client.query(prepared(statement, [...values]));
}

/** What a statement that was prepared on the connection does with the plan it has, and these values. */
export async function explainPrepared(
  client: pg.ClientBase,
  { name }: Statement,
  values: readonly unknown[],
): Promise<PlanNode> {
  const literals = values.map((value) => (value === null ? 'null' : pg.escapeLiteral(String(value))));
  const { rows } = await client.query(`${explaining} execute ${name}(${literals.join(', ')})`);
  return rows[0]['QUERY PLAN'][0].Plan;
}

const explaining = 'explain (analyze, buffers, format json)';

export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly PlanNode[];
}

export function planNodes(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(planNodes)];
}

/** Pages of tables and indexes that a plan touched. */
export function pagesTouched(plan: PlanNode): number {
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
}

/** $1 to $5 of the statements of lists, for all keys. */
export function wholeRange({ accountId, sessionId, secretHash }: Credential): unknown[] {
  return [accountId, sessionId, secretHash ?? null, '', highest];
}
