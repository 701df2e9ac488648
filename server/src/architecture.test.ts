import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/**
 * The table of ARCHITECTURE.md and the rules of shape as a failing test. Every rule is a function from sources to
 * violations, which is also fed with sources made up to break it: a check that cannot fail would be a defect.
 */
interface Source {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

/** An arrow from one file to another file, or to a package or a module of Node. */
interface Arrow extends Import {
  readonly from: string;
  /** A path of this repository, or the specifier itself. */
  readonly to: string;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const places = ['contract/src', 'client/src', 'cli/src', 'server/src', 'console/src', 'e2e', 'bench'];
const skipped = new Set(['node_modules', 'dist', 'test-results', 'playwright-report']);

function readSources(directory: string): Source[] {
  return readdirSync(root + directory, { withFileTypes: true }).flatMap((entry) => {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : readSources(path);
    return /\.tsx?$/.test(entry.name) ? [{ path, text: readFileSync(root + path, 'utf8') }] : [];
  });
}

const sources = places.flatMap(readSources);
const isTest = (path: string): boolean => /\.(test|spec)\.tsx?$/.test(path);
/** What tests share: it may use Vitest, and no code that ships may use it. */
const isTestSupport = (path: string): boolean =>
  path.startsWith('server/') && /\/test-[\w-]+\.ts$/.test(path);

const names = String.raw`[\w$*\s{},]`;
const statement = new RegExp(
  String.raw`^[ \t]*(?:import|export)\b(?<type>\s+type\b(?!\s*(?:,|from\b)))?${names}*?\bfrom\s*['"](?<from>[^'"]+)['"]`,
  'gm',
);
const sideEffect = /^[ \t]*import\s*['"](?<from>[^'"]+)['"]/gm;
const dynamic = /\bimport\s*\(\s*['"`](?<from>[^'"`]+)['"`]/g;

/** What a file imports. `import { type A }` counts as a real import: it keeps its side effects. */
function importsOf({ text }: Source): Import[] {
  return [statement, sideEffect, dynamic].flatMap((form) =>
    [...text.matchAll(form)].map(({ groups }) => ({
      specifier: groups?.from ?? '',
      typeOnly: groups?.type !== undefined,
    })),
  );
}

const workspaces: Readonly<Record<string, string>> = {
  'halo-contract': 'contract/src/index.ts',
  'halo-client': 'client/src/index.ts',
  'halo-server': 'server/src/main.ts',
  'halo-console': 'console/src/main.tsx',
};

function arrowsOf(all: readonly Source[]): Arrow[] {
  const known = new Set(all.map(({ path }) => path));
  return all.flatMap((source) =>
    importsOf(source)
      .filter(({ specifier }) => !specifier.endsWith('.css'))
      .map((found) => ({ ...found, from: source.path, to: targetOf(source.path, found.specifier, known) })),
  );
}

function targetOf(from: string, specifier: string, known: ReadonlySet<string>): string {
  if (!specifier.startsWith('.')) return workspaces[packageOf(specifier)] ?? specifier;
  const stem = posix.join(posix.dirname(from), specifier).replace(/\.jsx?$/, '');
  const target = [`${stem}.ts`, `${stem}.tsx`, stem].find((path) => known.has(path));
  // A file that this test does not see would be an arrow that it does not check.
  return target ?? `${stem} (missing)`;
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

type Room =
  | 'contract'
  | 'client'
  | 'cli'
  | 'errors'
  | 'config'
  | 'package-root'
  | 'database'
  | 'auth'
  | 'engine'
  | 'http'
  | 'operator'
  | 'observability'
  | 'top'
  | 'console'
  | 'e2e'
  | 'bench'
  | 'package'
  | 'unknown';

function roomOf(path: string): Room {
  if (!places.some((place) => path.startsWith(`${place}/`)))
    return path.includes('(missing)') ? 'unknown' : 'package';
  if (path.includes('(missing)')) return 'unknown';
  const [first, , third = ''] = path.split('/');
  const outside = ['contract', 'client', 'cli', 'console', 'e2e', 'bench'] as const;
  const place = outside.find((name) => name === first);
  if (place !== undefined) return place;
  const rooms = ['database', 'auth', 'engine', 'http', 'operator', 'observability'] as const;
  const room = rooms.find((name) => name === third);
  if (room !== undefined) return room;
  if (third === 'errors.ts') return 'errors';
  if (third === 'config.ts') return 'config';
  if (third === 'package-root.ts') return 'package-root';
  return ['main.ts', 'workers.ts', 'serve.ts', 'admin.ts'].includes(third) ? 'top' : 'unknown';
}

interface Allowance {
  readonly rooms: readonly Room[];
  /** Rooms of which only types may be used. */
  readonly types?: readonly Room[];
  /** Packages and modules of Node; undefined allows any. */
  readonly packages?: readonly RegExp[];
  /** Packages that are another room's business. */
  readonly banned?: readonly RegExp[];
}

const sqlDrivers = [/^pg$/, /^kysely$/];

/** Rooms may always import themselves. */
const table: Readonly<Record<Exclude<Room, 'package' | 'unknown'>, Allowance>> = {
  contract: { rooms: [], packages: [/^typebox$/] },
  // What it knows of the contract is in wire.ts, so that it installs alone.
  client: { rooms: [], packages: [] },
  errors: { rooms: ['contract'], packages: [] },
  config: { rooms: ['contract', 'errors'] },
  'package-root': { rooms: [], packages: [/^node:/] },
  observability: { rooms: ['contract', 'errors'], banned: sqlDrivers },
  database: { rooms: ['errors', 'package-root'], types: ['config'] },
  auth: { rooms: ['database', 'contract', 'errors', 'observability'], banned: [/^fastify$/] },
  engine: { rooms: ['database', 'contract', 'errors', 'observability'], banned: [/^fastify$/] },
  http: {
    rooms: ['auth', 'engine', 'contract', 'errors', 'observability'],
    // `Database` is passed through to auth, and `Credential` from auth to the engine.
    types: ['database'],
    banned: sqlDrivers,
  },
  operator: {
    rooms: ['config', 'package-root', 'database', 'auth', 'contract', 'errors'],
    banned: [/^fastify$/, ...sqlDrivers],
  },
  top: {
    rooms: [
      'config',
      'package-root',
      'database',
      'auth',
      'engine',
      'http',
      'operator',
      'observability',
      'contract',
      'errors',
    ],
  },
  console: { rooms: ['contract', 'client'], banned: [/^node:/, /^fastify$/, ...sqlDrivers] },
  e2e: { rooms: ['contract', 'client'] },
  // `halo serve` and `halo admin` start what the server package exports.
  cli: { rooms: ['client', 'top', 'operator'] },
  bench: { rooms: ['contract'] },
};

function forbiddenArrows(all: readonly Source[]): string[] {
  return arrowsOf(all)
    .filter(({ from }) => !isTest(from) || /^(e2e|bench)\//.test(from))
    .filter((arrow) => !isAllowed(arrow))
    .map(describeArrow);
}

function isAllowed({ from, to, specifier, typeOnly }: Arrow): boolean {
  const room = roomOf(from);
  const target = roomOf(to);
  if (room === 'unknown' || room === 'package' || target === 'unknown') return false;
  if (isTestSupport(to) && !isTestSupport(from)) return false;
  const { rooms, types = [], packages, banned = [] } = table[room];
  if (target !== 'package')
    return target === room || rooms.includes(target) || (typeOnly && types.includes(target));
  const name = packageOf(specifier);
  if (/^vitest$/.test(name)) return isTest(from) || isTestSupport(from) || room === 'e2e' || room === 'bench';
  if (banned.some((pattern) => pattern.test(name))) return false;
  return packages === undefined || packages.some((pattern) => pattern.test(name));
}

const describeArrow = ({ from, to, typeOnly }: Arrow): string => `${from} → ${typeOnly ? 'type ' : ''}${to}`;

/** A screen of the console may use what all share, never another screen; what all share uses no screen. */
function featureArrows(all: readonly Source[]): string[] {
  const featureOf = (path: string): string | undefined =>
    /^console\/src\/features\/([^/]+)\//.exec(path)?.[1];
  const shared = /^console\/src\/(?:ui|session|live)\/|^console\/src\/explain\.ts$/;
  return arrowsOf(all)
    .filter(({ from, to }) => {
      const target = featureOf(to);
      if (target === undefined) return false;
      return shared.test(from) || (featureOf(from) !== undefined && featureOf(from) !== target);
    })
    .map(describeArrow);
}

/** Each cycle as the path around it, found by depth-first search. */
function cycles(all: readonly Source[]): string[] {
  const next = new Map<string, string[]>(all.map(({ path }) => [path, []]));
  for (const { from, to } of arrowsOf(all)) if (next.has(to)) next.get(from)?.push(to);
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const seen = trail.indexOf(path);
    if (seen !== -1) found.push([...trail.slice(seen), path].join(' → '));
    if (seen !== -1 || done.has(path)) return;
    for (const target of next.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of all) visit(path, []);
  return found;
}

const bannedNames = new Set(['utils', 'helpers', 'common', 'misc', 'manager', 'service', 'types', 'lib']);
const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*$/;

function badNames(all: readonly Source[]): string[] {
  return all
    .map(({ path }) => path)
    .filter((path) => {
      const stem = posix.basename(path).replace(/(\.(test|spec|config|setup|d))*\.tsx?$/, '');
      return bannedNames.has(stem) || bannedNames.has(`${stem}s`) || !kebabCase.test(stem);
    });
}

const linesMax = 400;
const testLinesMax = 600;

/** Made by a program, and read by nobody. */
const made = new Set(['client/src/wire.ts']);

function longFiles(all: readonly Source[]): string[] {
  return all
    .filter(({ path }) => !made.has(path))
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ path, lines }) => lines > (isTest(path) ? testLinesMax : linesMax))
    .map(({ path, lines }) => `${path} has ${lines} lines`);
}

/** The lines of a file that are not comments. */
function codeOf({ text }: Source): string {
  return text
    .split('\n')
    .filter((line) => !/^\s*(?:\/\/|\/?\*)/.test(line))
    .join('\n');
}

function environmentReaders(all: readonly Source[]): string[] {
  return all
    .filter(({ path }) => path.startsWith('server/src/') && !isTest(path))
    .filter(({ path }) => !/^server\/src\/(?:serve|admin|config)\.ts$/.test(path))
    .filter((source) =>
      /\bprocess\s*(?:\?\.|\.)\s*env\b|\bprocess\[|\benv\b[^;]*\bfrom 'node:process'/.test(codeOf(source)),
    )
    .map(({ path }) => path);
}

function evasions(all: readonly Source[]): string[] {
  return all.flatMap((source) => {
    const code = codeOf(source);
    const found = [
      [/(?:\bas|:|<)\s*any\b(?!\s+\w)/, code, 'any'],
      [/@ts-(?:ignore|nocheck)/, source.text, 'a suppressed type error'],
      [/\b(?:it|test|describe|suite)\.(?:\w+\.)*only\b/, code, 'a test that shuts out all others'],
    ] as const;
    return found
      .filter(([pattern, text]) => pattern.test(text))
      .map(([, , what]) => `${source.path}: ${what}`);
  });
}

/** Re-exports hide where a thing lives. What is installed has one face each, and those are the only ones. */
const faces = new Set(['contract/src/index.ts', 'client/src/index.ts']);

function barrels(all: readonly Source[]): string[] {
  return all
    .filter(({ path }) => !faces.has(path))
    .filter((source) => /^\s*export\s*\*|^\s*export\b[\w\s{},]*\bfrom\s*['"]/m.test(codeOf(source)))
    .map(({ path }) => path);
}

describe('the sources', () => {
  test.each(['contract/src/', 'server/src/http/routes/', 'console/src/features/', 'e2e/'])(
    'are found below %s',
    (place) => {
      expect(sources.some(({ path }) => path.startsWith(place))).toBe(true);
    },
  );

  test('import only what the table of ARCHITECTURE.md allows', () => {
    expect(forbiddenArrows(sources)).toEqual([]);
  });

  test('of one feature of the console import none of another', () => {
    expect(featureArrows(sources)).toEqual([]);
  });

  test('import each other in no circle', () => {
    expect(cycles(sources)).toEqual([]);
  });

  test('are named for what they hold, in kebab case', () => {
    expect(badNames(sources)).toEqual([]);
  });

  test(`have at most ${linesMax} lines, tests at most ${testLinesMax}`, () => {
    expect(longFiles(sources)).toEqual([]);
  });

  test('read the environment in config.ts only, which serve.ts and admin.ts hand it to', () => {
    expect(environmentReaders(sources)).toEqual([]);
  });

  test('evade neither the type checker nor the other tests', () => {
    expect(evasions(sources)).toEqual([]);
  });

  test('re-export nothing, but for the faces of what is installed', () => {
    expect(barrels(sources)).toEqual([]);
  });
});

describe('the rules report', () => {
  const file = (path: string, ...lines: string[]): Source => ({ path, text: `${lines.join('\n')}\n` });
  const others = [
    'contract/src/index.ts',
    'server/src/main.ts',
    'server/src/config.ts',
    'server/src/errors.ts',
    'server/src/database/database.ts',
    'server/src/database/test-database.ts',
    'server/src/auth/tokens.ts',
    'server/src/engine/engine.ts',
    'server/src/http/app.ts',
    'console/src/ui/bytes.ts',
    'console/src/explain.ts',
    'console/src/features/keys/key-row.tsx',
    'console/src/features/auth/log-in-page.tsx',
    'e2e/halo.ts',
  ].map((path) => file(path));
  const reportOf = (rule: (all: readonly Source[]) => string[], path: string, ...lines: string[]): string[] =>
    rule([...others.filter((other) => other.path !== path), file(path, ...lines)]);

  test.each([
    ['contract/src/key.ts', "import { readFile } from 'node:fs/promises';"],
    ['contract/src/key.ts', "import fc from 'fast-check';"],
    ['contract/src/key.ts', "import { HaloError } from '../../server/src/errors.js';"],
    ['server/src/errors.ts', "import { readConfig } from './config.js';"],
    ['server/src/database/pools.ts', "import { readConfig } from '../config.js';"],
    ['server/src/database/pools.ts', "import { limits } from 'halo-contract';"],
    ['server/src/database/pools.ts', "import type { Tokens } from '../auth/tokens.js';"],
    ['server/src/database/pools.ts', "import { inject } from 'vitest';"],
    ['server/src/database/pools.ts', "import { createTestDatabase } from './test-database.js';"],
    ['server/src/auth/sessions.ts', "import type { Engine } from '../engine/engine.js';"],
    ['server/src/auth/sessions.ts', "import type { FastifyRequest } from 'fastify';"],
    ['server/src/engine/reader.ts', "import type { Tokens } from '../auth/tokens.js';"],
    ['server/src/engine/reader.ts', "import { createApp } from '../http/app.js';"],
    ['server/src/engine/reader.ts', "import { startServer } from '../main.js';"],
    ['server/src/operator/commands.ts', "import { sql } from 'kysely';"],
    ['server/src/operator/commands.ts', "import { createEngine } from '../engine/engine.js';"],
    ['server/src/auth/sessions.ts', "import { runAdmin } from '../operator/run.js';"],
    ['server/src/http/app.ts', "import { openDatabase } from '../database/database.js';"],
    ['server/src/http/app.ts', "import { type Database } from '../database/database.js';"],
    ['server/src/http/app.ts', "import { sql } from 'kysely';"],
    ['server/src/http/app.ts', "import type pg from 'pg';"],
    ['server/src/http/app.ts', "import { readConfig } from '../config.js';"],
    ['server/src/http/app.ts', "import './nowhere.js';"],
    ['server/src/elsewhere/a.ts', "import { limits } from 'halo-contract';"],
    ['console/src/app.tsx', "import { HaloError } from '../../server/src/errors.js';"],
    ['console/src/app.tsx', "import { startServer } from 'halo-server';"],
    ['console/src/app.tsx', "import { readFile } from 'node:fs/promises';"],
    ['console/src/app.tsx', "import { signUp } from '../../e2e/halo.js';"],
    ['e2e/api/keys.test.ts', "import { createEngine } from '../../server/src/engine/engine.js';"],
    ['e2e/api/keys.test.ts', "import { startServer } from 'halo-server';"],
    ['e2e/crash.ts', "const engine = await import('../server/src/engine/engine.js');"],
    ['bench/run.ts', "import { createEngine } from '../server/src/engine/engine.js';"],
    ['bench/run.ts', "import { createEngine } from '../server/dist/engine/engine.js';"],
  ])('the forbidden arrow of %s: %s', (path, line) => {
    expect(reportOf(forbiddenArrows, path, line)).toHaveLength(1);
  });

  test.each([
    ['contract/src/key.ts', "import { Type } from 'typebox';"],
    ['server/src/database/pools.ts', "import type { Config } from '../config.js';"],
    ['server/src/auth/sessions.ts', "import { openDatabase } from '../database/database.js';"],
    ['server/src/operator/commands.ts', "import { openDatabase } from '../database/database.js';"],
    ['server/src/operator/commands.ts', "import { readConfig } from '../config.js';"],
    ['server/src/http/app.ts', "import type { Database } from '../database/database.js';"],
    ['server/src/http/app.test.ts', "import { createTestDatabase } from '../database/test-database.js';"],
    ['console/src/app.tsx', "import './ui/base.css';"],
    ['console/src/app.tsx', "import { HaloError } from 'halo-client';"],
    ['e2e/api/keys.test.ts', "import { limits } from 'halo-contract';"],
  ])('nothing where %s may have %s', (path, line) => {
    expect(reportOf(forbiddenArrows, path, line)).toEqual([]);
  });

  test.each([
    "import { a } from './b.js';",
    "import type { A } from './b.js';",
    "import a, { type B } from './b.js';",
    "import * as a from './b.js';",
    "import {\n  a,\n  type B,\n} from './b.js';",
    "import './b.js';",
    'import { a } from "./b.js";',
    "export * from './b.js';",
    "export { a as b } from './b.js';",
    "export type { A } from './b.js';",
    "const { a } = await import('./b.js');",
    "type A = import('./b.js').A;",
    "import type from './b.js';",
  ])('an import in the form %j', (text) => {
    expect(importsOf({ path: 'a.ts', text })).toEqual([
      { specifier: './b.js', typeOnly: /^(import|export) type \{/.test(text) },
    ]);
  });

  test('no import in a comment, a text or a declaration', () => {
    const text =
      "/** import a from 'b' */\n// import 'b'\nexport const from = 'b';\nconst c = \"import('\";\n";
    expect(importsOf({ path: 'a.ts', text })).toEqual([]);
  });

  test.each([
    ['console/src/features/keys/a.tsx', "import { LogInPage } from '../auth/log-in-page.js';"],
    ['console/src/ui/a.tsx', "import { KeyRow } from '../features/keys/key-row.js';"],
    ['console/src/explain.ts', "import type { KeyRow } from './features/keys/key-row.js';"],
  ])('the arrow of %s to a feature: %s', (path, line) => {
    expect(reportOf(featureArrows, path, line)).toHaveLength(1);
  });

  test('circles of two files, of three, of one, and of types alone', () => {
    const a = (to: string) => file('server/src/engine/a.ts', `import type { X } from './${to}.js';`);
    const b = (to: string) => file('server/src/engine/b.ts', `export * from './${to}.js';`);
    const c = (to: string) => file('server/src/engine/c.ts', `await import('./${to}.js');`);
    expect(cycles([a('b'), b('a')])).toHaveLength(1);
    expect(cycles([a('b'), b('c'), c('a')])).toHaveLength(1);
    expect(cycles([a('a')])).toHaveLength(1);
    expect(cycles([a('b'), b('c'), c('c')])).toEqual(['server/src/engine/c.ts → server/src/engine/c.ts']);
    expect(cycles([a('b'), b('c'), file('server/src/engine/c.ts')])).toEqual([]);
  });

  test.each([
    ...bannedNames,
    'helper',
    'util',
    'types.test',
    'utils.spec',
    'camelCase',
    'Capital',
    'snake_case',
  ])('a file named %s', (name) => {
    expect(
      badNames([file(`server/src/engine/${name}.ts`), file('server/src/engine/plan.test.ts')]),
    ).toHaveLength(1);
  });

  test('a file one line too long, and none that just fits', () => {
    const long = (path: string, lines: number) => file(path, ...Array<string>(lines).fill('x'));
    expect(longFiles([long('a.ts', linesMax + 1), long('a.test.ts', testLinesMax + 1)])).toHaveLength(2);
    expect(longFiles([long('a.ts', linesMax), long('a.test.ts', testLinesMax)])).toEqual([]);
  });

  test.each(['process.env.PORT', "process['env']", 'process?.env', "import { env } from 'node:process';"])(
    'the environment read as %s',
    (line) => {
      expect(environmentReaders([file('server/src/http/app.ts', line)])).toHaveLength(1);
      expect(
        environmentReaders([file('server/src/config.ts', line), file('server/src/a.test.ts', line)]),
      ).toEqual([]);
      expect(environmentReaders([file('server/src/a.ts', '// process.env is not read here')])).toEqual([]);
    },
  );

  // Put together here, because this file is checked too.
  test.each([
    ['x as', 'any;'],
    ['let x:', 'any;'],
    ['// @ts-', 'ignore'],
    ['it.', 'only('],
    ['test.', 'concurrent.only('],
  ])('an evasion that begins %j', (begin, end) => {
    const line = begin + (begin.endsWith('as') || begin.endsWith(':') ? ' ' : '') + end;
    expect(evasions([file('e2e/api/a.test.ts', line)])).toHaveLength(1);
  });

  test('no evasion in prose', () => {
    const lines = [' * is as good as', ' * any other', "test('reads it as any revision', () => {});"];
    expect(evasions([file('a.ts', ...lines)])).toEqual([]);
  });

  test.each(["export * from './b.js';", "export { a } from './b.js';", "export type { A } from './b.js';"])(
    'the re-export %s',
    (line) => {
      expect(barrels([file('server/src/auth/a.ts', line), file('contract/src/index.ts', line)])).toEqual([
        'server/src/auth/a.ts',
      ]);
    },
  );
});
