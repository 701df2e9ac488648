import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCommandLine } from '../cli.js';
import { haloAt } from '../halo.js';
import { makeDataDirectory, removeDataDirectory, startHalo } from '../halo-server.js';
import { until } from '../until.js';

const data = await makeDataDirectory();
let server = await startHalo({ data });
const line = await openCommandLine({ HALO_URL: server.url });
const { halo } = line;

beforeAll(async () => {
  const person = await haloAt(server.url).signUp();
  const words = ['login', '--name', person.name, '--password-stdin'];
  expect(await halo(words, { input: `${person.password}\n` })).toMatchObject({ code: 0, errors: '' });
});

afterAll(async () => {
  await server.stop();
  await removeDataDirectory(data);
  await line.remove();
});

async function done(words: readonly string[], input: string | Uint8Array = ''): Promise<string> {
  const run = await halo(words, { input });
  expect({ words, code: run.code, errors: run.errors }).toEqual({ words, code: 0, errors: '' });
  return run.text;
}

async function refused(words: readonly string[], code: number, sentence: RegExp, input = ''): Promise<void> {
  const run = await halo(words, { input });
  expect({ code: run.code, errors: run.errors }).toEqual({ code, errors: expect.stringMatching(sentence) });
  expect(run.errors).toMatch(/^[^\n]+\n$/);
}

test('bytes come back as they were, from standard input and from files', async () => {
  const bytes = randomBytes(100_000);
  const [from, to] = [join(line.home, 'from.png'), join(line.home, 'to')];
  await writeFile(from, bytes);
  await done(['set', 'bytes/piped'], bytes);
  expect((await halo(['get', 'bytes/piped'])).output.equals(bytes)).toBe(true);
  await done(['set', 'bytes/file', '--file', from, '--meta', '{"by":"ada"}', '--ttl', '2h']);
  await done(['get', 'bytes/file', '-o', to]);
  expect((await readFile(to)).equals(bytes)).toBe(true);
  const facts = JSON.parse(await done(['get', 'bytes/file', '--json'])) as Record<string, unknown>;
  expect(facts).toMatchObject({ size: 100_000, content_type: 'image/png', metadata: { by: 'ada' } });
  expect(Date.parse(String(facts.expires_at)) - Date.now()).toBeGreaterThan(7_000_000);
  await done(['set', 'bytes/empty'], '');
  expect(await done(['get', 'bytes/empty'])).toBe('');
});

test('conditions hold, and keys may look like options', async () => {
  const { revision } = JSON.parse(await done(['set', 'if', 'one', '--create', '--json'])) as {
    revision: number;
  };
  await refused(['set', 'if', 'two', '--create'], 1, /revision.*\(request \S+\)/);
  await done(['set', 'if', 'two', '--if-revision', String(revision)]);
  await refused(['set', 'if', 'three', '--if-revision', String(revision)], 1, /Read the key again/);
  expect(await done(['get', 'if', '--revision', String(revision)])).toBe('one');
  await done(['set', '--', '-key', '--value']);
  expect(await done(['get', '--', '-key'])).toBe('--value');
  await done(['set', 'trial', 'x', '--dry-run']);
  await refused(['get', 'trial'], 4, /^There is no key "trial"\.$/m);
});

test('keys are listed flat, in full, as a tree, and as they were', async () => {
  for (const key of ['list/a/b', 'list/a/c', 'list/d']) await done(['set', key, 'x']);
  expect(await done(['ls', 'list/'])).toBe('list/a/b\nlist/a/c\nlist/d\n');
  expect(await done(['ls', 'list/', '--tree'])).toBe('list/\na/\n  b\n  c\nd\n');
  expect(await done(['ls', 'list/', '--long'])).toMatch(/^revision +size.*\n\d+ +1 .* list\/a\/b\n/);
  const rows = (await done(['ls', 'list/', '--json'])).trim().split('\n');
  expect(rows.map((row) => (JSON.parse(row) as { key: string }).key)).toEqual([
    'list/a/b',
    'list/a/c',
    'list/d',
  ]);
  expect(await halo(['ls', 'list/', '--limit', '2'])).toMatchObject({
    code: 0,
    text: 'list/a/b\nlist/a/c\n',
    errors: 'There are more keys than these 2.\n',
  });
  expect(await done(['ls', 'list/', '--at', '1'])).toBe('');
});

