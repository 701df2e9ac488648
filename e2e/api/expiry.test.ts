import type { Entry } from 'halo-contract';
import { expect, test } from 'vitest';
import { haloAt, type Person } from '../halo.js';
import { expectProblem } from '../problem.js';
import { sharedHalo } from '../shared-halo.js';
import { until } from '../until.js';

const server = sharedHalo();
const halo = haloAt(server.url);

/** Test and PostgreSQL read one clock, but not at one moment. */
const clockMsMax = 5_000;

test('a ttl counts from the write, to the millisecond, and shows in header and list alike', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'value', { query: 'ttl=3600.125' });
  const { updated_at, expires_at } = await entryOf(person, 'key');
  expect(Date.parse(expires_at ?? '') - Date.parse(updated_at)).toBe(3_600_125);
  expect((await halo.get(person, 'key')).headers.get('halo-expires-at')).toBe(expires_at);
  expect(Math.abs(Date.parse(updated_at) - Date.now())).toBeLessThan(clockMsMax);
});

test('expires_at is kept to the millisecond, in whichever zone it was written', async () => {
  const person = await halo.signUp();
  const written: readonly (readonly [string, string])[] = [
    ['2100-02-03T04:05:06Z', '2100-02-03T04:05:06.000Z'],
    ['2100-02-03T04:05:06.7Z', '2100-02-03T04:05:06.700Z'],
    ['2100-02-03t04:05:06.789z', '2100-02-03T04:05:06.789Z'],
    ['2100-02-03T04:05:06.789+05:30', '2100-02-02T22:35:06.789Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ];
  for (const [sent, kept] of written) {
    await halo.set(person, 'key', 'value', { query: `expires_at=${encodeURIComponent(sent)}` });
    expect((await halo.get(person, 'key')).headers.get('halo-expires-at')).toBe(kept);
  }
});

test('ttl=keep keeps the present expiry, and a write without it removes the expiry', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'first', { query: 'ttl=3600' });
  const { expires_at } = await entryOf(person, 'key');
  await halo.set(person, 'key', 'second', { query: 'ttl=keep' });
  expect((await entryOf(person, 'key')).expires_at).toBe(expires_at);
  await halo.set(person, 'key', 'third');
  expect((await entryOf(person, 'key')).expires_at).toBeNull();
  await halo.set(person, 'new', 'value', { query: 'ttl=keep' });
  expect((await entryOf(person, 'new')).expires_at).toBeNull();
});

test('a key is gone from every reader when its time comes, and can be created anew', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'value', { query: 'ttl=0.3' });
  await halo.set(person, 'other', 'value');
  const until404 = async () => (await halo.get(person, 'key')).status === 404;
  const { revision } = await entryOf(person, 'key');
  await until('The expiry', until404, 5_000);
  expect((await halo.head(person, 'key')).status).toBe(404);
  await expectProblem(await halo.get(person, 'key'), 'not-found');
  expect((await halo.page(person)).keys.map(({ key }) => key)).toEqual(['other']);
  await expectProblem(await halo.delete(person, 'key'), 'not-found');
  const replaced = await halo.put(person, 'key', 'x', { headers: { 'if-match': `"${revision}"` } });
  await expectProblem(replaced, 'precondition-failed', { revision: 0 });
  const created = await halo.put(person, 'key', 'again', { headers: { 'if-none-match': '*' } });
  expect(created.status).toBe(201);
  const { created_at, updated_at } = await entryOf(person, 'key');
  expect(created_at).toBe(updated_at);
  expect((await halo.account(person)).usage.keys).toBe(2);
});

test('a key does not go before its time', async () => {
  const person = await halo.signUp();
  await halo.set(person, 'key', 'value', { query: 'ttl=1' });
  const { expires_at } = await entryOf(person, 'key');
  const gone = await until('The expiry', async () => {
    const { status } = await halo.get(person, 'key');
    return status === 404 && Date.now();
  });
  expect(gone).toBeGreaterThanOrEqual(Date.parse(expires_at ?? ''));
});

test('an expiry in the past is refused', async () => {
  const person = await halo.signUp();
  for (const past of ['2001-01-01T00:00:00Z', '1969-12-31T23:59:59Z', '0001-01-01T00:00:00Z']) {
    const response = await halo.put(person, 'key', 'value', { query: `expires_at=${past}` });
    expect(response.status, past).toBe(400);
    expect(await response.json()).toMatchObject({ pointer: '/expires_at' });
  }
  await expectProblem(await halo.get(person, 'key'), 'not-found');
});

const malformed: readonly (readonly [query: string, pointer: string])[] = [
  ['ttl=3600&expires_at=2100-01-01T00:00:00Z', '/ttl'],
  ['ttl=0', '/ttl'],
  ['ttl=0.0001', '/ttl'],
  ['ttl=-1', '/ttl'],
  ['ttl=', '/ttl'],
  ['ttl=1e3', '/ttl'],
  ['ttl=0x10', '/ttl'],
  ['ttl=Infinity', '/ttl'],
  ['ttl=NaN', '/ttl'],
  ['ttl=1.2.3', '/ttl'],
  ['ttl=Keep', '/ttl'],
  ['ttl=999999999999', '/ttl'],
  ['ttl=99999999999999999999', '/ttl'],
  ['ttl=1&ttl=2', '/ttl'],
  ['expires_at=tomorrow', '/expires_at'],
  ['expires_at=2100-01-01', '/expires_at'],
  ['expires_at=2100-02-30T00:00:00Z', '/expires_at'],
  ['expires_at=2100-01-01T24:00:00Z', '/expires_at'],
  ['expires_at=2100-01-01T00:00:00', '/expires_at'],
  ['expires_at=2100-13-01T00:00:00Z', '/expires_at'],
  ['expires_at=10000-01-01T00:00:00Z', '/expires_at'],
  ['expires_at=2100-01-01T00:00:00.1234Z', '/expires_at'],
  ['expires_at=4102444800000', '/expires_at'],
];

test.for(malformed)('a PUT with ?%s is refused', async ([query, pointer]) => {
  const person = await halo.signUp();
  await expectProblem(await halo.put(person, 'key', 'value', { query }), 'invalid-request', { pointer });
  expect(await halo.account(person)).toMatchObject({ revision: 0 });
});

async function entryOf(person: Person, key: string): Promise<Entry> {
  const { keys } = await halo.page(person, { start: key, limit: '1' });
  const [entry] = keys;
  if (entry?.key !== key) throw new Error(`${key} is not listed.`);
  return entry;
}
