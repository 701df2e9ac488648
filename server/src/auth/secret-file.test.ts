import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StartError } from '../errors.js';
import { openSecretFile } from './secret-file.js';
import { deriveSecrets } from './secrets.js';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'halo-secret-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('openSecretFile', () => {
  test('makes a secret that only its owner can read, and keeps it', async () => {
    const path = join(directory, 'fresh');
    const secret = await openSecretFile(path);
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await openSecretFile(path)).toBe(secret);
    await expect(deriveSecrets([secret])).resolves.toHaveLength(1);
  });

  test('gives everyone who starts at once the same secret, and leaves no other file', async () => {
    const place = await mkdtemp(join(directory, 'race-'));
    const secrets = await Promise.all(
      Array.from({ length: 50 }, () => openSecretFile(join(place, 'secret'))),
    );
    expect(new Set(secrets).size).toBe(1);
    expect(await readdir(place)).toEqual(['secret']);
  });

  test('refuses a file that others can use', async () => {
    const path = join(directory, 'open');
    const secret = await openSecretFile(path);
    for (const mode of [0o640, 0o604, 0o620, 0o644, 0o666]) {
      await chmod(path, mode);
      const error: unknown = await openSecretFile(path).catch((refusal: unknown) => refusal);
      expect(error).toBeInstanceOf(StartError);
      expect(String(error)).not.toContain(secret);
    }
  });

  test('refuses a short, an empty and an oversize file, and leaves them as they are', async () => {
    for (const content of ['short', '', '\n'.repeat(64), 'x'.repeat(5_000)]) {
      const path = join(directory, `length-${content.length}`);
      await writeFile(path, content, { mode: 0o600 });
      await expect(openSecretFile(path)).rejects.toThrow(StartError);
      expect(await readFile(path, 'utf8')).toBe(content);
    }
  });

  test('refuses a directory and a place where nothing can be made', async () => {
    await mkdir(join(directory, 'folder'), { mode: 0o700 });
    await expect(openSecretFile(join(directory, 'folder'))).rejects.toThrow(StartError);
    await expect(openSecretFile(join(directory, 'missing', 'secret'))).rejects.toThrow(StartError);
  });
});
