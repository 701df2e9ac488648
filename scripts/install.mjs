// @ts-check
// What both commands need before anything of ours can run: the dependencies of package-lock.json and a build of
// the present sources. Each is redone only when what it depends on has changed. Plain JavaScript, because
// nothing is installed yet when it starts.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const stamps = join(root, 'node_modules', '.halo');

/**
 * Installs the dependencies unless node_modules was made from this very lock file. `npm install` rather than
 * `npm ci`: the latter refuses a lock file without the binaries of other systems, which not every registry has.
 */
export function installDependencies() {
  const made = hashOf(['package-lock.json']);
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  once('installed', made, 'Installing dependencies', () => run('npm', args));
}

/** Builds server and console unless that was done from these very sources. */
export function build() {
  const rooms = ['contract', 'client', 'cli', 'server', 'console', 'e2e', 'bench'];
  const sources = rooms.flatMap((room) => filesBelow(room));
  const made = hashOf(['package-lock.json', 'tsconfig.base.json', 'tsconfig.json', ...sources]);
  once('built', made, 'Building', () => run('npm', ['run', 'build', '--silent']));
}

/**
 * @param {string} name
 * @param {string} made
 * @param {string} what
 * @param {() => void} make
 */
function once(name, made, what, make) {
  const stamp = join(stamps, name);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === made) return;
  const started = performance.now();
  console.log(`${what} …`);
  make();
  mkdirSync(stamps, { recursive: true });
  writeFileSync(stamp, made);
  console.log(`${what} took ${((performance.now() - started) / 1_000).toFixed(1)} s.`);
}

/**
 * Runs a command in the repository's root and ends the process if it fails.
 * @param {string} command
 * @param {string[]} args
 */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status === 0) return;
  console.error(`"${command} ${args.join(' ')}" failed${error ? `: ${error.message}` : ''}.`);
  process.exit(1);
}

/** @param {string[]} files */
function hashOf(files) {
  const hash = createHash('sha256').update(process.version);
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

const notSources = new Set(['node_modules', 'dist', 'bundle', 'test-results']);

/**
 * @param {string} folder
 * @returns {string[]}
 */
function filesBelow(folder) {
  return readdirSync(join(root, folder))
    .filter((name) => !notSources.has(name) && !name.startsWith('.') && !name.endsWith('.tsbuildinfo'))
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(join(root, path)).isDirectory() ? filesBelow(path) : [path];
    });
}
