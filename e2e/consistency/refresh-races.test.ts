import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Grant } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { expectJson, type Person, personOf } from '../halo.js';
import { expectProblem } from '../problem.js';
import { startTwoServers } from './two-servers.js';

const two = await startTwoServers();
afterAll(() => two.stop());

const races = 12;
const parallel = 50;

/** What 50 requests at once, half of them to each server, make of one refresh token. */
async function race(token: string): Promise<string[]> {
  const answers = await Promise.all(
    Array.from({ length: parallel }, (_, turn) => two.halo(turn).refresh(token)),
  );
  const grants = await Promise.all(answers.map((answer) => expectJson<Grant>(answer, 200)));
  return [...new Set(grants.map((grant) => personOf(grant).refreshToken))];
}

async function child(turn: number, { refreshToken }: Person): Promise<Person> {
  return personOf(await expectJson<Grant>(await two.halo(turn).refresh(refreshToken), 200));
}

test('of many refreshes at once on both servers comes exactly one child, which is good', async () => {
  const counts: number[] = [];
  for (let turn = 0; turn < races; turn += 1) {
    const person = await two.halo(turn).signUp();
    const children = await race(person.refreshToken);
    counts.push(children.length);
    const [refreshToken = ''] = children;
    expect(refreshToken).not.toBe(person.refreshToken);
    const grandchild = await child(turn + 1, { ...person, refreshToken });
    expect((await two.halo(turn).list(grandchild)).status).toBe(200);
  }
  console.log(
    `${races} races of ${parallel} refreshes across two servers: ${counts.filter((count) => count === 1).length} ` +
      'made exactly one child.',
  );
  expect(counts).toEqual(Array<number>(races).fill(1));
});

test('counting children tells two from one', async () => {
  const [one, other] = [await two.halos[0].signUp(), await two.halos[1].signUp()];
  const [first, second] = [await race(one.refreshToken), await race(other.refreshToken)];
  expect(new Set([...first, ...second]).size).toBe(2);
});

test('an old generation, presented to either server, ends the session on both', async () => {
  for (let turn = 0; turn < 4; turn += 1) {
    const person = await two.halo(turn).signUp();
    const first = await child(turn, person);
    const second = await child(turn + 1, first);
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) => two.halo(index).refresh(person.refreshToken)),
    );
    for (const answer of answers) await expectProblem(answer, 'session-ended');
    for (const halo of two.halos) {
      await expectProblem(await halo.list(second), 'session-ended');
      await expectProblem(await halo.refresh(second.refreshToken), 'session-ended');
      await expectProblem(await halo.refresh(first.refreshToken), 'session-ended');
    }
    expect((await two.halo(turn).logIn(person)).id).toBe(person.id);
  }
});

const prefix = 'halort_';
const idBytes = 20;
const secretEnd = 52;

test('a refresh token that is forged for a known session ends nothing', async () => {
  const victim = await two.halos[0].signUp();
  const attacker = await two.halos[0].signUp();
  const bytesOf = ({ refreshToken }: Person) => Buffer.from(refreshToken.slice(prefix.length), 'base64url');
  const [theirs, own] = [bytesOf(victim), bytesOf(attacker)];
  const encode = (...parts: Uint8Array[]) => prefix + Buffer.concat(parts).toString('base64url');
  const ids = theirs.subarray(0, idBytes);
  const crc = (body: Buffer, seed: number) => {
    const seal = Buffer.alloc(4);
    seal.writeUInt32BE(crc32(body, seed));
    return seal;
  };
  const guesses = Array.from({ length: 200 }, () => encode(ids, randomBytes(32), randomBytes(4)));
  const body = Buffer.concat([ids, randomBytes(32)]);
  const forged = [
    ...guesses,
    encode(ids, own.subarray(idBytes)),
    encode(ids, theirs.subarray(idBytes, secretEnd), own.subarray(secretEnd)),
    encode(ids, randomBytes(32), theirs.subarray(secretEnd)),
    encode(body, crc(body, 0)),
    encode(body, crc(body, crc32(prefix))),
    encode(body, crc(body, crc32('halo_'))),
    encode(body, Buffer.alloc(4)),
  ];
  for (const [turn, token] of forged.entries()) {
    await expectProblem(await two.halo(turn).refresh(token), 'unauthenticated');
  }
  expect((await two.halos[1].list(victim)).status).toBe(200);
  // Proves that the bytes are taken apart and put together rightly.
  expect(encode(ids, theirs.subarray(idBytes))).toBe(victim.refreshToken);
  expect((await child(1, victim)).id).toBe(victim.id);
});
