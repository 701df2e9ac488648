// @ts-check
// Parts that npm does not carry: a browser, and the PostgreSQL that Debian ships. They are installed where that
// is possible without asking anybody: as root with apt-get, or Playwright's own browser elsewhere.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './install.mjs';

/** @typedef {'chromium' | 'postgres15' | 'faketime'} Part */

/** Where Debian puts it on the machines that Halo is tested on. */
const faketimeLibraries = ['x86_64', 'aarch64'].map(
  (machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`,
);

/** @type {Record<Part, { packages: string[], present: () => boolean, otherwise?: () => boolean, remedy: string }>} */
const parts = {
  chromium: {
    packages: ['chromium'],
    present: () => ['/usr/bin/chromium', '/usr/bin/chromium-browser'].some((path) => existsSync(path)),
    otherwise: () => runs(join(root, 'node_modules', '.bin', 'playwright'), ['install', 'chromium']),
    remedy: 'Chromium is missing. Run "apt-get install chromium" or "npx playwright install chromium".',
  },
  postgres15: {
    packages: ['postgresql-15'],
    present: () => existsSync('/usr/lib/postgresql/15/bin/postgres'),
    remedy: 'PostgreSQL 15 is missing. Run "apt-get install postgresql-15".',
  },
  faketime: {
    packages: ['libfaketime'],
    present: () => faketimeLibraries.some((path) => existsSync(path)),
    remedy: 'libfaketime is missing. Run "apt-get install libfaketime".',
  },
};

let updated = false;

/**
 * Installs what is missing.
 * @param {Set<Part>} wanted
 * @returns {Map<Part, string>} what could not be installed, with the reason
 */
export function installSystemParts(wanted) {
  const missing = new Map();
  for (const name of wanted) {
    const part = parts[name];
    if (part.present() || installPackages(part.packages) || part.otherwise?.() === true) continue;
    missing.set(name, part.remedy);
  }
  return missing;
}

/** @param {string[]} packages */
function installPackages(packages) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false;
  console.log(`Installing ${packages.join(', ')} …`);
  if (!updated) updated = runs('apt-get', ['update', '-qq']);
  return runs('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages]);
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function runs(command, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], env }).status === 0;
}
