import { operations } from 'halo-contract';
import { percentile } from './figures.js';
import type { Halo } from './halo.js';
import type { Person } from './person.js';
import { runSql } from './pgbench.js';
import { spread } from './ratios.js';

/** What else Halo does, each measured once and by itself: a name, and what was seen. */
export type Row = readonly [title: string, figures: string];

export interface RowSizes {
  readonly seconds: number;
  /** Keys under the group that a list has to skip; the small one has a thousandth. */
  readonly groupKeys: number;
}

const committers = 8;
const mutationsEach = 100;
const listsEach = 50;

export async function measureRows(
  halo: Halo,
  person: Person,
  sizes: RowSizes,
  signal: AbortSignal,
): Promise<Row[]> {
  const rows: Row[] = [];
  const add = (title: string, figures: string): void => {
    rows.push([title, figures]);
    console.log(`${title}: ${figures}`);
  };
  add(
    `commits of ${mutationsEach} sets, ${committers} at once`,
    await measureCommits(halo, person, sizes, signal),
  );
  const smallKeys = Math.ceil(sizes.groupKeys / 1_000);
  await seedGroup(halo, person, 'small/group/', smallKeys);
  await seedGroup(halo, person, 'large/group/', sizes.groupKeys);
  await runSql(halo.postgres, 'halo', 'vacuum analyze');
  const small = await measureLists(halo, person, 'small/', signal);
  const large = await measureLists(halo, person, 'large/', signal);
  const ratio = (large / small).toFixed(2);
  add(
    `list with delimiter over ${sizes.groupKeys} keys in one group`,
    `p50 ${large.toFixed(2)} ms, ${ratio} × that over ${smallKeys} keys (${small.toFixed(2)} ms)`,
  );
  const { figures, lines } = await measureExport(halo, person, signal);
  add(`export of ${sizes.groupKeys} keys`, figures);
  add(`import of the same, replacing`, await measureImport(halo, person, lines, signal));
  return rows;
}

async function measureCommits(
  { origin }: Halo,
  person: Person,
  { seconds }: RowSizes,
  signal: AbortSignal,
): Promise<string> {
  const headers = { ...(await person.authorize()), 'Content-Type': 'application/json' };
  const mutations = Array.from({ length: mutationsEach }, (_, index) => ({
    set: { key: `commit/${index}`, value: 'x'.repeat(100) },
  }));
  const body = JSON.stringify({ mutations });
  const timesMs: number[] = [];
  const started = performance.now();
  const commit = async (): Promise<void> => {
    while (performance.now() - started < seconds * 1_000) {
      const since = performance.now();
      await succeed(await fetch(origin + operations.commit.path, { method: 'POST', headers, body, signal }));
      timesMs.push(performance.now() - since);
    }
  };
  await Promise.all(Array.from({ length: committers }, commit));
  const perSecond = timesMs.length / ((performance.now() - started) / 1_000);
  return `${perSecond.toFixed(0)} commits/s, ${(perSecond * mutationsEach).toFixed(0)} sets/s, ${percentiles(timesMs)}`;
}

/** Straight into the tables, as one commit would have written them: a million requests would take minutes. */
async function seedGroup(
  { postgres }: Halo,
  { accountId }: Person,
  prefix: string,
  keys: number,
): Promise<void> {
  const key = `'${prefix}' || lpad(i::text, 8, '0')`;
  await runSql(
    postgres,
    'halo',
    `with store as (
       update stores set revision = revision + 1, keys = keys + ${keys}, bytes = bytes + ${keys} * 30
       where account_id = ${accountId} returning account_id, revision
     ), written as (
       insert into versions (account_id, revision, key, kind, value, content_type, created_at, actor, written_at)
       select account_id, revision, ${key}, 'set', '\\x78', 'text/plain', now(), 'halo', now()
       from store, generate_series(1, ${keys}) as i
     )
     insert into entries (account_id, key, revision, bytes, created_at)
     select account_id, ${key}, revision, 30, now() from store, generate_series(1, ${keys}) as i`,
  );
}

/** The median in milliseconds. */
async function measureLists(
  { origin }: Halo,
  person: Person,
  prefix: string,
  signal: AbortSignal,
): Promise<number> {
  const headers = await person.authorize();
  const url = `${origin}${operations.listKeys.path}?delimiter=/&prefix=${encodeURIComponent(prefix)}`;
  const timesMs: number[] = [];
  for (let count = 0; count < listsEach; count += 1) {
    const since = performance.now();
    await succeed(await fetch(url, { headers, signal }));
    timesMs.push(performance.now() - since);
  }
  return spread(timesMs).median;
}

async function measureExport(
  { origin }: Halo,
  person: Person,
  signal: AbortSignal,
): Promise<{ figures: string; lines: string }> {
  const started = performance.now();
  const url = `${origin}${operations.exportStore.path}?prefix=large/`;
  const lines = await succeed(await fetch(url, { headers: await person.authorize(), signal }));
  return { figures: transferred(lines, performance.now() - started), lines };
}

async function measureImport(
  { origin }: Halo,
  person: Person,
  lines: string,
  signal: AbortSignal,
): Promise<string> {
  const started = performance.now();
  const headers = { ...(await person.authorize()), 'Content-Type': 'application/x-ndjson' };
  const url = `${origin}${operations.importStore.path}?on_conflict=replace`;
  const answer = await succeed(await fetch(url, { method: 'POST', headers, body: lines, signal }));
  if (!answer.includes('"done":true')) throw new Error(`The import ended early: ${answer.slice(-300)}`);
  return transferred(lines, performance.now() - started);
}

function transferred(lines: string, elapsedMs: number): string {
  const seconds = elapsedMs / 1_000;
  const keys = lines.split('\n').length - 3;
  const mebibytes = lines.length / 1024 ** 2;
  return `${(keys / seconds).toFixed(0)} keys/s, ${(mebibytes / seconds).toFixed(1)} MiB/s, ${seconds.toFixed(1)} s`;
}

function percentiles(timesMs: readonly number[]): string {
  const at = (share: number) => percentile(timesMs, share).toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`;
}

async function succeed(response: Response): Promise<string> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${text.slice(0, 300)}`);
  return text;
}
