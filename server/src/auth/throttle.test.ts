import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../database/database.js';
import { createTestDatabase, type TestDatabase } from '../database/test-database.js';
import { HaloError } from '../errors.js';
import { exemptAddresses } from './exempt-addresses.js';
import { deriveSecrets, type Secrets } from './secrets.js';
import { createThrottle, type Throttle, type ThrottleOptions } from './throttle.js';
import { rememberedSMax } from './throttle-rules.js';

const home = '127.0.0.1';
const minuteS = 60;
const hourS = 3_600;

let testDatabase: TestDatabase;
let other: ReturnType<typeof openDatabase>;
let secrets: Secrets;
/** What PostgreSQL is told to take for the present. */
let presentMs: number;
let throttled: string[];
/** Two servers on one database. */
let one: Throttle;
let two: Throttle;

const db = () => testDatabase.database.kysely;
const pass = (seconds: number) => {
  presentMs += seconds * 1_000;
};

function create(changes: Partial<ThrottleOptions> = {}): Throttle {
  return createThrottle({
    database: db(),
    secrets,
    isExempt: exemptAddresses(['127.0.0.0/8', '::1']),
    onThrottled: (rule) => throttled.push(rule),
    present: () => sql<Date>`${new Date(presentMs)}::timestamptz`,
    ...changes,
  });
}

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  const sizes = { cold: 8, readers: 1, writers: 1, scanners: 1, exporters: 1 };
  other = openDatabase(testDatabase.address, sizes, () => {});
  secrets = await deriveSecrets(['first secret of at least 32 bytes, for tests']);
});
afterAll(async () => {
  await other.close();
  await testDatabase.drop();
});
beforeEach(async () => {
  await db().deleteFrom('throttles').execute();
  presentMs = Date.parse('2030-01-01T00:00:00Z');
  throttled = [];
  one = create();
  two = create({ database: other.kysely });
});

/** The seconds to wait, or 0 if it was let through. */
async function waitOf(attempt: Promise<unknown>): Promise<number> {
  try {
    await attempt;
    return 0;
  } catch (error) {
    if (!(error instanceof HaloError) || error.code !== 'rate-limited') throw error;
    expect(error.status).toBe(429);
    return error.retryAfterS ?? Number.NaN;
  }
}

async function times(count: number, attempt: (index: number) => Promise<unknown>): Promise<number[]> {
  const waits: number[] = [];
  for (let index = 0; index < count; index += 1) waits.push(await waitOf(attempt(index)));
  return waits;
}

const passedOf = (waits: readonly number[]) => waits.filter((wait) => wait === 0).length;
const guess = (name: string, address: string = home, throttle = one) =>
  throttle.logIn.begin({ name, address });
const logIn = async (name: string, address: string = home) => (await guess(name, address)).succeeded();
/** As many wrong passwords as an address has free, each under another name. */
const spray = (count: number, address: string) => times(count, (index) => guess(`name-${index}`, address));
const rows = async () =>
  (await sql<object>`select *, xmin from throttles order by subject`.execute(db())).rows;
const attemptsOf = async () => {
  const found = await db().selectFrom('throttles').select('attempts').orderBy('attempts').execute();
  return found.map(({ attempts }) => attempts);
};

