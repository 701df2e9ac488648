// @ts-check
// `npm test`: installs what the tests need and runs every suite, one line each. `npm test NAME…` runs only the
// suites named. It ends with `N passed, N failed`, counting suites.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, installDependencies, root } from './install.mjs';
import { installSystemParts } from './install-system.mjs';

/**
 * Without what it wants, a suite runs and says itself what it could not check.
 * @typedef {{
 *   name: string,
 *   command: string[],
 *   needs?: import('./install-system.mjs').Part[],
 *   wants?: import('./install-system.mjs').Part[],
 * }} Suite
 */

/** @type {Suite[]} */
const suites = [
  { name: 'types', command: ['tsc', '-b'] },
  { name: 'lint', command: ['biome', 'check', '--error-on-warnings', '.'] },
  { name: 'unused', command: ['knip'] },
  { name: 'unit', command: ['vitest', 'run'] },
  { name: 'api', command: ['vitest', 'run', '--config', 'e2e/vitest.config.ts', 'e2e/api', 'e2e/compat'] },
  {
    name: 'clients',
    command: ['vitest', 'run', '--config', 'e2e/vitest.config.ts', 'e2e/client', 'e2e/cli'],
    // The chain of security events is tampered with where an operator could; the command line is typed into; and
    // what docs/migrating.md says is done to a Redis.
    needs: ['postgres15', 'terminal', 'redis'],
  },
  {
    name: 'consistency',
    command: ['vitest', 'run', '--config', 'e2e/vitest.config.ts', 'consistency'],
    needs: ['postgres15'],
  },
  {
    name: 'deploy',
    command: ['vitest', 'run', '--config', 'e2e/vitest.config.ts', 'e2e/deploy'],
    needs: ['nginx'],
  },
  {
    name: 'faults',
    command: ['vitest', 'run', '--config', 'e2e/faults/vitest.config.ts'],
    needs: ['postgres15'],
    wants: ['faketime'],
  },
  {
    name: 'browser',
    command: ['playwright', 'test', '--config', 'e2e/playwright.config.ts'],
    needs: ['chromium'],
  },
  { name: 'bench-smoke', command: ['node', 'bench/dist/run.js', '--smoke'] },
];

/** Far above what any suite takes on two slow cores: a suite that hangs must not hang everything. */
const suiteMsMax = 20 * 60_000;
const tailLines = 80;

installDependencies();
build();
const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(
    `There is no suite ${unknown.join(', ')}. There are: ${suites.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(1);
}
const wanted = suites.filter(({ name }) => chosen.length === 0 || chosen.includes(name));
const missing = installSystemParts(
  new Set(wanted.flatMap(({ needs = [], wants = [] }) => [...needs, ...wants])),
);
const logs = join(root, 'test-results');
mkdirSync(logs, { recursive: true });

let passed = 0;
let failed = 0;
for (const suite of wanted) {
  const reason = (suite.needs ?? []).map((need) => missing.get(need)).find((text) => text !== undefined);
  if (reason !== undefined) {
    // What could not be checked has not passed.
    failed += 1;
    console.log(`NOT RUN  ${suite.name}: ${reason}`);
    continue;
  }
  const started = performance.now();
  const log = join(logs, `${suite.name}.log`);
  const ok = await runSuite(suite, log);
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  const text = readFileSync(log, 'utf8');
  const flaky = flakyIn(text).map((test) => `; needed its second try: ${test}`);
  console.log(`${ok ? 'ok      ' : 'FAILED  '} ${suite.name} (${seconds} s)${flaky.join('')}`);
  if (ok) passed += 1;
  else {
    failed += 1;
    console.log(whatWentWrong(text));
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/**
 * The tests that Playwright lists as flaky, below their number.
 *
 * @param {string} text
 * @returns {string[]}
 */
function flakyIn(text) {
  const list = /^ +\d+ flaky\n((?: {4}.*\n)+)/mu.exec(text)?.[1] ?? '';
  return list.split('\n').flatMap((line) => line.replace(/ ─*$/u, '').trim() || []);
}

/**
 * The end of a suite's log, without the tests that passed: whoever sees only the first lines shall see the failure.
 *
 * @param {string} text
 * @returns {string}
 */
function whatWentWrong(text) {
  return text
    .split('\n')
    .filter((line) => !/^\s*[✓✔]/u.test(line))
    .slice(-tailLines)
    .join('\n');
}

/**
 * @param {Suite} suite
 * @param {string} log
 * @returns {Promise<boolean>}
 */
function runSuite({ command: [program = '', ...args] }, log) {
  const local = join(root, 'node_modules', '.bin', program);
  const output = openSync(log, 'w');
  const child = spawn(existsSync(local) ? local : program, args, {
    cwd: root,
    stdio: ['ignore', output, output],
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), suiteMsMax);
  return new Promise((resolve) => {
    child.on('error', () => resolve(false));
    child.on('exit', (code) => {
      clearTimeout(timer);
      resolve(code === 0);
    });
  });
}
