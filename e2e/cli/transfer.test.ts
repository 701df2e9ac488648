import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCommandLine } from '../cli.js';
import { haloAt } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { until } from '../until.js';

const server = await startHalo();
const line = await openCommandLine({ HALO_URL: server.url });
const { halo } = line;
const backup = join(line.home, 'backup.ndjson');

beforeAll(async () => {
  const wire = haloAt(server.url);
  const person = await wire.signUp();
  const words = ['login', '--name', person.name, '--password-stdin'];
  expect(await halo(words, { input: `${person.password}\n` })).toMatchObject({ code: 0, errors: '' });
  for (const key of ['a', 'b/c', 'ü']) await wire.set(person, key, new Uint8Array([0, 255, 10]));
});

afterAll(async () => {
  await server.stop();
  await line.remove();
});

test('an export comes back whole, and a broken one is told of', async () => {
  expect(await halo(['export', '-o', backup])).toMatchObject({
    code: 0,
    text: '',
    errors: expect.stringMatching(/^3 keys exported, \d+ bytes\.\n$/),
  });
  expect((await readdir(line.home)).filter((name) => name.includes('.part'))).toEqual([]);
  expect(await halo(['import', backup])).toMatchObject({
    code: 1,
    errors: expect.stringMatching(/stopped at line 2: The key exists already/),
  });
  expect(await halo(['import', backup, '--on-conflict', 'skip'])).toMatchObject({
    code: 0,
    text: 'Imported: 0 keys, 3 skipped, 0 rejected.\n',
    // Where nobody looks on, nothing is written over.
    errors: '',
  });
  await halo(['rm', 'a', 'b/c', 'ü']);
  const back = await halo(['import', '-', '--json'], { input: await readFile(backup) });
  expect(JSON.parse(back.text.trim().split('\n').at(-1) ?? '')).toMatchObject({
    done: true,
    imported: 3,
    sha256_ok: true,
  });
  expect([...(await halo(['get', 'ü'])).output]).toEqual([0, 255, 10]);
  const part = await halo(['export', '--prefix', 'b/']);
  expect(part.text.trim().split('\n')).toHaveLength(3);
});

test('rejected lines are listed, and a file that was changed is told of', async () => {
  const text = (await readFile(backup, 'utf8')).replace(/"key":"a"/, '"key":"another"');
  const bad = await halo(['import', '-', '--on-conflict', 'replace'], {
    input: `${text}nonsense\n{"key":""}\n`,
  });
  expect(bad.code).toBe(1);
  expect(bad.errors).toMatch(/^line 6: .*\(invalid-request\)\nline 7.*\n/m);
  expect(bad.errors).toMatch(/checksum differs/);
  expect(bad.errors).toMatch(/2 lines were rejected; the others are done\.\n$/);
  expect((await halo(['import', join(line.home, 'none')])).errors).toMatch(/^ENOENT/);
});

/** A few turns of waiting make a part that is committed by itself. */
const linesAtOnce = 100;

test('Ctrl-C says how far an import got, and that is there', async () => {
  const importing = line.start(['import', '-', '--json', '--on-conflict', 'replace']);
  let entries = 0;
  const told = () => /"lines":([1-9]\d*)/.exec(importing.output().toString())?.[1];
  // The file goes on and on: what has come so far is committed, and told, now and then.
  await until('Progress', () => {
    for (const end = entries + linesAtOnce; entries < end; entries += 1) {
      importing.child.stdin?.write(`{"key":"slow/${entries}","value":"x"}\n`);
    }
    return told();
  });
  importing.child.kill('SIGINT');
  const run = await importing.ended();
  expect(run.code).toBe(130);
  const [, lines] = /up to line (\d+) is done and durable/.exec(run.errors) ?? [];
  const kept = (await halo(['ls', 'slow/', '--limit', '1000000'])).text.trim().split('\n');
  expect(kept.length).toBeGreaterThanOrEqual(Number(lines));
  expect(Number(lines)).toBeGreaterThan(0);
});