describe('guesses at once', () => {
  test.each([1, 2, 3])('get through exactly as often as is free, on two servers, round %i', async () => {
    const waits = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        waitOf(guess('Ada', `198.51.100.${index}`, index % 2 === 0 ? one : two)),
      ),
    );
    expect(passedOf(waits)).toBe(5);
    expect(new Set(waits)).toEqual(new Set([0, 1]));
    // Those that were refused were held against nobody, their addresses included.
    expect((await attemptsOf()).filter((attempts) => attempts > 0)).toEqual([1, 1, 1, 1, 1, 5]);
  });

  test('of many names from one address get through exactly as often as is free', async () => {
    const waits = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        waitOf(guess(`name-${index}`, '203.0.113.7', index % 2 === 0 ? one : two)),
      ),
    );
    expect(passedOf(waits)).toBe(50);
    expect(await attemptsOf()).toEqual([...Array<number>(50).fill(1), 50]);
  });

  test('of all kinds on a few subjects never wait for each other in a circle', async () => {
    const kinds: readonly ((throttle: Throttle, index: number) => Promise<unknown>)[] = [
      (throttle, index) => guess(`name-${index % 2}`, `203.0.113.${index % 3}`, throttle),
      async (throttle, index) => (await guess(`name-${index % 2}`, '203.0.113.1', throttle)).succeeded(),
      (throttle, index) => throttle.signUp.begin({ address: `203.0.113.${index % 3}` }),
      (throttle, index) => throttle.password.begin({ accountId: '1', address: `203.0.113.${index % 3}` }),
      (throttle) => throttle.refresh.check({ sessionId: 'a', address: '203.0.113.1' }),
      (throttle) => throttle.refresh.failed({ address: '203.0.113.1' }),
      (throttle) => throttle.refresh.succeeded({ sessionId: 'a' }),
      (throttle) => throttle.forgetOld(),
    ];
    const attempts = Array.from({ length: 200 }, (_, index) => {
      const kind = kinds[index % kinds.length];
      return kind?.(index % 3 === 0 ? two : one, index);
    });
    // A deadlock would be `unavailable`, which waitOf throws.
    const waits = await Promise.all(attempts.map((attempt) => waitOf(Promise.resolve(attempt))));
    expect(passedOf(waits)).toBeGreaterThan(50);
  });
});

describe('the wait under one name', () => {
  test('begins with the fifth wrong password and doubles up to a quarter of an hour', async () => {
    expect(await times(5, () => guess('Ada'))).toEqual([0, 0, 0, 0, 0]);
    for (const wait of [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]) {
      expect(await waitOf(guess('Ada'))).toBe(wait);
      pass(wait - 0.001);
      expect(await waitOf(guess('Ada', home, two))).toBe(1);
      pass(0.001);
      expect(await waitOf(guess('Ada'))).toBe(0);
    }
    expect(await attemptsOf()).toEqual([15]);
  });

  test('is told in words', async () => {
    await times(5, () => guess('Ada'));
    await expect(guess('Ada')).rejects.toThrow('There were too many attempts. Try again in 1 second.');
    await db()
      .updateTable('throttles')
      .set({ blocked_until: new Date(presentMs + 59_500) })
      .execute();
    await expect(guess('Ada')).rejects.toThrow('Try again in 60 seconds.');
    await db()
      .updateTable('throttles')
      .set({ blocked_until: new Date(presentMs + 60_500) })
      .execute();
    await expect(guess('Ada')).rejects.toThrow('Try again in 2 minutes.');
  });

  test('is the same whether or not anybody could have the name', async () => {
    for (const name of ['Ada', '', '#', 'correct horse battery staple', '\0', '\ud800', 'x'.repeat(300)]) {
      expect(await times(7, () => guess(name))).toEqual([0, 0, 0, 0, 0, 1, 1]);
    }
  });

  test('does not grow by what is refused, and refusing writes nothing', async () => {
    await times(5, () => guess('Ada', '203.0.113.7'));
    const before = await rows();
    expect(await times(20, () => guess('Ada', '203.0.113.7'))).toEqual(Array(20).fill(1));
    expect(await rows()).toEqual(before);
    expect(throttled).toEqual(Array(20).fill('log-in-name'));
  });

  test('is forgotten after an hour of calm, and not before', async () => {
    await times(5, () => guess('Ada'));
    pass(1 + hourS - 0.001);
    expect(await times(2, () => guess('Ada'))).toEqual([0, 2]);
    pass(2 + hourS);
    expect(await times(6, () => guess('Ada'))).toEqual([0, 0, 0, 0, 0, 1]);
  });

  test('is forgotten when the password was right', async () => {
    await times(4, () => guess('Ada'));
    await logIn('Ada');
    expect(await attemptsOf()).toEqual([]);
    expect(await times(6, () => guess('Ada', home, two))).toEqual([0, 0, 0, 0, 0, 1]);
  });

  test('never comes within the free ones, however close together PostgreSQL’s clock has them', async () => {
    const real = [create({ present: undefined }), create({ present: undefined, database: other.kysely })];
    const attempts = Array.from({ length: 200 }, (_, index) =>
      guess(`name-${Math.floor(index / 4)}`, home, real[index % 2]),
    );
    expect(passedOf(await Promise.all(attempts.map(waitOf)))).toBe(200);
  });

  test('is never longer than its rule allows, at whatever fraction of a millisecond it begins', async () => {
    const late = create({ present: () => sql<Date>`'2030-01-01T00:00:00.0009Z'::timestamptz` });
    await guess('Ada', home, late);
    await db().updateTable('throttles').set({ attempts: 14 }).execute();
    expect(await times(2, () => guess('Ada', home, late))).toEqual([0, 900]);
  });

  test('goes by PostgreSQL’s clock', async () => {
    const real = create({ present: undefined });
    await guess('Ada', home, real);
    await db().updateTable('throttles').set({ attempts: 14 }).execute();
    await guess('Ada', home, real);
    const wait = await waitOf(guess('Ada', home, real));
    expect(wait).toBeGreaterThan(800);
    expect(wait).toBeLessThanOrEqual(900);
    const { rows: ahead } = await sql<{ s: number }>`
      select extract(epoch from blocked_until - now())::float8 as s from throttles`.execute(db());
    expect(ahead[0]?.s).toBeGreaterThan(800);
    expect(ahead[0]?.s).toBeLessThanOrEqual(900);
  });
});

