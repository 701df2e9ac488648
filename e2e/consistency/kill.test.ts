import assert from 'node:assert/strict';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { type Halo, haloAt, type Person } from '../halo.js';
import { type HaloServer, makeDataDirectory, removeDataDirectory, startHalo } from '../halo-server.js';
import { type Attempt, contradictions, type Found, resolve } from './write-history.js';

const rounds = 4;
const writersPerRound = 24;
/** Each round kills the server after this many acknowledged writes, at a moment the seed chooses. */
const acknowledgedMin = 80;
const acknowledgedMax = 300;

/** To repeat a run: HALO_TEST_SEED. */
const seed = Number(process.env.HALO_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
const random = createRandom(seed);

const data = await makeDataDirectory();
let server: HaloServer = await startHalo({ data });
afterAll(async () => {
  await server.stop();
  await removeDataDirectory(data);
});

test(`no acknowledged write is lost to kill -9, and no other is stored in part (seed ${seed})`, async () => {
  const person = await haloAt(server.url).signUp();
  let history: Attempt[] = [];
  let unanswered = 0;
  for (let round = 0; round < rounds; round += 1) {
    const target = acknowledgedMin + Math.floor(random() * (acknowledgedMax - acknowledgedMin));
    const attempts = await writeUntilKilled(haloAt(server.url), person, round, target);
    unanswered += attempts.filter(({ revision }) => revision === undefined).length;
    history.push(...attempts);
    server = await startHalo({ data });
    const halo = haloAt(server.url);
    const found = await readEverything(halo, person);
    const { revision } = await halo.account(person);
    expect(contradictions(history, found, revision), `round ${round}, seed ${seed}`).toEqual([]);
    checkTheChecker(history, found, revision);
    history = resolve(history, found);
  }
  // Without requests that were cut off, nothing was tested.
  expect(unanswered).toBeGreaterThan(0);
  expect(history.length).toBeGreaterThanOrEqual(rounds * acknowledgedMin);
});

test('the checker reports any doctored history', () => {
  const attempt = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), value: fc.uuid() });
  const property = fc.property(
    fc.array(attempt, { minLength: 2, maxLength: 30 }),
    fc.nat(),
    (writes, pick) => {
      const attempts = writes.map(({ key, value }, index) => ({
        key,
        value: `${value} ${index}`,
        revision: index + 1,
      }));
      const found = new Map<string, Found>(attempts.map(({ key, ...state }) => [key, state]));
      expect(contradictions(attempts, found, attempts.length)).toEqual([]);
      const [key, state] = [...found][pick % found.size] ?? ['', undefined];
      assert.ok(state !== undefined);
      for (const lie of [
        { ...state, value: '' },
        { ...state, value: state.value.slice(0, -1) },
        { ...state, revision: state.revision - 1 },
        undefined,
      ]) {
        const doctored = new Map(found);
        if (lie === undefined) doctored.delete(key);
        else doctored.set(key, lie);
        expect(contradictions(attempts, doctored, attempts.length)).not.toEqual([]);
      }
      expect(contradictions(attempts, found, attempts.length + 1)).not.toEqual([]);
      expect(contradictions(attempts, new Map([...found, ['e', state]]), attempts.length)).not.toEqual([]);
    },
  );
  fc.assert(property, { seed });
});

/** The positive control on the real thing: one acknowledged write removed, and the checker must see it. */
function checkTheChecker(
  history: readonly Attempt[],
  found: ReadonlyMap<string, Found>,
  revision: number,
): void {
  const acknowledged = history.findLast((attempt) => attempt.revision !== undefined);
  assert.ok(acknowledged !== undefined);
  const doctored = new Map(found);
  doctored.delete(acknowledged.key);
  expect(contradictions(history, doctored, revision)).toEqual([expect.stringContaining(acknowledged.key)]);
}

/** Writes from many writers at once, and kills the server while requests of theirs are in flight. */
async function writeUntilKilled(
  halo: Halo,
  person: Person,
  round: number,
  target: number,
): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  let inFlight = 0;
  let acknowledged = 0;
  let killed: Promise<void> | undefined;
  const write = async (key: string, value: string): Promise<void> => {
    inFlight += 1;
    // What fails after the kill may or may not have been stored; what fails before is an error.
    const result = await halo.set(person, key, value).catch((error: unknown) => {
      if (killed === undefined) throw error;
      return undefined;
    });
    inFlight -= 1;
    attempts.push({ key, value, revision: result?.revision });
    if (result !== undefined) acknowledged += 1;
  };
  const writer = async (_: unknown, name: number): Promise<void> => {
    for (let count = 0; killed === undefined; count += 1) {
      // Half of the writes replace a key of their own, also one from an earlier round.
      const key = random() < 0.5 ? `hot ${name}` : `round ${round} writer ${name} key ${count}`;
      await write(key, `seed ${seed} round ${round} writer ${name} write ${count} ${filler()}`);
      if (acknowledged >= target && killed === undefined) {
        expect(inFlight).toBeGreaterThan(0);
        killed = server.kill9();
      }
    }
  };
  await Promise.all(Array.from({ length: writersPerRound }, writer));
  await killed;
  return attempts;
}

async function readEverything(halo: Halo, person: Person): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  let cursor: string | null = null;
  do {
    const page = await halo.page(person, { limit: '200', ...(cursor === null ? {} : { cursor }) });
    await Promise.all(
      page.keys.map(async ({ key, revision }) => {
        found.set(key, { value: (await halo.read(person, key)).toString(), revision });
      }),
    );
    cursor = page.cursor;
  } while (cursor !== null);
  return found;
}

/** From nothing to more than fits into one page of PostgreSQL, so that torn values would show. */
function filler(): string {
  return 'x'.repeat(Math.floor(random() ** 4 * 40_000));
}

/** Mulberry32: small, seeded, and good enough to choose sizes. */
function createRandom(from: number): () => number {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
