import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { startHalo } from '../halo-server.js';

const server = await startHalo();
/** Below e2e, so that packages are found as programs find them, and among what is built. */
const folder = fileURLToPath(new URL('../dist/docs/', import.meta.url));
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Counts what was compared, and fails at the first difference. */
const preamble = `
import { deepStrictEqual } from 'node:assert/strict';
const compared = new Set();
function compare(line, actual, expected) {
  deepStrictEqual(actual, expected, \`line \${line}: \${JSON.stringify(actual)} is not \${JSON.stringify(expected)}\`);
  compared.add(line);
}
`;
const ending = '\nconsole.log(JSON.stringify([...compared]));\n';

interface Program {
  readonly code: string;
  /** The lines of the document that say what something comes to. */
  readonly claims: readonly number[];
}

/** The examples of a document in one program: each \`expression; // => value\` is compared. */
function programOf(markdown: string, url: string): Program {
  const code: string[] = [];
  const claims: number[] = [];
  let isExample = false;
  for (const [index, line] of markdown.split('\n').entries()) {
    if (line.startsWith('```')) isExample = line === '```js';
    else if (isExample) {
      const claim = /^(\s*)(.+);\s+\/\/ => (.+)$/.exec(line);
      if (claim === null) code.push(line);
      else {
        claims.push(index + 1);
        code.push(`${claim[1]}compare(${index + 1}, (${claim[2]}), (${claim[3]}));`);
      }
    }
  }
  return { code: preamble + code.join('\n').replaceAll('http://localhost:5000', url) + ending, claims };
}

/** Runs a document's examples and returns the lines whose claims were compared. */
async function run(name: string, { code }: Program): Promise<number[]> {
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}${name}.mjs`, code);
  const { stdout } = await promisify(execFile)(process.execPath, [`${folder}${name}.mjs`], {
    timeout: 60_000,
  });
  return (JSON.parse(stdout) as number[]).toSorted((one, other) => one - other);
}

test.each(['sdk', 'adapters'])('every example of docs/%s.md runs and comes to what it says', async (name) => {
  const markdown = await readFile(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8');
  const program = programOf(markdown, server.url);
  expect(program.claims.length).toBeGreaterThan(10);
  expect(await run(name, program)).toEqual(program.claims);
});

test('the example of the package’s own page runs', async () => {
  const markdown = await readFile(new URL('../../client/README.md', import.meta.url), 'utf8');
  const { code, claims } = programOf(markdown, server.url);
  expect(claims).toHaveLength(1);
  // It has a token from the environment.
  const signUp = "await halo.signUp({ name: 'readme', password: 'a long and private phrase' });";
  const withSession = code.replace(
    /^const halo = .*$/m,
    `const halo = createHalo({ url: '${server.url}' });\n${signUp}`,
  );
  expect(await run('readme', { code: withSession, claims })).toEqual(claims);
});

test.each([
  ['a wrong value', '```js\n1 + 1; // => 3\n```', 'line 2: 2 is not 3'],
  ['an exception', '```js\nthrow new Error("It failed.");\n```', 'It failed.'],
])('the check of examples finds %s', async (_, markdown, said) => {
  await expect(run('wrong', programOf(markdown, server.url))).rejects.toThrow(said);
});

test('the check of examples finds a claim that is never reached', async () => {
  const program = programOf('```js\nif (false) {\n  1; // => 1\n}\n```', server.url);
  expect(await run('unreached', program)).not.toEqual(program.claims);
});
