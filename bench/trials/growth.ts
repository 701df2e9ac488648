import { count, cut, ms } from '../figures.js';
import { atLeast, type Goal } from '../goals.js';
import { startHalo } from '../halo.js';
import { createPerson, keyBeginning, type Person } from '../person.js';
import { type PostgresPlace, runSql } from '../pgbench.js';
import { readMemory } from '../process-usage.js';
import { perSecond } from '../ratios.js';
import type { Row } from '../rows.js';
import type { Trial } from '../trial.js';
import { describeLoad, load, refuseErrors } from '../trial-load.js';
import { value } from '../workload.js';

const connections = 64;
/** Of one statement of seeding: a few seconds, after which it can be interrupted. */
const seedKeysEach = 250_000;
/** What the key and its value count for, about. */
const keyBytes = 130;

/** Whether a store stays fast when it is much larger than what the other measurements use. */
export const growthTrial: Trial = {
  name: 'growth',
  title: 'A large store',
  async run(stage) {
    const { sizes, keys, signal } = stage;
    const halo = await startHalo(await stage.directory('growth'), signal);
    stage.undo(halo.stop);
    const processes = { serverPid: halo.pid, postgresPid: halo.postgres.pid };
    const small = await createPerson(halo.origin, keys, signal);
    const large = await createPerson(halo.origin, 0, signal);
    const rows: Row[] = [];
    const run = async (person: Person, method: 'GET' | 'PUT', among: number, when: string) => {
      await runSql(halo.postgres, 'halo', 'checkpoint');
      const measured = await load(stage, await person.workload(method, among), connections, processes);
      refuseErrors(measured.errors);
      rows.push([`${method} of ${count(among)} keys, ${when}`, describeLoad(measured)]);
      return measured;
    };
    await runSql(halo.postgres, 'halo', 'vacuum analyze');
    // Twice, since the first load of a server also compiles it.
    if (stage.twice) await run(small, 'GET', keys, 'to warm up');
    const few = { GET: await run(small, 'GET', keys, 'alone'), PUT: await run(small, 'PUT', keys, 'alone') };

    const began = performance.now();
    await seed(halo.postgres, large.accountId, sizes.growthKeys, signal);
    rows.push(['seeding and vacuum', `${((performance.now() - began) / 1_000).toFixed(0)} s`]);
    const many = sizes.growthKeys;
    if (stage.twice) await run(large, 'GET', many, 'random, to warm up');
    const ratios: string[] = [];
    const goals: Goal[] = [];
    for (const method of ['GET', 'PUT'] as const) {
      const measured = await run(large, method, many, 'random');
      const before = few[method];
      const ratio = perSecond(measured) / perSecond(before);
      goals.push(atLeast(`${method} of ${count(many)} keys / of ${count(keys)}`, ratio, 0.85));
      ratios.push(`${method} ${cut(ratio)} (p50 ${ms(measured.p50Ms)} ms instead of ${ms(before.p50Ms)} ms)`);
    }
    if (stage.twice) await run(small, 'GET', keys, 'beside the large store');
    const [size] = await runSql(halo.postgres, 'halo', 'select pg_database_size(current_database())');
    const memory = await readMemory(processes);
    rows.unshift([`rate with ${count(many)} keys / with ${count(keys)}`, ratios.join(', ')]);
    rows.push(['database on disk', `${(Number(size?.[0]) / 2 ** 20).toFixed(0)} MiB`]);
    if (memory !== undefined) {
      const { serverRssMib, postgresMib, postgresMeasure } = memory;
      const postgres = `PostgreSQL ${postgresMib.toFixed(0)} MiB ${postgresMeasure}`;
      rows.push(['memory', `Halo ${serverRssMib.toFixed(0)} MiB RSS, ${postgres}`]);
    }
    return { goals, rows };
  },
};

/**
 * Straight into the tables, as one commit a key would have written them: by requests it would take an hour. The store
 * is given room for more keys than an account may usually have.
 */
async function seed(
  postgres: PostgresPlace,
  accountId: string,
  keys: number,
  signal: AbortSignal,
): Promise<void> {
  const key = `'${keyBeginning}' || (i - 1)`;
  for (let first = 1; first <= keys; first += seedKeysEach) {
    signal.throwIfAborted();
    const numbers = [accountId, first, Math.min(keys, first + seedKeysEach - 1)];
    await runSql(
      postgres,
      'halo',
      `insert into versions (account_id, revision, key, kind, value, content_type, created_at, actor, written_at)
       select $1::bigint, i, ${key}, 'set', convert_to($4, 'UTF8'), 'application/octet-stream', now(), 'halo', now()
       from generate_series($2::bigint, $3::bigint) as i`,
      [...numbers, value],
    );
    await runSql(
      postgres,
      'halo',
      `insert into entries (account_id, key, revision, bytes, created_at)
       select $1::bigint, ${key}, i, ${keyBytes}, now() from generate_series($2::bigint, $3::bigint) as i`,
      numbers,
    );
  }
  await runSql(
    postgres,
    'halo',
    `update stores
     set revision = $2::bigint, counted_revision = $2::bigint, keys = $2::bigint, bytes = $2::bigint * ${keyBytes},
         keys_max = $2::bigint * 10, bytes_max = $2::bigint * 10 * ${keyBytes}
     where account_id = $1::bigint`,
    [accountId, keys],
  );
  await runSql(postgres, 'halo', 'vacuum analyze');
  signal.throwIfAborted();
}
