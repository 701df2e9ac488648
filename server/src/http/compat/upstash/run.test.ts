import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import type { Credential } from '../../../database/live-session.js';
import { createTestDatabase } from '../../../database/test-database.js';
import { createEngine, type Engine } from '../../../engine/engine.js';
import { createStore } from '../../../engine/test-store.js';
import type { Step } from './command.js';
import { parseCommand } from './parse.js';
import { createRunner } from './run.js';
import { createTurns } from './turns.js';

const { database, drop } = await createTestDatabase();
const engine = createEngine(database, {
  limits: { keysMax: 1_000, bytesMax: 1_000_000 },
  readFlightsMax: 2,
  writeFlightsMax: 2,
  report: (what, cause) => {
    throw new Error(what, { cause });
  },
});
afterAll(async () => {
  await engine.close();
  await drop();
});
afterEach(() => {
  vi.useRealTimers();
});

const command = (...args: string[]) => parseCommand(args) as Step & { kind: string };
const append = (engine: Engine, credential: Credential, part: string) =>
  engine.set(
    credential,
    {
      ...{ key: 'k', value: Buffer.from(part), contentType: 'text/plain', metadata: null },
      ...{ expiry: 'never', condition: undefined },
    },
    false,
  );
const read = async (credential: Credential) => (await engine.get(credential, 'k'))?.value.toString();

/** The same engine, on which somebody else is quicker the first few times: they write after each read. */
function outrun(times: number): Engine {
  let left = times;
  return {
    ...engine,
    read: async (credential, keys, withValues) => {
      const snapshot = await engine.read(credential, keys, withValues);
      if (left > 0) {
        left -= 1;
        await append(engine, credential, `other ${left}`);
      }
      return snapshot;
    },
  };
}

describe('a command that reads and then writes', () => {
  test('is done again when somebody else wrote in between', async () => {
    const me = await createStore(database);
    const { one, together } = createRunner(outrun(3));
    expect(await one(me, parseCommand(['APPEND', 'k', '!']))).toBe('other 0!'.length);
    expect(await read(me)).toBe('other 0!');
    const late = createRunner(outrun(1));
    expect(await late.one(me, parseCommand(['SET', 'k', 'mine', 'NX']))).toBeNull();
    expect(await together(me, [command('DEL', 'k'), command('SET', 'k', 'mine', 'NX')])).toHaveLength(2);
    expect(await read(me)).toBe('mine');
  });

  test('gives up in the end, having written nothing', async () => {
    const me = await createStore(database);
    const { one } = createRunner(outrun(100));
    await expect(one(me, parseCommand(['APPEND', 'k', '!']))).rejects.toMatchObject({
      code: 'overloaded',
      retryAfterS: 1,
    });
    expect(await read(me)).toMatch(/^other \d+$/);
  });

  test('goes by PostgreSQL’s clock where the two differ about what has passed', async () => {
    const me = await createStore(database);
    await append(engine, me, 'here');
    const realMs = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: realMs - 3_600_000 });
    const { one } = createRunner(engine);
    const passed = String(realMs - 1_800_000);
    expect(await one(me, parseCommand(['PEXPIREAT', 'k', passed]))).toBe(1);
    expect(await read(me)).toBeUndefined();
    const again = await one(me, parseCommand(['SET', 'k', 'v', 'PXAT', passed]));
    expect(again).toMatchObject({ text: 'OK' });
    expect(await read(me)).toBeUndefined();
  });
});

describe('turns', () => {
  test('are taken in order by those who share a name, and not waited for by others', async () => {
    const turns = createTurns();
    const told: string[] = [];
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const first = turns.take(['a', 'b'], async () => {
      await gate;
      told.push('a b');
    });
    const second = turns.take(['b', 'c'], async () => told.push('b c'));
    const third = turns.take(['c'], async () => told.push('c'));
    await turns.take(['d'], async () => told.push('d'));
    open();
    await Promise.all([first, second, third]);
    expect(told).toEqual(['d', 'a b', 'b c', 'c']);
  });

  test('go on after somebody who failed, and are refused to too many', async () => {
    const turns = createTurns();
    await expect(turns.take(['a'], () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const all = Array.from({ length: 2_000 }, () => turns.take(['a'], () => gate));
    await expect(turns.take(['a'], () => gate)).rejects.toMatchObject({ code: 'overloaded' });
    open();
    await Promise.all(all);
  });
});
