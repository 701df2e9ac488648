import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { printFacts, printJson, printJsonArray, printTable, type Terminal } from './terminal.js';

async function printed(work: (terminal: Terminal) => Promise<void>): Promise<string> {
  const output = new PassThrough();
  const chunks: Buffer[] = [];
  output.on('data', (chunk: Buffer) => chunks.push(chunk));
  await work({ environment: {}, input: new PassThrough(), output, errors: new PassThrough() });
  return Buffer.concat(chunks).toString();
}

async function* pages<Row>(...all: readonly (readonly Row[])[]): AsyncGenerator<readonly Row[]> {
  yield* all;
}

test('a table has its headings once, and later pages stay in line', async () => {
  const rows = pages<[string, number | null]>([['a', 1]], [], [['longer', null]], [['b', 22]]);
  const text = await printed((terminal) => printTable(terminal, ['name', 'keys'], rows, 'None.'));
  expect(text).toBe('name  keys\na     1\nlonger  -\nb       22\n');
  expect(await printed((terminal) => printTable(terminal, ['name'], pages<[string]>([]), 'None.'))).toBe(
    'None.\n',
  );
});

test.each([[[]], [[[]]], [[[1]]], [[[1, 2], [], [3]]]])(
  'an array is JSON in however many pages: %j',
  async (all) => {
    const text = await printed((terminal) => printJsonArray(terminal, pages<number>(...all)));
    expect(JSON.parse(text)).toEqual(all.flat());
  },
);

test('what strangers chose cannot steer the terminal, and JSON keeps it', async () => {
  const device = 'a\x1b[2J\x9b31m\r\nfake row\u202e';
  const facts = await printed((terminal) => printFacts(terminal, [['device', device]]));
  expect(facts).toBe('device  a\\u001b[2J\\u009b31m\\u000d\\nfake row\\u202e\n');
  const json = await printed((terminal) => printJson(terminal, { device }));
  for (const character of ['\x1b', '\x9b', '\u202e']) expect(json).not.toContain(character);
  expect(JSON.parse(json)).toEqual({ device });
});
