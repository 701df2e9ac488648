import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type ImportEnd, ndjsonType, operations } from 'halo-contract';
import { afterAll, describe, expect, test } from 'vitest';
import { haloAt, type Person } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { longestKeys, peculiarKeys } from '../legal-keys.js';
import { expectProblem } from '../problem.js';
import { beginExport, beginImport, linesOf } from '../transfer.js';
import { until } from '../until.js';

const server = await startHalo();
const halo = haloAt(server.url);
afterAll(() => server.stop());

const MiB = 1024 * 1024;

async function exportOf(person: Person, query = ''): Promise<string> {
  const response = await halo.request('GET', `${operations.exportStore.path}${query}`, {
    token: person.accessToken,
  });
  expect(response.status).toBe(200);
  return response.text();
}

function send(person: Person, body: string, query = ''): Promise<Response> {
  const headers = { 'content-type': ndjsonType };
  const path = `${operations.importStore.path}${query}`;
  return halo.request('POST', path, { token: person.accessToken, headers, body });
}

/** All lines of the answer to an import. */
async function importInto(person: Person, body: string, query = ''): Promise<ImportEnd[]> {
  const response = await send(person, body, query);
  expect(response.status).toBe(200);
  return linesOf(await response.text()) as ImportEnd[];
}

/** The last line. */
async function ended(person: Person, body: string, query = ''): Promise<ImportEnd | undefined> {
  return (await importInto(person, body, query)).at(-1);
}

/** The entry lines but for the times of writing, which an import cannot keep, to the letter. */
function contentOf(exported: string): string[] {
  const entries = exported.split('\n').slice(1, -2);
  return entries.map((line) => line.replace(/"created_at":"[^"]*","updated_at":"[^"]*"/, ''));
}

const entry = (key: string, value = key) => `${JSON.stringify({ key, value })}\n`;
const numbered = (count: number, valueBytes = 0) =>
  Array.from({ length: count }, (_, index) =>
    entry(`key-${String(index).padStart(6, '0')}`, 'v'.repeat(valueBytes)),
  );

/** Values that together are far more than a connection's buffers hold. */
async function fillWithRandom(person: Person, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await halo.set(person, `large-${index}`, randomBytes(5 * MiB));
  }
}

