import type { Command } from 'commander';
import { Option } from 'commander';
import type { ValuedEntry } from 'halo-client';
import { integerFrom } from 'halo-server/operator/option-values';
import { type Cell, printTable } from 'halo-server/operator/terminal';
import { addConnectionOptions, type ConnectionOptions, connect } from './connection.js';
import { createKeyTree } from './key-tree.js';
import { revisionFrom } from './option-values.js';
import { printJsonLine, printLine, say, type Terminal } from './terminal.js';

interface ListOptions extends ConnectionOptions {
  readonly tree?: boolean;
  readonly long?: boolean;
  readonly at?: number;
  readonly limit?: number;
  readonly json?: boolean;
}

const limitMax = 1_000_000_000;
const pageKeysMax = 1_000;

/** `ls`: what there is. */
export function addListCommand(program: Command, terminal: Terminal): void {
  addConnectionOptions(program.command('ls'))
    .description('list keys, all or those that begin with a prefix')
    .argument('[prefix]', 'only keys that begin with it')
    .addOption(new Option('--tree', 'show what slashes divide as a tree').conflicts(['long', 'json']))
    .option('--long', 'with revision, size, when it changed and expires, and content type')
    .option('--at <revision>', 'as of this revision', revisionFrom)
    .option('--limit <number>', 'how many keys at most', integerFrom(1, limitMax))
    .option('--json', 'print one JSON object a line')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  halo ls\n' +
        '  halo ls pictures/ --long\n' +
        '  halo ls --tree --limit 100\n' +
        '  halo ls --at 7 --json',
    )
    .action((prefix: string | undefined, options: ListOptions) => list(terminal, prefix, options));
}

async function list(terminal: Terminal, prefix: string | undefined, options: ListOptions): Promise<void> {
  const halo = await connect(terminal, options);
  const { at, limit = limitMax } = options;
  const entries = halo.list({
    pageSize: Math.min(limit + 1, pageKeysMax),
    signal: terminal.closed,
    ...(prefix === undefined ? {} : { prefix }),
    ...(at === undefined ? {} : { at }),
  });
  let isCut = false;
  const wanted = firstOf(entries, limit, () => {
    isCut = true;
  });
  await show(terminal, prefix ?? '', wanted, options);
  if (isCut) await say(terminal, `There are more keys than these ${limit}.`);
}

async function show(
  terminal: Terminal,
  prefix: string,
  entries: AsyncIterable<ValuedEntry>,
  { tree, long, json }: ListOptions,
): Promise<void> {
  if (long && !json) {
    const rows = pagesOf(entries);
    const headings = ['revision', 'size', 'changed', 'expires', 'type', 'key'];
    return printTable(terminal, headings, rows, 'There are no keys.');
  }
  const below = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const grow = createKeyTree(below);
  if (tree && below !== '') await printLine(terminal, below);
  for await (const entry of entries) {
    if (json) await printJsonLine(terminal, entry);
    else if (!tree) await printLine(terminal, oneLine(entry.key));
    else for (const line of grow(entry.key)) await printLine(terminal, oneLine(line));
  }
}

/** A line feed in a key would look like another key. */
function oneLine(text: string): string {
  return text.replaceAll('\n', '\\n');
}

/** Rows of a page at a time, since columns are as wide as their page asks for. */
async function* pagesOf(entries: AsyncIterable<ValuedEntry>): AsyncGenerator<Cell[][]> {
  let rows: Cell[][] = [];
  for await (const { revision, size, updated_at, expires_at, content_type, key } of entries) {
    rows.push([revision, size, updated_at, expires_at, content_type, key]);
    if (rows.length < pageKeysMax) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

async function* firstOf<Item>(
  items: AsyncIterable<Item>,
  limit: number,
  onMore: () => void,
): AsyncGenerator<Item> {
  let given = 0;
  for await (const item of items) {
    if (given === limit) return onMore();
    given += 1;
    yield item;
  }
}
