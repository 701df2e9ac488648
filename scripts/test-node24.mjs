// @ts-check
// `npm run test:node24 [SUITE…]`: what `npm test` does, on Node 24. Halo needs no more than Node 20, and should work
// on what came after it. That Node is an npm package, fetched into a temporary directory that goes with the run.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { root } from './install.mjs';

const version = '24.21.0';
const name = `node-${process.platform}-${process.arch}`;

// Ctrl+C reaches the tests as well. This waits for their end, and then takes the directory away.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
const directory = mkdtempSync(join(tmpdir(), 'halo-node24-'));
// A test of the image runs it as a user without rights.
chmodSync(directory, 0o755);
try {
  process.exitCode = test();
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** @returns {number} the exit code of the tests */
function test() {
  const options = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', directory];
  if (run('npm', ['install', ...options, `${name}@${version}`], process.env) !== 0) {
    // What could not be checked has not passed.
    console.log(
      `NOT RUN  node24: npm has no package ${name}@${version} for this system, or could not fetch it.`,
    );
    return 1;
  }
  const PATH = [join(directory, 'node_modules', name, 'bin'), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH };
  const isFound =
    run('node', ['--eval', `process.exit(process.version === 'v${version}' ? 0 : 1)`], env) === 0;
  if (!isFound) throw new Error(`"node" is not Node ${version}.`);
  console.log(`Testing on Node ${version}.`);
  return run('node', [join(root, 'scripts', 'test.mjs'), ...process.argv.slice(2)], env);
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
function run(command, args, env) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env });
  if (error) console.error(error.message);
  return status ?? 1;
}