describe('an export', () => {
  test('imported into another account is the same there, to the letter', async () => {
    const [from, to] = [await halo.signUp(), await halo.signUp()];
    for (const key of [...peculiarKeys, ...longestKeys]) await halo.set(from, key, key);
    const metadata = '{"big":9007199254740993, "a":1.10}';
    await halo.set(from, 'with metadata', 'x', { headers: { 'halo-metadata': metadata } });
    await halo.set(from, 'with expiry', 'x', { query: 'expires_at=2999-01-31T09:30:00.125Z' });
    await halo.set(from, 'with type', '<p>', { headers: { 'content-type': 'text/html; charset=x' } });
    await halo.set(from, 'empty', '');
    await halo.set(from, 'bytes', Buffer.from([0, 255, 10, 13]));
    await halo.set(from, 'text', 'a\0b\r\n\u2028"\\😀\ufeff');
    await halo.set(from, 'large', randomBytes(5 * MiB));
    // All of it has to be escaped, so that as text it would be six times as long.
    await halo.set(from, 'controls', Buffer.alloc(5 * MiB, 1));

    const exported = await exportOf(from);
    const end = await ended(to, exported);
    const keys = peculiarKeys.length + longestKeys.length + 8;
    expect(end).toMatchObject({ done: true, imported: keys, skipped: 0, failed: 0, sha256_ok: true });
    const again = await exportOf(to);
    expect(contentOf(again)).toEqual(contentOf(exported));
    expect(contentOf(again)).toHaveLength(keys);
    expect(exported).toContain(`"metadata":${metadata}`);
    const got = await halo.get(to, 'large');
    expect(Buffer.from(await got.arrayBuffer()).equals(await halo.read(from, 'large'))).toBe(true);
  });

  test('begins with its revision and ends with its length and checksum', async () => {
    const person = await halo.signUp();
    for (const key of ['b', 'a', 'c/1']) await halo.set(person, key, 'value');
    const lines = (await exportOf(person)).split('\n');
    expect(JSON.parse(lines[0] ?? '')).toEqual({ halo: 1, revision: 3, exported_at: expect.any(String) });
    const entries = lines.slice(1, 4).map((line) => `${line}\n`);
    expect(entries.map((line) => JSON.parse(line).key)).toEqual(['a', 'b', 'c/1']);
    const sha256 = createHash('sha256').update(entries.join('')).digest('hex');
    expect(JSON.parse(lines[4] ?? '')).toEqual({ end: true, keys: 3, sha256 });
    expect(lines.slice(5)).toEqual(['']);
    expect(linesOf(await exportOf(person, '?prefix=c/'))).toHaveLength(3);
    expect(linesOf(await exportOf(person, '?prefix=none'))).toHaveLength(2);
  });

  test('is one snapshot, whatever is written while it is read', async () => {
    const person = await halo.signUp();
    await fillWithRandom(person, 6);
    await halo.set(person, 'late', 'before');
    const download = await beginExport(server.url, person);
    await halo.set(person, 'late', 'after');
    await halo.set(person, 'later', 'after');
    await halo.delete(person, 'large-5');
    const { text, isWhole } = await download.rest();
    const [header, ...lines] = linesOf(text) as { key: string; value: string; revision: number }[];
    expect([isWhole, header?.revision]).toEqual([true, 7]);
    const keys = ['large-0', 'large-1', 'large-2', 'large-3', 'large-4', 'large-5', 'late', undefined];
    expect(lines.map(({ key }) => key).sort()).toEqual([...keys.slice(0, -1), undefined]);
    expect(lines.find(({ key }) => key === 'late')?.value).toBe('before');
  });

  test('breaks off when its session is logged out', async () => {
    const person = await halo.signUp();
    await fillWithRandom(person, 8);
    const download = await beginExport(server.url, person);
    await halo.logOut(person);
    const { text, isWhole } = await download.rest();
    expect([isWhole, text.includes('"end"')]).toEqual([false, false]);
    expect(text.length).toBeLessThan(8 * 5 * MiB);
  });
});