test('keys are deleted, by name and by prefix, and deletions undone', async () => {
  for (const key of ['rm/a', 'rm/b', 'rm/c/d']) await done(['set', key, 'x']);
  const partly = await halo(['rm', 'rm/a', 'rm/none']);
  expect(partly).toMatchObject({ code: 4, errors: 'There is no key "rm/none".\n' });
  await refused(['rm', '--prefix', 'rm/'], 2, /use --yes/);
  await refused(['rm', '--prefix', 'rm'], 2, /end with a slash/);
  const { revision, count } = JSON.parse(await done(['rm', '--prefix', 'rm/', '--yes', '--json'])) as {
    revision: number;
    count: number;
  };
  expect(count).toBe(2);
  expect(await done(['ls', 'rm/'])).toBe('');
  await done(['undo', String(revision)]);
  expect(await done(['ls', 'rm/'])).toBe('rm/b\nrm/c/d\n');
  expect(await done(['history', 'rm/b'])).toMatch(/ set .*\n\d+ .* delete .*\n\d+ .* set /);
  await refused(['rm', '--prefix', 'none/', '--yes'], 4, /no key/);
});

test('many changes are committed at once', async () => {
  const body = JSON.stringify({ mutations: [{ add: { key: 'visits', by: '2' } }] });
  expect(await done(['commit', '-'], body)).toMatch(/^1 change committed at revision \d+\.\n$/);
  expect(await done(['get', 'visits'])).toBe('2');
  await refused(['commit', '-'], 2, /is not JSON/, '{');
  await refused(['commit', '-'], 1, /\(request/, '{"mutations":[]}');
  await refused(['commit', join(line.home, 'none')], 1, /ENOENT/);
});

test('wrong usage is refused before anything is asked of the server', async () => {
  await refused(['set', 'k', 'v', '--ttl', '5'], 2, /30s, 5m, 2h or 7d/);
  await refused(['set', 'k', 'v', '--meta', '[]'], 2, /JSON object/);
  await refused(
    ['set', 'k', 'v', '--ttl', '5m', '--expires-at', '2040-01-01T00:00:00Z'],
    2,
    /cannot be used/,
  );
  await refused(['set', 'k', 'v', '--file', 'f'], 2, /not both/);
  await refused(['get'], 2, /Missing required argument/);
  await refused(['nonsense'], 2, /Unknown command/);
  await refused(['rm'], 2, /Name the keys/);
  await refused(['ls', '--url', 'junk'], 2, /takes a URL/);
  await refused(['history', 'never-there'], 4, /no such key|not/i);
});

test('a reader that leaves early is no failure', async () => {
  for (const key of ['pipe/a', 'pipe/b']) await done(['set', key, 'x']);
  const run = line.start(['ls', 'pipe/']);
  run.child.stdout?.destroy();
  expect(await run.ended()).toMatchObject({ code: 0, errors: '' });
});

test('watching goes on across a restart of the server, without gap or duplicate', {
  timeout: 90_000,
}, async () => {
  const { revision } = JSON.parse(await done(['set', 'watched/1', 'one', '--json'])) as { revision: number };
  const watching = line.start(['watch', 'watched/', '--since', String(revision - 1), '--values', '--json']);
  const seen = () =>
    watching
      .output()
      .toString()
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => (JSON.parse(text) as { changes: { value: string }[] }).changes[0]?.value);
  await until('The first change', () => seen().length === 1);
  await restart();
  await done(['set', 'watched/2', 'two']);
  await until('The second change', () => seen().length === 2, 30_000);
  expect(seen()).toEqual(['one', 'two']);
  watching.child.kill('SIGINT');
  expect((await watching.ended()).code).toBe(130);
});

/** Stops the server and starts another on the same port and data. */
async function restart(): Promise<void> {
  const { port } = server;
  await server.stop();
  server = await startHalo({ data, env: { PORT: String(port) } });
}
