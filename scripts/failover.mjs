// @ts-check
// `npm run test:failover`: Halo on a PostgreSQL that fails over. `npm run test:failover WORD` runs only the tests with
// that word in their name.
//
// The hosts of that PostgreSQL are network namespaces, and the whole run is in namespaces of its own besides: for
// mounts, processes and the network. Nothing of it can meet anything else on this machine, and the kernel takes all
// of it away, every process included, when its first process ends.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, installDependencies, root } from './install.mjs';
import { installSystemParts } from './install-system.mjs';

/** What the shell, which is the first process there, prepares; it also collects processes that lost their parent. */
const prologue = 'mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up && "$@"; exit $?';
const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];

const refusal = findRefusal();
if (refusal !== undefined) {
  // What could not be checked has not passed.
  console.log(`NOT RUN  failover: ${refusal}`);
  process.exit(1);
}
installDependencies();
build();
// Everything that the run writes is in here, and goes with it.
const directory = mkdtempSync(join(tmpdir(), 'halo-failover-'));
// PostgreSQL runs as another user, which has to reach its own directory below.
chmodSync(directory, 0o711);
const status = await run().finally(() => {
  // After Ctrl-C the kernel may still be ending processes that write there.
  rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
});
process.exit(status);

/** @returns {string | undefined} why nothing can be run here, with the remedy */
function findRefusal() {
  if (process.platform !== 'linux') return 'Its hosts are network namespaces, which only Linux has.';
  if (process.getuid?.() !== 0) return 'Making network namespaces takes root. Run it as root.';
  const missing = [...installSystemParts(new Set(['postgres15', 'failover'])).values()];
  if (missing.length > 0) return missing.join(' ');
  return undefined;
}

/** @returns {Promise<number>} the exit code of the tests */
function run() {
  const tests = ['vitest', 'run', '--config', 'e2e/failover/vitest.config.ts'];
  const chosen = process.argv.slice(2).flatMap((word) => ['-t', word]);
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', 'unshare', ...namespaces, 'sh', '-c', prologue, 'sh', ...tests, ...chosen],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        ...process.env,
        TMPDIR: directory,
        PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}`,
      },
    },
  );
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => child.kill('SIGKILL'));
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