describe('an import', () => {
  test('stops at the first key that exists, unless told to skip or to replace', async () => {
    const person = await halo.signUp();
    await halo.set(person, 'b', 'mine');
    const file = [entry('a'), '\n', entry('b'), entry('c')].join('');
    expect(await ended(person, file)).toMatchObject({
      done: false,
      error: { line: 3, code: 'precondition-failed', pointer: '/key' },
      lines: 2,
      imported: 1,
      revision: 2,
    });
    expect((await halo.page(person)).keys.map(({ key }) => key)).toEqual(['a', 'b']);
    const skipped = await ended(person, file, '?on_conflict=skip');
    expect(skipped).toMatchObject({ done: true, lines: 4, imported: 1, skipped: 2, revision: 3 });
    expect((await halo.read(person, 'b')).toString()).toBe('mine');
    const replaced = await ended(person, file, '?on_conflict=replace');
    expect(replaced).toMatchObject({ done: true, imported: 3, skipped: 0, revision: 4 });
    expect((await halo.read(person, 'b')).toString()).toBe('b');
  });

  test('takes a key that comes twice as the rule for conflicts says', async () => {
    const file = `${entry('a', 'first')}${entry('a', 'second')}`;
    const outcomes = [];
    for (const rule of ['fail', 'skip', 'replace']) {
      const person = await halo.signUp();
      const end = await ended(person, file, `?on_conflict=${rule}`);
      outcomes.push([rule, end?.done, end?.lines, end?.imported, (await halo.read(person, 'a')).toString()]);
    }
    expect(outcomes).toEqual([
      ['fail', false, 1, 1, 'first'],
      ['skip', true, 2, 1, 'first'],
      ['replace', true, 2, 2, 'second'],
    ]);
  });

  test('tells which lines it refuses and takes the others', async () => {
    const person = await halo.signUp();
    const file = [
      '{"key":"good","value":"1"}',
      'not json',
      '{"key":"a\\u0000b","value":""}',
      '{"key":"k","value_base64":"%"}',
      '{"key":"k","value":"","metadata":[]}\r',
      '',
      '{"key":"k"}',
      '{"key":"k","value":"","owner":"1"}',
      '{"key":"k","value":"","content_type":"none"}',
      '{"key":"k","value":"","value":""}',
      '{"key":"over","value":"","expires_at":"2020-01-01T00:00:00Z"}',
      '{"key":"brief","value":"","ttl":60}',
    ].join('\n');
    const lines = await importInto(person, file);
    expect(lines.slice(0, -1).map(({ error }) => [error?.line, error?.code, error?.pointer])).toEqual([
      [2, 'invalid-request', undefined],
      [3, 'invalid-key', '/key'],
      [4, 'invalid-value', '/value_base64'],
      [5, 'invalid-request', '/metadata'],
      [7, 'invalid-request', ''],
      [8, 'invalid-request', '/owner'],
      [9, 'unsupported-media-type', undefined],
      [10, 'invalid-request', undefined],
    ]);
    expect(lines.at(-1)).toMatchObject({ done: true, lines: 12, imported: 2, skipped: 1, failed: 8 });
    expect((await halo.page(person)).keys.map(({ key }) => key)).toEqual(['brief', 'good']);
  });

  test('tells a hundred faults at most, and counts them all', async () => {
    const person = await halo.signUp();
    const lines = await importInto(person, 'wrong\n'.repeat(250));
    expect(lines).toHaveLength(101);
    expect(lines.at(-1)).toMatchObject({ done: true, lines: 250, failed: 250, imported: 0 });
  });

  test('notices a file that is truncated or was changed', async () => {
    const [from, to] = [await halo.signUp(), await halo.signUp()];
    for (const key of ['a', 'b', 'c']) await halo.set(from, key, 'value');
    const whole = await exportOf(from);
    const lines = whole.split('\n');
    const verdict = async (file: string) => (await ended(to, file, '?on_conflict=replace'))?.sha256_ok;
    expect(await verdict(whole)).toBe(true);
    expect(await verdict(whole.replaceAll('\n', '\r\n'))).toBe(true);
    expect(await verdict(lines.slice(0, 3).join('\n'))).toBe(false);
    expect(await verdict(lines.toSpliced(2, 1).join('\n'))).toBe(false);
    expect(await verdict(whole.replace('"value":"value"', '"value":"VALUE"'))).toBe(false);
    expect(await verdict(lines.slice(1, 4).join('\n'))).toBeNull();
    expect(await verdict(`${whole}${whole}`)).toBe(true);
  });

  test('with dry_run judges and changes nothing', async () => {
    const person = await halo.signUp();
    await halo.set(person, 'b', 'mine');
    const file = `${entry('a')}wrong\n${entry('b')}`;
    const dry = await ended(person, file, '?on_conflict=skip&dry_run=true');
    expect(dry).toMatchObject({ done: true, imported: 1, skipped: 1, failed: 1 });
    expect((await halo.account(person)).revision).toBe(1);
  });

  test('is made of commits that can be undone', async () => {
    const person = await halo.signUp();
    const end = await ended(person, `${entry('a')}${entry('b')}`);
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ revision: end?.revision });
    await halo.request('POST', operations.undo.path, { token: person.accessToken, headers, body });
    expect((await halo.page(person)).keys).toEqual([]);
  });

  test('that broke off is resumed by sending the file again', async () => {
    const [from, to] = [await halo.signUp(), await halo.signUp()];
    await importInto(from, numbered(3_000, 200).join(''));
    const file = await exportOf(from);
    const half = file.slice(0, file.lastIndexOf('\n', file.length / 2) + 1);
    const upload = beginImport(server.url, to);
    upload.sent.write(half);
    await until('Some progress', () => upload.answered().length > 0 || upload.sent.write('\n') === undefined);
    const [told] = upload.answered();
    upload.sent.destroy();
    await upload.over;
    expect(told?.imported).toBeGreaterThan(0);
    const { usage } = await halo.account(to);
    // What was told is durable; what was not, may be.
    expect(usage.keys).toBeGreaterThanOrEqual(told?.imported ?? 0);
    const end = await ended(to, file, '?on_conflict=skip');
    expect(end).toMatchObject({ done: true, skipped: expect.any(Number), sha256_ok: true });
    expect((end?.imported ?? 0) + (end?.skipped ?? 0)).toBe(3_000);
    expect(contentOf(await exportOf(to))).toEqual(contentOf(file));
  });

  test('ends when its session is logged out', async () => {
    const person = await halo.signUp();
    const upload = beginImport(server.url, person);
    upload.sent.write(numbered(600).join(''));
    await until('Some keys', async () => (await halo.page(person)).keys.length > 0);
    await halo.logOut(person);
    upload.sent.end(entry('late'));
    await upload.over;
    const end = upload.answered().at(-1);
    expect(end).toMatchObject({ done: false, error: { code: 'session-ended' }, lines: end?.imported });
    expect(end?.imported).toBeLessThanOrEqual(600);
    const again = await halo.logIn(person);
    expect((await halo.account(again)).usage.keys).toBe(end?.imported);
  });

  test('tells how far it came when the server stops', async () => {
    const stopping = await startHalo();
    try {
      const person = await haloAt(stopping.url).signUp();
      const upload = beginImport(stopping.url, person);
      upload.sent.write(numbered(600).join(''));
      const page = () => haloAt(stopping.url).page(person);
      await until('Some keys', async () => (await page()).keys.length > 0);
      const stopped = stopping.terminate();
      await upload.over;
      upload.sent.destroy();
      const end = upload.answered().at(-1);
      expect(end).toMatchObject({ done: false, error: { code: 'unavailable' }, lines: end?.imported });
      expect(end?.imported).toBeGreaterThanOrEqual(500);
      expect(await stopped).toBe(0);
    } finally {
      await stopping.stop();
    }
  });

  test('is refused before it begins when the request is wrong', async () => {
    const person = await halo.signUp();
    await expectProblem(await send(person, entry('a'), '?on_conflict=maybe'), 'invalid-request', {
      pointer: '/on_conflict',
    });
    const path = operations.importStore.path;
    const { accessToken: token } = person;
    const gzip = { 'content-type': ndjsonType, 'content-encoding': 'gzip' };
    const refused = await halo.request('POST', path, { token, headers: gzip, body: entry('a') });
    await expectProblem(refused, 'unsupported-media-type');
    await expectProblem(await halo.request('POST', path, { token }), 'unsupported-media-type');
    expect((await halo.page(person)).keys).toEqual([]);
  });
});