describe('the wait of one address', () => {
  test('begins with the fiftieth wrong password, whatever the names', async () => {
    expect(passedOf(await spray(52, '203.0.113.7'))).toBe(50);
    expect(throttled).toEqual(['log-in-address', 'log-in-address']);
    expect(await waitOf(guess('Ada', '203.0.113.8'))).toBe(0);
  });

  test('grows up to a quarter of an hour for who keeps trying', async () => {
    await spray(50, '203.0.113.7');
    const waits: number[] = [];
    for (let index = 0; index < 12; index += 1) {
      const wait = await waitOf(guess('Ada', '203.0.113.7'));
      waits.push(wait);
      pass(wait);
      await guess(`other-${index}`, '203.0.113.7');
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
  });

  test('never comes for those who mistype now and then, nor for who logs in rightly', async () => {
    for (let index = 0; index < 150; index += 1) {
      expect(await waitOf(guess(`name-${index}`, '203.0.113.7'))).toBe(0);
      pass(hourS / 50);
    }
    await times(60, (index) => logIn(`right-${index}`, '203.0.113.7'));
    expect(throttled).toEqual([]);
  });

  test('is forgotten one attempt at a time', async () => {
    await spray(50, '203.0.113.7');
    pass(1 + (3 * hourS) / 50);
    expect(await times(5, (index) => guess(`later-${index}`, '203.0.113.7'))).toEqual([0, 0, 0, 1, 1]);
  });

  test('is not brought about by the right password, though it be the fiftieth', async () => {
    await spray(49, '203.0.113.7');
    await logIn('Ada', '203.0.113.7');
    expect(await times(2, () => guess('Ada', '203.0.113.7'))).toEqual([0, 1]);
    // A success does not end the wait that somebody else's failure began.
    pass(1);
    const attempt = await guess('Ada', '203.0.113.7');
    pass(2);
    await guess('Eve', '203.0.113.7');
    await attempt.succeeded();
    expect(await waitOf(guess('Ada', '203.0.113.7'))).toBe(4);
  });

  test('is one for all that can be written for it, and for a whole /64', async () => {
    const counted = async (...addresses: string[]) => {
      await db().deleteFrom('throttles').execute();
      for (const address of addresses) await one.signUp.begin({ address });
      return attemptsOf();
    };
    expect(await counted('203.0.113.7', '::ffff:203.0.113.7', '::FFFF:cb00:7107')).toEqual([3]);
    expect(await counted('2001:db8::1', '2001:DB8:0:0:ffff::', '2001:db8::9%eth0')).toEqual([3]);
    expect(await counted('2001:db8::1', '2001:db8:0:1::1')).toEqual([1, 1]);
    expect(await counted('nowhere', '', '203.0.113.7:80')).toEqual([3]);
  });

  test('does not exist for exempt addresses, while names are counted there too', async () => {
    for (const address of [home, '::1', '::ffff:127.0.0.1']) {
      expect(passedOf(await times(25, () => one.signUp.begin({ address })))).toBe(25);
      expect(passedOf(await spray(60, address))).toBe(60);
      await db().deleteFrom('throttles').execute();
    }
    expect(await times(6, () => guess('Ada', home))).toEqual([0, 0, 0, 0, 0, 1]);
  });
});

describe('who is counted', () => {
  test('does not depend on anything but the name', async () => {
    const names = ['Straße', 'STRASSE', 'straße', 'ｓｔｒａｓｓｅ', 'ſtrasse'];
    for (const [index, name] of names.entries()) {
      const attempt = { name, address: home, device: `d${index}`, password: `p${index}`, port: index };
      await (index % 2 === 0 ? one : two).logIn.begin(attempt);
    }
    expect(await attemptsOf()).toEqual([5]);
    await guess('Strase');
    expect(await attemptsOf()).toEqual([1, 5]);
  });

  test('cannot be read out of the table', async () => {
    const name = 'hunter2-my-password';
    await one.logIn.begin({ name, address: '203.0.113.7' });
    await one.password.begin({ accountId: '4711', address: '203.0.113.7' });
    await one.refresh.succeeded({ sessionId: 'AAAAbbbbCCCCdddd' });
    const { rows: dumped } = await sql<{ text: string }>`
      select t::text || encode(subject, 'escape') || encode(subject, 'base64') as text from throttles t`.execute(
      db(),
    );
    expect(dumped).toHaveLength(5);
    for (const { text } of dumped) {
      for (const secret of [name, '203.0.113.7', '4711,', 'AAAAbbbbCCCCdddd']) {
        expect(text).not.toContain(secret);
        expect(text).not.toContain(Buffer.from(secret).toString('hex'));
        expect(text).not.toContain(Buffer.from(secret).toString('base64').slice(0, -2));
      }
    }
    const stored = await db().selectFrom('throttles').select('subject').execute();
    for (const { subject } of stored) expect(subject).toHaveLength(32);
  });

  test('is hidden by the first secret, so that a dump cannot be searched for a name without it', async () => {
    const [first, second] = ['first', 'second'].map(
      (word) => `${word} secret of at least 32 bytes, for tests`,
    );
    await create({ secrets: await deriveSecrets([first ?? '', second ?? '']) }).logIn.begin({
      name: 'Ada',
      address: home,
    });
    await guess('Ada');
    expect(await attemptsOf()).toEqual([2]);
    await create({ secrets: await deriveSecrets([second ?? '', first ?? '']) }).logIn.begin({
      name: 'Ada',
      address: home,
    });
    expect(await attemptsOf()).toEqual([1, 2]);
  });
});

describe('the brakes on one thing', () => {
  const mine = { sessionId: 'AAAAbbbbCCCCdddd', address: '203.0.113.7' };

  test('leave a live session alone when a stranger guesses, even one who knows its id', async () => {
    const address = '198.51.100.9';
    await times(60, () => guess('Ada', address));
    await spray(60, address);
    for (let index = 0; index < 150; index += 1) await two.refresh.failed({ ...mine, address });
    expect(await waitOf(one.refresh.check({ ...mine, address }))).toBe(1);
    expect(throttled.at(-1)).toBe('refresh-address');
    expect(await waitOf(one.refresh.check(mine))).toBe(0);
    expect(await waitOf(one.password.begin({ accountId: '1', address: mine.address }))).toBe(0);
  });

  test('do not hold up log-ins when passwords are confirmed, nor the other way round', async () => {
    // An account's id may be somebody's name.
    expect(await times(6, () => one.password.begin({ accountId: '4711', address: mine.address }))).toEqual([
      0, 0, 0, 0, 0, 1,
    ]);
    expect(throttled).toEqual(['password-account']);
    expect(await times(6, () => guess('4711', mine.address))).toEqual([0, 0, 0, 0, 0, 1]);
    expect(throttled).toEqual(['password-account', 'log-in-name']);
    expect(await waitOf(one.password.begin({ accountId: '4712', address: mine.address }))).toBe(0);
  });

  test('let a password be confirmed again once it was right', async () => {
    const attempt = { accountId: '1', address: mine.address };
    await times(4, () => one.password.begin(attempt));
    await (await one.password.begin(attempt)).succeeded();
    expect(await times(6, () => one.password.begin(attempt))).toEqual([0, 0, 0, 0, 0, 1]);
    for (let index = 0; index < 45; index += 1) {
      expect(await waitOf(one.password.begin({ accountId: `a${index}`, address: mine.address }))).toBe(
        index < 41 ? 0 : 1,
      );
    }
  });

  test('allow twenty sign-ups an hour, then ever fewer', async () => {
    expect(passedOf(await times(22, () => one.signUp.begin(mine)))).toBe(20);
    expect(throttled).toEqual(['sign-up-address', 'sign-up-address']);
    let wait = 0;
    for (let index = 0; index < 13; index += 1) {
      wait = await waitOf(two.signUp.begin(mine));
      pass(wait);
      await one.signUp.begin(mine);
    }
    expect(wait).toBe(hourS);
    pass(3 * hourS);
    expect(passedOf(await times(25, () => one.signUp.begin(mine)))).toBe(20);
  });

  test('let one session rotate 120 times an hour, for whom checks alone count nothing', async () => {
    for (let index = 0; index < 120; index += 1) {
      expect(await waitOf(one.refresh.check(mine))).toBe(0);
      await two.refresh.succeeded(mine);
    }
    expect(await waitOf(one.refresh.check(mine))).toBe(1);
    expect(throttled).toEqual(['refresh-session']);
    expect(await waitOf(one.refresh.check({ ...mine, sessionId: 'another' }))).toBe(0);
    for (let index = 0; index < 20; index += 1) {
      pass(await waitOf(one.refresh.check(mine)));
      await one.refresh.succeeded(mine);
    }
    expect(await waitOf(one.refresh.check(mine))).toBe(minuteS);
  });

  test('count refused tokens by address, with or without a session', async () => {
    for (let index = 0; index < 99; index += 1) await one.refresh.failed(mine);
    expect(await waitOf(two.refresh.check({ ...mine, sessionId: undefined }))).toBe(0);
    await one.refresh.failed(mine);
    expect(await waitOf(two.refresh.check({ ...mine, sessionId: undefined }))).toBe(1);
    await one.refresh.failed({ address: home });
    expect(await waitOf(two.refresh.check({ sessionId: undefined, address: home }))).toBe(0);
    expect(await attemptsOf()).toEqual([100]);
  });
});

describe('forgetOld', () => {
  test('deletes what has no effect, and nothing else', async () => {
    await guess('calm');
    pass(rememberedSMax - hourS);
    await times(20, () => one.signUp.begin({ address: '203.0.113.7' }));
    expect(await one.forgetOld()).toBe(0);
    await db()
      .insertInto('throttles')
      .values({
        subject: Buffer.from('waits still'),
        attempts: 1,
        last_at: new Date(0),
        blocked_until: new Date(presentMs + 2 * hourS * 1_000),
      })
      .execute();
    pass(hourS + 0.001);
    expect(await two.forgetOld()).toBe(1);
    expect(await attemptsOf()).toEqual([1, 20]);
    pass(rememberedSMax);
    expect(await one.forgetOld()).toBe(1);
    expect(await attemptsOf()).toEqual([1]);
  });

  test('deletes a bounded number at a time', async () => {
    await sql`
      insert into throttles select sha256(n::text::bytea), 1, 'epoch', 'epoch' from generate_series(1, 2500) as n`.execute(
      db(),
    );
    const [first, second] = [await one.forgetOld(), await one.forgetOld()];
    expect([first, second, await one.forgetOld()]).toEqual([2000, 500, 0]);
  });
});

describe('without a database', () => {
  test('nothing gets through', async () => {
    const sizes = { cold: 1, readers: 1, writers: 1, scanners: 1, exporters: 1 };
    const nowhere = openDatabase({ connectionString: 'postgresql://127.0.0.1:1/none' }, sizes, () => {});
    const cut = create({ database: nowhere.kysely });
    const from = { address: '203.0.113.7' };
    const unavailable = { code: 'unavailable', retryAfterS: 1 };
    await expect(cut.logIn.begin({ ...from, name: 'Ada' })).rejects.toMatchObject(unavailable);
    await expect(cut.signUp.begin(from)).rejects.toMatchObject(unavailable);
    await expect(cut.password.begin({ ...from, accountId: '1' })).rejects.toMatchObject(unavailable);
    await expect(cut.refresh.check({ ...from, sessionId: 'a' })).rejects.toMatchObject(unavailable);
    await expect(cut.refresh.failed(from)).rejects.toMatchObject(unavailable);
    await expect(cut.refresh.succeeded({ sessionId: 'a' })).rejects.toMatchObject(unavailable);
    await expect(cut.forgetOld()).rejects.toMatchObject(unavailable);
    await nowhere.close();
  });
});
