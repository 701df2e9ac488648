// @ts-check
// Parts that npm does not carry: a browser, the PostgreSQL that Debian ships, and what makes it fail over. They are installed where that
// is possible without asking anybody: as root with apt-get, or Playwright's own browser elsewhere.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from './install.mjs';

/** @typedef {'chromium' | 'postgres15' | 'failover' | 'terminal' | 'redis' | 'nginx' | 'faketime'} Part */

/** Where Debian puts it on the machines that Halo is tested on. */
const faketimeLibraries = ['x86_64', 'aarch64'].map(
  (machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`,
);

/** @type {Record<Part, { packages: string[], present: () => boolean, otherwise?: () => boolean, remedy: string }>} */
const parts = {
  chromium: {
    packages: ['chromium-headless-shell'],
    present: () => existsSync('/usr/bin/chromium-headless-shell'),
    // The whole browser does the same, only slower.
    otherwise: () =>
      ['/usr/bin/chromium', '/usr/bin/chromium-browser'].some((path) => existsSync(path)) ||
      installPackages(['chromium']) ||
      runs(join(root, 'node_modules', '.bin', 'playwright'), ['install', 'chromium']),
    remedy:
      'Chromium is missing. Run "apt-get install chromium-headless-shell" or "npx playwright install chromium".',
  },
  nginx: {
    packages: ['nginx-light'],
    present: () => existsSync('/usr/sbin/nginx'),
    remedy: 'nginx is missing. Run "apt-get install nginx-light".',
  },
  postgres15: {
    packages: ['postgresql-15'],
    present: () => existsSync('/usr/lib/postgresql/15/bin/postgres'),
    remedy: 'PostgreSQL 15 is missing. Run "apt-get install postgresql-15".',
  },
  failover: {
    packages: ['patroni', 'etcd-server', 'python3-etcd', 'haproxy', 'iproute2'],
    // Patroni finds its store's client by itself, where Debian keeps the modules of Python.
    present: () =>
      [
        '/usr/bin/patroni',
        '/usr/bin/etcd',
        '/usr/lib/python3/dist-packages/etcd',
        '/usr/sbin/haproxy',
        '/sbin/ip',
      ].every((path) => existsSync(path)),
    remedy:
      'Patroni, etcd or HAProxy is missing. On Debian 12, run "apt-get install patroni etcd-server python3-etcd haproxy iproute2".',
  },
  // Shells to complete in, and util-linux's program that makes a terminal to type into.
  terminal: {
    packages: ['bash', 'zsh', 'fish', 'bsdutils'],
    present: () => ['bash', 'zsh', 'fish', 'script'].every(isProgram),
    remedy: 'A shell or "script" is missing. Run "apt-get install bash zsh fish bsdutils".',
  },
  redis: {
    packages: ['redis-server', 'redis-tools'],
    present: () => ['redis-server', 'redis-cli'].every(isProgram),
    remedy: 'Redis is missing. Run "apt-get install redis-server redis-tools".',
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

/** @param {string} name */
function isProgram(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}

/** @param {string[]} packages */
function installPackages(packages) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false;
  console.log(`Installing ${packages.join(', ')} …`);
  if (!updated) updated = runs('apt-get', ['update', '-qq']);
  return withoutStartingServices(() =>
    runs('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages]),
  );
}

/** Debian's packages start what they install, unless this program tells them not to. */
const policy = '/usr/sbin/policy-rc.d';

/** @param {() => boolean} install */
function withoutStartingServices(install) {
  if (existsSync(policy)) return install();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n');
  chmodSync(policy, 0o755);
  try {
    return install();
  } finally {
    rmSync(policy);
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function runs(command, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], env }).status === 0;
}
