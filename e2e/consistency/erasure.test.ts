import { type Grant, operations } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { commitsOf } from '../commits.js';
import { expectJson, goodPassword, newName, personOf } from '../halo.js';
import { securityOf, withToken } from '../security.js';
import { until } from '../until.js';
import { startTwoServers } from './two-servers.js';

const two = await startTwoServers();
afterAll(() => two.stop());

/** Found nowhere but where the account is meant. */
const accountId = '730000000000001';
const marks = {
  key: 'recognisable-key',
  value: 'recognisable-value',
  metadata: 'recognisable-metadata',
  token: 'recognisable-token',
  device: 'recognisable-device',
  idempotency: 'recognisable-idempotency',
};
const trashKey = `${marks.key}/trash`;

const hex = (text: string) => Buffer.from(text).toString('hex');

/** The dump's lines that tell of the account or anything of it. */
async function traces(name: string): Promise<string[]> {
  const sought = [accountId, name, ...Object.values(marks), ...Object.values(marks).map(hex)];
  const lines = (await two.postgres.dump()).split('\n');
  return lines.filter((line) => sought.some((text) => line.includes(text)));
}

test('of a deleted account nothing is left in the database but that there was one', async () => {
  await two.postgres.query(`alter table accounts alter column id restart with ${accountId}`);
  const [one, other] = two.halos;
  const name = newName();
  const agent = { 'user-agent': marks.device };
  const signedUp = await one.post(operations.signUp.path, { name, password: goodPassword }, agent);
  const person = personOf(await expectJson<Grant>(signedUp, 201));
  expect(person.id).toBe(accountId);
  // The sequence itself shall not hold the number that is looked for.
  await one.signUp();
  const security = securityOf(one);
  const token = withToken(
    person,
    await security.createToken(person, { name: marks.token, prefix: marks.key }),
  );
  const headers = { 'halo-metadata': JSON.stringify({ mark: marks.metadata }) };
  for (let count = 0; count < 3; count += 1)
    await one.set(token, marks.key, `${marks.value} ${count}`, { headers });
  for (const key of [trashKey, `${trashKey} purged`]) {
    await one.set(person, key, marks.value, { query: 'ttl=3600' });
    await one.delete(person, key);
  }
  await one.purge(person, `${trashKey} purged`);
  const mutations = [{ add: { key: `${marks.key}/n`, by: '1' } }];
  await commitsOf(other).send(person, { idempotency_key: marks.idempotency, mutations });
  await one.refresh((await other.logIn(person)).refreshToken);
  // Counted requests are written down when a server stops.
  expect(await two.servers[0].terminate()).toBe(0);
  const before = await traces(name);
  const told = [
    'entries',
    'trash',
    'versions',
    'answers',
    'accounts',
    'stores',
    'sessions',
    'usage_days',
    'audit_events',
  ];
  for (const table of told) {
    const count = await two.postgres.query(
      `select count(*) from ${table} where ${table === 'accounts' ? 'id' : 'account_id'} = ${accountId}`,
    );
    expect([table, Number(count) > 0]).toEqual([table, true]);
  }
  expect(before.length).toBeGreaterThan(15);

  expect((await securityOf(other).deleteAccount(person)).status).toBe(204);
  await until('The erasure', async () => (await two.postgres.query('select count(*) from erasures')) === '0');
  const after = await traces(name);
  const [tombstone = '', ...rest] = after;
  expect(rest).toEqual([]);
  expect(tombstone).toContain('account-deleted');
  expect(tombstone.split('\t').filter((column) => column.includes(accountId))).toEqual([accountId]);
  console.log(
    `Lines of a dump that tell of an account: ${before.length} before its deletion, ${after.length} after.`,
  );
});
