import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openProfiles, parseProfiles, profilesAreOpen } from './profiles.js';

let home = '';
const open = () => openProfiles({ XDG_CONFIG_HOME: home });

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'halo-profiles-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const profile = { url: 'http://localhost:5000', token: 'halo_x' };

test('a profile is kept, changed and removed, in a file of its owner alone', async () => {
  const profiles = open();
  expect(await profiles.read('default')).toBeUndefined();
  expect(await profilesAreOpen(profiles.path)).toBeUndefined();
  await profiles.update('default', () => profile);
  expect(await open().read('default')).toEqual(profile);
  expect((await stat(profiles.path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(profiles.path, '..'))).mode & 0o777).toBe(0o700);
  expect(await profilesAreOpen(profiles.path)).toBe(false);
  await profiles.update('default', () => undefined);
  expect(await profiles.names()).toEqual([]);
  expect(await readdir(join(profiles.path, '..'))).toEqual(['profiles.json']);
});

test('changes at once all arrive', async () => {
  const names = Array.from({ length: 8 }, (_, index) => `p${index}`);
  await Promise.all(names.map((name) => open().update(name, () => profile)));
  expect((await open().names()).sort()).toEqual(names);
});

test('the lock of a process that is gone is no obstacle, and a failed change frees it', async () => {
  const profiles = open();
  await profiles.update('a', () => profile);
  // No process has this id: it is above what Linux gives.
  await writeFile(`${profiles.path}.lock`, '4194305');
  await profiles.update('b', () => profile);
  await expect(profiles.update('c', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await profiles.update('d', () => profile);
  expect(await profiles.names()).toEqual(['a', 'b', 'd']);
});

test('a damaged file is told of and left alone', async () => {
  const profiles = open();
  await profiles.update('a', () => profile);
  await writeFile(profiles.path, '{"version":');
  await expect(profiles.read('a')).rejects.toThrow(/damaged.*halo login/);
  await expect(profiles.update('a', () => profile)).rejects.toThrow(/damaged/);
  expect(await readFile(profiles.path, 'utf8')).toBe('{"version":');
});

describe('refuses', () => {
  test.each([
    '{}',
    '[]',
    '{"version":2,"profiles":{}}',
    '{"version":1,"profiles":{"a":{}}}',
    '{"version":1,"profiles":{"a":{"url":"x","session":{}}}}',
  ])('%s', (text) => {
    expect(() => parseProfiles(text)).toThrow(SyntaxError);
  });
});

test('without XDG_CONFIG_HOME, or with a relative one, the home directory is used', () => {
  const path = '/home/ada/.config/halo/profiles.json';
  expect(openProfiles({ HOME: '/home/ada' }).path).toBe(path);
  expect(openProfiles({ HOME: '/home/ada', XDG_CONFIG_HOME: 'here' }).path).toBe(path);
});
