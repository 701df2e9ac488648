import { hash } from '@node-rs/argon2';
import { describe, expect, test } from 'vitest';
import { HaloError } from '../errors.js';
import { loadCommonPasswords } from './common-passwords.js';
import { checkPassword, createPasswordHasher } from './passwords.js';

const good = 'seven quiet herons';

async function expectWeak(password: string, lengthMin?: number, name = 'ada.lovelace'): Promise<void> {
  const outcome: unknown = await checkPassword(password, name, lengthMin).catch((error: unknown) => error);
  expect(outcome, JSON.stringify(password)).toBeInstanceOf(HaloError);
  expect(outcome).toMatchObject({ code: 'weak-password', extra: { pointer: '/password' } });
  if (password.length >= 12) expect((outcome as HaloError).message).not.toContain(password);
}

describe('checkPassword', () => {
  test.each([
    good,
    'x7#Kq9!mLp2v',
    'пять тихих цапель',
    '七羽の静かな鷺がいる水辺で',
    '🐦🦆🦉🦅🦜🦢🦩🐧🐔🐓🦃🦚',
    ' spaces are kept ',
    'q'.repeat(64) + 'w'.repeat(64),
  ])('takes %s', async (password) => {
    await expect(checkPassword(password, 'ada')).resolves.toBeUndefined();
  });

  test('counts code points after NFKC, against the minimum in force and the maximum', async () => {
    await expectWeak('seven heron');
    await expect(checkPassword('seven herons', 'ada')).resolves.toBeUndefined();
    await expectWeak('🐦🦆🦉🦅🦜🦢🦩🐧🐔🐓🦃');
    await expect(checkPassword('x7#Kq9!m', 'ada', 8)).resolves.toBeUndefined();
    await expectWeak('7herons', 8);
    await expectWeak('seven herons', 15);
    await expectWeak(`${good}${'x'.repeat(129 - good.length)}`);
  });

  test('does not go below the floor, whatever the operator says', async () => {
    await expectWeak('7herons', 1);
  });

  test('refuses what cannot be compared', async () => {
    await expectWeak(`${good}\0`);
    await expectWeak(`${good}\ud800`);
    await expectWeak(`\udc00${good}`);
  });

  test('refuses the common ones, in any case and form', async () => {
    for (const password of ['1qaz2wsx3edc', 'LeaveMeAlone', 'leavemealone', 'ｌｅａｖｅｍｅａｌｏｎｅ'])
      await expectWeak(password);
    for (const password of ['password', 'Baseball', 'QWERTYUIOP']) await expectWeak(password, 8);
  });

  test('refuses common ones that were repeated or padded to the length', async () => {
    for (const password of [
      'passwordpassword',
      'Password1234',
      'sunshine2024!',
      '123baseball123',
      '!!dragon!!!!',
    ]) {
      await expectWeak(password);
    }
  });

  test('refuses the name of the account and trivial repetition', async () => {
    await expectWeak('Ada.Lovelace');
    await expectWeak('grace.hopper', 12, 'Grace.Hopper');
    await expectWeak('hoppers.hoppers.', 12, 'hoppers.');
    for (const password of [
      'aaaaaaaaaaaa',
      '😀'.repeat(12),
      'abababababab',
      'halohalohalo',
      'HaloHaloHalo',
    ]) {
      await expectWeak(password);
    }
  });

  test('knows at least 3,000 that are long enough to be chosen', async () => {
    const common = await loadCommonPasswords();
    const choosable = [...common].filter((password) => password.length >= 8);
    expect(choosable.length).toBeGreaterThanOrEqual(3_000);
    expect(choosable.every((password) => password === password.normalize('NFKC').toLowerCase())).toBe(true);
    for (const password of choosable.slice(0, 3_000)) await expectWeak(password, 8);
  });
});

describe('createPasswordHasher', () => {
  const hasher = createPasswordHasher();

  test('verifies what it hashed, salted, with the parameters of OWASP', async () => {
    const [one, two] = await Promise.all([hasher.hash(good), hasher.hash(good)]);
    expect(one).not.toBe(two);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await hasher.verify(one, good)).toEqual({ ok: true, stale: false });
    expect(await hasher.verify(one, `${good} `)).toEqual({ ok: false, stale: false });
    expect(await hasher.verify(one, '')).toEqual({ ok: false, stale: false });
  });

  test('compares in NFKC, and the whole length', async () => {
    const long = `${'é'.repeat(127)}x`;
    const stored = await hasher.hash(long);
    expect((await hasher.verify(stored, long.normalize('NFD'))).ok).toBe(true);
    expect((await hasher.verify(stored, `${'é'.repeat(127)}y`)).ok).toBe(false);
  });

  test('does not take a lone surrogate for the replacement character', async () => {
    const stored = await hasher.hash('seven quiet\ufffdherons');
    expect((await hasher.verify(stored, 'seven quiet\ud800herons')).ok).toBe(false);
  });

  test('calls a hash of other parameters stale once the password was right', async () => {
    for (const options of [
      { memoryCost: 8_192, timeCost: 2 },
      { memoryCost: 19_456, timeCost: 1 },
      { memoryCost: 19_456, timeCost: 2, algorithm: 1 },
    ]) {
      const stored = await hash(good, options);
      expect(await hasher.verify(stored, good)).toEqual({ ok: true, stale: true });
      expect(await hasher.verify(stored, 'wrong')).toEqual({ ok: false, stale: false });
    }
  });

  test('spends on an unknown name what it spends on a wrong password', async () => {
    const stored = await hasher.hash(good);
    // Taking turns, and the quickest of each: what other tests take away, they take from both.
    let [wrong, nothing] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    const timeOf = async (work: () => Promise<unknown>) => {
      const startedMs = performance.now();
      await work();
      return performance.now() - startedMs;
    };
    for (let round = 0; round < 15; round += 1) {
      wrong = Math.min(wrong, await timeOf(() => hasher.verify(stored, 'wrong')));
      nothing = Math.min(nothing, await timeOf(() => hasher.verifyNothing('wrong')));
    }
    // Generous, since other tests run beside: without the dummy hash this would be a thousandth.
    expect(nothing).toBeGreaterThan(wrong / 3);
    expect(nothing).toBeLessThan(wrong * 3);
  });

  test('sheds what comes on top of a full queue', async () => {
    const small = createPasswordHasher({ concurrency: 1, queueMax: 1 });
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map(() => small.verifyNothing('any')));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
    await expect(small.verifyNothing('any')).resolves.toBeUndefined();
  });
});