test('50,000 keys go in and out without the server growing by what they weigh', async () => {
  const [keys, valueBytes, growthMaxMiB] = [50_000, 6_000, 250];
  const person = await halo.signUp();
  const before = await residentMiB();
  const upload = beginImport(server.url, person);
  const lines = numbered(keys, valueBytes);
  for (let start = 0; start < keys; start += 1_000) {
    if (!upload.sent.write(lines.slice(start, start + 1_000).join(''))) await once(upload.sent, 'drain');
  }
  upload.sent.end();
  await upload.over;
  expect(upload.answered().at(-1)).toMatchObject({ done: true, imported: keys, failed: 0 });
  let bytes = 0;
  let tail = '';
  for await (const chunk of (await beginExport(server.url, person)).response) {
    bytes += (chunk as Buffer).length;
    tail = (chunk as Buffer).subarray(-200).toString();
  }
  expect(tail).toContain(`{"end":true,"keys":${keys},`);
  expect(bytes).toBeGreaterThan(growthMaxMiB * MiB);
  expect((await peakMiB()) - before).toBeLessThan(growthMaxMiB);
}, 180_000);

const residentMiB = () => statusMiB('VmRSS');
const peakMiB = () => statusMiB('VmHWM');

async function statusMiB(name: string): Promise<number> {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
  const [, kib] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status) ?? [];
  expect(kib).toBeDefined();
  return Number(kib) / 1024;
}
