import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { operations } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { type Body, goodPassword, type Headers, haloAt, newName } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { expectProblem } from '../problem.js';

const server = await startHalo();
const halo = haloAt(server.url);
afterAll(() => server.stop());

const paths = [operations.signUp.path, operations.logIn.path, operations.refresh.path];
const send = (path: string, body: Body, headers: Headers = {}) =>
  halo.request('POST', path, { body, headers: { 'content-type': 'application/json', ...headers } });

const credentials = () => `"name":"${newName()}","password":"${goodPassword}"`;

const refused: readonly (readonly [what: string, body: Body])[] = [
  ['nothing', ''],
  ['blanks', '   '],
  ['null', 'null'],
  ['an array', '[]'],
  ['a string', '"name"'],
  ['a number', '1'],
  ['words', 'name=ada&password=x'],
  ['JSON that is cut off', `{${credentials()}`],
  ['two documents', `{${credentials()}}{}`],
  ['a trailing comma', `{${credentials()},}`],
  ['single quotes', "{'name':'ada'}"],
  ['a comment', `{/**/${credentials()}}`],
  ['NaN', '{"name":NaN}'],
  ['bytes that are not UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)],
  ['UTF-16', Uint8Array.from(Buffer.from(`{${credentials()}}`, 'utf16le'))],
  ['gzip', Uint8Array.from(gzipSync(`{${credentials()}}`))],
  ['a NUL behind it', `{${credentials()}}\0`],
  ['arrays 5,000 levels deep', '['.repeat(5_000) + ']'.repeat(5_000)],
  ['arrays 5,000 levels deep that never end', '['.repeat(5_000)],
  ['objects 2,000 levels deep', `${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}`],
  ['a deep member', `{${credentials()},"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`],
  ['__proto__', `{${credentials()},"__proto__":{"cookie":true}}`],
  ['__proto__ instead of members', '{"__proto__":{"name":"ada","password":"x"}}'],
  ['constructor.prototype', `{${credentials()},"constructor":{"prototype":{"cookie":true}}}`],
  ['a member twice', `{${credentials()},"cookie":false,"cookie":false}`],
  ['a member twice, once escaped', `{${credentials()},"cookie":false,"\\u0063ookie":false}`],
  ['a member in other letters', `{${credentials()},"Cookie":true}`],
  ['a cookie of "true"', `{${credentials()},"cookie":"true"}`],
  ['a cookie of 1', `{${credentials()},"cookie":1}`],
  ['a name that is a number past 2^53', '{"name":9007199254740993,"password":"x"}'],
  ['a name that is an infinite number', '{"name":1e999,"password":"x"}'],
  ['a name that is a list', '{"name":["ada"],"password":"x"}'],
  ['a name that is an object', '{"name":{"$ne":null},"password":{"$ne":null}}'],
  ['a name that is null', '{"name":null,"password":null}'],
];

for (const path of paths) {
  test.for(refused)(`${path} refuses %s as a body`, async ([, body]) => {
    await expectProblem(await send(path, body), 'invalid-request');
  });
}

const otherTypes: readonly string[] = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json\ta',
  'application/json a',
  'application/jsonx',
  'application/xml',
  'json',
  'text/plain, application/json',
];

test.for(otherTypes)('JSON that is declared as %j is not read', async (contentType) => {
  for (const path of paths) {
    const response = await send(path, `{${credentials()}}`, { 'content-type': contentType });
    await expectProblem(response, 'unsupported-media-type');
  }
});

test('JSON that is not declared is not read', async () => {
  for (const path of paths) {
    const response = await halo.request('POST', path, { body: `{${credentials()}}` });
    await expectProblem(response, 'unsupported-media-type');
  }
});

test('a body that is declared as compressed is not read', async () => {
  for (const encoding of ['gzip', 'br', 'deflate']) {
    const response = await send(operations.signUp.path, `{${credentials()}}`, {
      'content-encoding': encoding,
    });
    await expectProblem(response, 'unsupported-media-type');
  }
});

test('JSON is read under each way to declare it', async () => {
  for (const contentType of ['application/json', 'application/json; charset=utf-8', 'Application/JSON']) {
    const response = await send(operations.signUp.path, `{${credentials()}}`, {
      'content-type': contentType,
    });
    expect(response.status, contentType).toBe(201);
  }
});

test('a missing member is named', async () => {
  const cases = [
    ['{"password":"x"}', '/name'],
    ['{"name":"ada"}', '/password'],
    ['{"name":1,"password":"x"}', '/name'],
    ['{"name":"ada","password":"x","a/b~c":1}', '/a~1b~0c'],
  ] as const;
  for (const [body, pointer] of cases) {
    await expectProblem(await send(operations.logIn.path, body), 'invalid-request', { pointer });
  }
  await expectProblem(await send(operations.refresh.path, '{}'), 'invalid-request', {
    pointer: '/refresh_token',
  });
});

test('a refusal repeats nothing of what was sent', async () => {
  const secret = 'correct horse battery staple';
  for (const body of [
    `{"name":"ada","password":"${secret}","extra":1}`,
    `{"name":1,"password":"${secret}"}`,
    `{"name":"ada","password":["${secret}"]}`,
    `{"name":"${secret}","password":"x"}`,
    `{"name":"ada","password":"${secret}"`,
  ]) {
    expect(await (await send(operations.signUp.path, body)).text()).not.toContain('horse');
  }
  expect(server.output()).not.toContain('horse');
});

test('nothing random makes the server fail', async () => {
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Uint8Array.from(bytes)),
    fc.json({ maxDepth: 5 }),
    fc
      .record({ name: fc.jsonValue(), password: fc.jsonValue(), cookie: fc.jsonValue() })
      .map((value) => JSON.stringify(value)),
    fc.record({ refresh_token: fc.string({ unit: 'binary' }) }).map((value) => JSON.stringify(value)),
  );
  const property = fc.asyncProperty(fc.constantFrom(...paths), bodies, async (path, body) => {
    const { status } = await send(path, body);
    expect(status).toBeLessThan(500);
  });
  await fc.assert(property, { numRuns: 300 });
});

test('nothing random in a path or a query makes the server fail', async () => {
  const { accessToken: token } = await halo.signUp();
  const urlText = fc.string({ unit: fc.constantFrom(...'%25/.?&=+;:@~a0Ff\\é🙂#'), maxLength: 40 });
  const property = fc.asyncProperty(
    urlText,
    fc.constantFrom('GET', 'PUT', 'DELETE', 'POST'),
    async (text, method) => {
      for (const path of [`/v1/keys/${text}`, `/v1/keys?${text}`, `/v1/${text}`, `/${text}`]) {
        const { status } = await halo.request(method, encodeURI(path).replaceAll('%25', '%'), { token });
        expect(status).toBeLessThan(500);
      }
    },
  );
  await fc.assert(property, { numRuns: 150 });
});

test('after all this the server signs people up and has met no defect', async () => {
  const person = await halo.signUp();
  expect(await halo.account(person)).toMatchObject({ revision: 0, usage: { keys: 0, bytes: 0 } });
  expect(server.output()).not.toContain('"internal"');
});
