import type { Command } from 'commander';
import type { Change, Watched } from 'halo-client';
import { CommandError } from 'halo-server/operator/command-error';
import { type Cell, count, printTable } from 'halo-server/operator/terminal';
import { addConnectionOptions, type ConnectionOptions, connect } from './connection.js';
import { exitCodes } from './failure.js';
import { interruptible } from './interrupt.js';
import { revisionFrom } from './option-values.js';
import { watchReader } from './reader-watch.js';
import { printJsonLine, printLine, printMarked, type Terminal } from './terminal.js';
import { readText } from './value-input.js';

interface JsonOption extends ConnectionOptions {
  readonly json?: boolean;
}

interface ChangeOptions extends JsonOption {
  readonly dryRun?: boolean;
}

interface WatchOptions extends JsonOption {
  readonly since?: number;
  readonly values?: boolean;
}

/** What the server takes as one commit. */
const commitBytesMax = 32 * 1024 * 1024;
const pageVersions = 100;

/** `history`, `undo`, `watch` and `commit`: what happened, happens, and happens together. */
export function addHistoryCommands(program: Command, terminal: Terminal): void {
  addConnectionOptions(program.command('history'))
    .description('list the versions of a key, the newest first')
    .argument('<key>', 'such as greeting or pictures/cat')
    .option('--json', 'print one JSON object a line')
    .addHelpText('after', '\nExample:\n  halo history greeting')
    .action((key: string, options: JsonOption) => history(terminal, key, options));

  addConnectionOptions(program.command('undo'))
    .description('take a commit back, in a new commit; refused if its keys have changed since')
    .argument('<revision>', 'of the commit', revisionFrom)
    .option('--dry-run', 'check everything and change nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  halo undo 7')
    .action((revision: number, options: ChangeOptions) => undo(terminal, revision, options));

  addConnectionOptions(program.command('watch'))
    .description('print every change as it happens, until Ctrl-C; connects again by itself')
    .argument('[prefix]', 'only keys that begin with it')
    .option('--since <revision>', 'begin with what came after this revision', revisionFrom)
    .option('--values', 'print values too')
    .option('--json', 'print one JSON object a commit')
    .addHelpText(
      'after',
      '\nExamples:\n  halo watch\n  halo watch orders/ --values\n  halo watch --since 0 --json',
    )
    .action((prefix: string | undefined, options: WatchOptions) => watch(terminal, prefix, options));

  addConnectionOptions(program.command('commit'))
    .description('make many changes at once, all or nothing')
    .argument('<file>', 'JSON as POST /v1/commit takes it; - for standard input')
    .option('--dry-run', 'check everything and change nothing')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  halo commit changes.json\n' +
        `  echo '{"mutations":[{"add":{"key":"visits","by":"1"}}]}' | halo commit -`,
    )
    .action((file: string, options: ChangeOptions) => commit(terminal, file, options));
}

async function history(terminal: Terminal, key: string, options: JsonOption): Promise<void> {
  const halo = await connect(terminal, options);
  const versions = halo.history(key, { signal: terminal.closed });
  if (options.json) {
    for await (const version of versions) await printJsonLine(terminal, version);
    return;
  }
  async function* pages(): AsyncGenerator<Cell[][]> {
    let rows: Cell[][] = [];
    for await (const { revision, kind, size, content_type, actor, written_at } of versions) {
      rows.push([revision, written_at, kind, size, content_type, actor]);
      if (rows.length < pageVersions) continue;
      yield rows;
      rows = [];
    }
    if (rows.length > 0) yield rows;
  }
  await printTable(
    terminal,
    ['revision', 'at', 'kind', 'size', 'type', 'by'],
    pages(),
    'There are no versions.',
  );
}

async function undo(terminal: Terminal, revision: number, options: ChangeOptions): Promise<void> {
  const halo = await connect(terminal, options);
  const { dryRun = false } = options;
  const answer = await halo.undo(revision, { dryRun });
  if (options.json) return printJsonLine(terminal, answer);
  const keys = answer.results.reduce((sum, result) => sum + (result.count ?? 0), 0);
  const said = `${count(keys, 'key', 'keys')}, at revision ${answer.revision}`;
  await printLine(terminal, `Revision ${revision} ${dryRun ? 'could be' : 'is'} undone: ${said}.`);
}

async function watch(
  terminal: Terminal,
  prefix: string | undefined,
  { since, values = false, json, ...options }: WatchOptions,
): Promise<void> {
  const halo = await connect(terminal, options);
  const reader = watchReader(terminal.output);
  try {
    await interruptible(
      () => '',
      async (interrupted) => {
        const watched = halo.watch({
          values,
          signal: AbortSignal.any([interrupted, terminal.closed, reader.gone]),
          ...(prefix === undefined ? {} : { prefix }),
          ...(since === undefined ? {} : { since }),
        });
        for await (const told of watched) {
          if (json) await printJsonLine(terminal, told);
          else for (const line of linesOf(told)) await printMarked(terminal, line);
        }
      },
    );
  } finally {
    reader.stop();
  }
}

const kindColours = { set: 'green', delete: 'red', expire: 'yellow' } as const;

function linesOf(told: Watched): Parameters<typeof printMarked>[1][] {
  if (told.type === 'commit') {
    return told.changes.map((change) => {
      const { kind, written_at } = change;
      const when = `${told.revision}  ${written_at}  `;
      return [when, kindColours[kind], kind.padEnd(6), `  ${factsOf(change)}`];
    });
  }
  return told.entries.map((entry) => {
    return [`${entry.revision}  ${entry.updated_at}  `, 'dim', 'is    ', `  ${factsOf(entry)}`];
  });
}

/** The key, and the value as JSON text where there is one: whatever is in them, it stays one line. */
function factsOf({
  key,
  size,
  value,
  value_base64,
}: Pick<Change, 'key' | 'size' | 'value' | 'value_base64'>) {
  const name = key.replaceAll('\n', '\\n');
  if (value !== undefined) return `${name}  ${JSON.stringify(value)}`;
  if (value_base64 !== undefined) return `${name}  base64:${value_base64}`;
  return size === null ? name : `${name}  ${count(size, 'byte', 'bytes')}`;
}

async function commit(terminal: Terminal, file: string, options: ChangeOptions): Promise<void> {
  const halo = await connect(terminal, options);
  const text = await readText(terminal, file, commitBytesMax);
  const isNamed = hasName(text, file);
  const response = await halo.send({
    method: 'POST',
    path: '/v1/commit',
    query: options.dryRun ? { dry_run: true } : {},
    headers: { 'content-type': 'application/json' },
    // As it was written: reading and writing it again could change numbers.
    body: text,
    repeat: isNamed || options.dryRun ? 'safe' : 'if-refused',
  });
  const answer = (await response.json()) as { revision: number; results: unknown[] };
  if (options.json) return printJsonLine(terminal, answer);
  const changes = count(answer.results.length, 'change', 'changes');
  const said = options.dryRun ? `${changes} could be committed` : `${changes} committed`;
  await printLine(terminal, `${said} at revision ${answer.revision}.`);
}

/** Whether a commit carries an idempotency key, with which it may be sent again. Throws CommandError for no JSON. */
function hasName(text: string, file: string): boolean {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && 'idempotency_key' in body;
  } catch (error) {
    const what = file === '-' ? 'Standard input' : file;
    const why = error instanceof Error ? error.message : '';
    throw new CommandError(`${what} is not JSON: ${why}.`, exitCodes.usage);
  }
}
