import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const room = fileURLToPath(new URL('..', import.meta.url));

function run(command: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: room, encoding: 'utf8', input });
  expect(status, stderr).toBe(0);
  return stdout;
}

test('wire.ts is what the contract says', { timeout: 60_000 }, () => {
  const made = run(process.execPath, ['scripts/make-wire.mjs']);
  const biome = fileURLToPath(new URL('../../node_modules/.bin/biome', import.meta.url));
  // The same that `npm run wire` ends with; from standard input, no file of the tree is touched.
  const formatted = run(biome, ['check', '--write', '--stdin-file-path=src/wire.ts'], made);
  expect(formatted).toBe(readFileSync(`${room}/src/wire.ts`, 'utf8'));
});
