import type { Change, ChangesPage, CommitAnswer, Problem, ReadAnswer } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { commitsOf } from '../commits.js';
import { expectJson, type Halo, haloAt, type Person } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { startDebianPostgres } from './debian-postgres.js';
import { findFaults, type Operation, type Seen } from './store-history.js';

/** Enough for every pair of operations to meet many times; a run takes seconds. */
const clients = 8;
const operationsEach = 120;
const keys = ['a', 'b', 'c', 'd'];

const postgres = await startDebianPostgres();
const env = { DATABASE_URL: postgres.databaseUrl, HALO_SECRET: 'a secret that both of these servers share' };
/** Two servers whose flights carry everybody's commits, and two whose flights carry one account's. */
const servers = {
  mixed: [await startHalo({ env }), await startHalo({ env })],
  account: await Promise.all([1, 2].map(() => startHalo({ env: { ...env, HALO_FLIGHT: 'account' } }))),
};
afterAll(async () => {
  await Promise.all(Object.values(servers).flatMap((pair) => pair.map((server) => server.stop())));
  await postgres.stop();
});

/** A small generator of random numbers, so that a seed repeats what was asked, if not how it interleaved. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test.each(['mixed', 'account'] as const)(
  'concurrent commits, checks and reads on two servers make one history, with %s flights',
  {
    timeout: 60_000,
  },
  async (flight) => {
    const seed = Number(process.env.HALO_TEST_SEED ?? Date.now() % 1_000_000);
    const halos = servers[flight].map(({ url }) => haloAt(url));
    const [first] = halos;
    if (first === undefined) throw new Error('There is no server.');
    const person = await first.signUp();
    const operations = (
      await Promise.all(
        Array.from({ length: clients }, (_, client) =>
          work(halos[client % halos.length] ?? first, person, createRandom(seed + client), client),
        ),
      )
    ).flat();
    const log = await readLog(first, person);
    const counts = groupByKind(operations);
    console.log(`seed ${seed}: ${operations.length} operations, ${log.length} changes,`, count(counts));
    expect(findFaults(log, operations)).toEqual([]);
    // A history in which nothing met would prove nothing.
    for (const kind of ['commit', 'refused', 'read', 'get'] as const)
      expect(counts[kind]?.length).toBeGreaterThan(20);
    for (const [name, spoil] of Object.entries(spoilers)) {
      const [badLog, badOperations] = spoil(log, operations);
      expect(findFaults(badLog, badOperations), `a history with ${name}`).not.toEqual([]);
    }
  },
);

/** Ways to break a true history, each of which the checker has to notice. */
const spoilers: Record<string, (log: Change[], all: Operation[]) => [Change[], Operation[]]> = {
  'an acknowledged commit missing from the log': (log, all) => [
    log.filter(({ revision }) => revision !== 7),
    all,
  ],
  'a value other than was set': (log, all) => [
    log.map((one) => (one.revision === 9 ? { ...one, value: 'x' } : one)),
    all,
  ],
  'a read of an older state than it says': (log, all) => [
    log,
    replaceFirst(all, 'read', (told) => ({ ...told, revision: Math.max(0, told.revision - 5) })),
  ],
  'a get that missed what had been acknowledged': (log, all) => [
    log,
    replaceLast(all, 'get', (told) => ({ ...told, seen: undefined })),
  ],
  'two commits the wrong way round': (log, all) => {
    const commits = all.filter(({ told }) => told.kind === 'commit').sort((a, b) => a.endedMs - b.endedMs);
    const [early, late] = [commits.at(0), commits.at(-1)];
    return [
      log,
      all.map((one) =>
        one === early && late ? { ...one, startedMs: late.endedMs + 1, endedMs: late.endedMs + 2 } : one,
      ),
    ];
  },
};

type Kind = Operation['told']['kind'];
type ToldOf<Name extends Kind> = Extract<Operation['told'], { kind: Name }>;

function replaceFirst<Name extends Kind>(
  all: Operation[],
  kind: Name,
  change: (told: ToldOf<Name>) => ToldOf<Name>,
): Operation[] {
  const place = all.findIndex(({ told }) => told.kind === kind && !('revision' in told && told.revision < 6));
  return all.map((one, index) =>
    index === place ? { ...one, told: change(one.told as ToldOf<Name>) } : one,
  );
}

