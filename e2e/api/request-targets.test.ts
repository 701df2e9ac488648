import type { PutResult } from 'halo-contract';
import { expect, test } from 'vitest';
import { haloAt, type Person } from '../halo.js';
import { requestLines, sendRaw } from '../raw-socket.js';
import { sharedHalo } from '../shared-halo.js';

const server = sharedHalo();
const halo = haloAt(server.url);

/**
 * Other ways to write the target of `PUT /v1/keys/a/b`. Some are equivalent to it after RFC 9110 and may be
 * served, the rest may be refused: but no target may ever reach another key than the one it names.
 */
const targets = [
  'http://localhost/v1/keys/a/b',
  'HTTP://LOCALHOST/v1/keys/a/b',
  'https://elsewhere.example:8443/v1/keys/a/b',
  '/v1/%6Beys/a/b',
  '/%76%31/keys/a/b',
  '/v1%2Fkeys/a/b',
  '/v1/keys%2Fa/b',
  '//v1/keys/a/b',
  '/v1//keys/a/b',
  '/./v1/keys/a/b',
  '/v1/./keys/a/b',
  '/x/../v1/keys/a/b',
  '/V1/KEYS/a/b',
  '/v1/keys;x/a/b',
  '/v1;x/keys/a/b',
  'v1/keys/a/b',
  '*/v1/keys/a/b',
  '\\v1\\keys\\a\\b',
];

test.for(targets)('the target %s reaches the key a/b or none', async (target) => {
  const person = await halo.signUp();
  const body = await putAt(person, target);
  const { keys } = await halo.page(person);
  expect(keys.map(({ key }) => key)).toEqual(body.ok ? ['a/b'] : []);
  if (!body.ok) expect(body.status).toBeLessThan(500);
});

test('the target that these stand for reaches its key', async () => {
  const person = await halo.signUp();
  expect(await putAt(person, '/v1/keys/a/b')).toMatchObject({ ok: true, key: 'a/b' });
});

test('the absolute form that proxies send is understood, as RFC 9112 demands', async () => {
  const request = ['GET http://localhost/health/live HTTP/1.1', 'Host: localhost', 'Connection: close'];
  const [answer] = await sendRaw(server.port, requestLines(...request));
  expect([answer?.status, answer?.body]).toEqual([200, '{"status":"live"}']);
});

async function putAt(person: Person, target: string) {
  const [answer] = await sendRaw(
    server.port,
    `${requestLines(
      `PUT ${target} HTTP/1.1`,
      'Host: localhost',
      'Connection: close',
      `Authorization: Bearer ${person.accessToken}`,
      'Content-Length: 5',
    )}value`,
  );
  if (answer === undefined) throw new Error('There was no answer.');
  const ok = answer.status < 300;
  return { status: answer.status, ok, key: ok ? (JSON.parse(answer.body) as PutResult).key : undefined };
}