/** The last of those that saw something, after which nobody deleted it. */
function replaceLast<Name extends Kind>(
  all: Operation[],
  kind: Name,
  change: (told: ToldOf<Name>) => ToldOf<Name>,
): Operation[] {
  const place = all.findLastIndex(
    ({ told }) => told.kind === kind && 'seen' in told && told.seen !== undefined,
  );
  return all.map((one, index) =>
    index === place ? { ...one, told: change(one.told as ToldOf<Name>) } : one,
  );
}

/** One client: random operations one after the other, on keys that all clients share. */
async function work(
  halo: Halo,
  person: Person,
  random: (below: number) => number,
  client: number,
): Promise<Operation[]> {
  const { send } = commitsOf(halo);
  const done: Operation[] = [];
  const known = new Map<string, number>();
  const pick = () => keys[random(keys.length)] ?? 'a';
  for (let index = 0; index < operationsEach; index += 1) {
    const startedMs = performance.now();
    const value = `${client}.${index}`;
    const told = await [
      () => set(new Map([[pick(), value]]), []),
      () =>
        set(
          new Map([
            [pick(), value],
            [pick(), value],
          ]),
          [],
        ),
      () => checkAndSet(pick()),
      () => checkAndSet(pick()),
      () => read(),
      () => get(pick()),
    ][random(6)]?.();
    if (told !== undefined) done.push({ startedMs, endedMs: performance.now(), told });
  }
  return done;

  async function set(
    sets: Map<string, string>,
    checks: { key: string; revision: number }[],
  ): Promise<Operation['told']> {
    const mutations = [...sets].map(([key, value]) => ({ set: { key, value } }));
    const response = await send(person, { checks, mutations });
    if (response.status === 409) {
      const { key, revision: current } = (await response.json()) as Problem & {
        key: string;
        revision: number;
      };
      known.set(key, current);
      return { kind: 'refused', key, checked: checks[0]?.revision ?? -1, current };
    }
    const { revision } = await expectJson<CommitAnswer>(response, 200);
    for (const key of sets.keys()) known.set(key, revision);
    return { kind: 'commit', revision, sets };
  }

  function checkAndSet(key: string) {
    return set(new Map([[key, `${client} checked`]]), [{ key, revision: known.get(key) ?? 0 }]);
  }

  async function read(): Promise<Operation['told']> {
    const response = await halo.post('/v1/read', { keys }, { authorization: `Bearer ${person.accessToken}` });
    const { entries, revision } = await expectJson<ReadAnswer>(response, 200);
    const values = new Map<string, Seen | undefined>();
    keys.forEach((key, index) => {
      const entry = entries[index];
      if (entry != null) known.set(key, entry.revision);
      values.set(key, entry == null ? undefined : { revision: entry.revision, value: entry.value ?? '' });
    });
    return { kind: 'read', revision, values };
  }

  async function get(key: string): Promise<Operation['told']> {
    const response = await halo.get(person, key);
    const value = await response.text();
    const revision = Number(response.headers.get('halo-revision'));
    return { kind: 'get', key, seen: response.status === 404 ? undefined : { revision, value } };
  }
}

async function readLog(halo: Halo, person: Person): Promise<Change[]> {
  const log: Change[] = [];
  for (let since = 0; ; ) {
    const path = `/v1/changes?values=true&limit=1000&since=${since}`;
    const page = await expectJson<ChangesPage>(
      await halo.request('GET', path, { token: person.accessToken }),
      200,
    );
    log.push(...page.changes);
    if (!page.more) return log;
    since = page.revision;
  }
}

function count(groups: Partial<Record<Kind, Operation[]>>): Record<string, number> {
  return Object.fromEntries(Object.entries(groups).map(([kind, list]) => [kind, list.length]));
}

function groupByKind(operations: readonly Operation[]): Partial<Record<Kind, Operation[]>> {
  const groups: Partial<Record<Kind, Operation[]>> = {};
  for (const operation of operations) {
    const { kind } = operation.told;
    groups[kind] = [...(groups[kind] ?? []), operation];
  }
  return groups;
}
