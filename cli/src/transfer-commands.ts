import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Command } from 'commander';
import { Option } from 'commander';
import type { Halo, ImportEnd, ImportFault, ImportProgress } from 'halo-client';
import { CommandError } from 'halo-server/operator/command-error';
import { count } from 'halo-server/operator/terminal';
import { addConnectionOptions, type ConnectionOptions, connect } from './connection.js';
import { createExportCheck, type ExportFindings } from './export-check.js';
import { interruptible } from './interrupt.js';
import {
  createProgressView,
  exportProgress,
  importProgress,
  type ProgressView,
  sizeText,
} from './progress.js';
import { printBytes, printJsonLine, printLine, say, type Terminal } from './terminal.js';

interface ExportOptions extends ConnectionOptions {
  readonly output?: string;
  readonly prefix?: string;
}

interface ImportOptions extends ConnectionOptions {
  readonly onConflict?: 'skip' | 'replace' | 'fail';
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const lineFeed = 0x0a;

/** `export` and `import`: everything out, and back in. */
export function addTransferCommands(program: Command, terminal: Terminal): void {
  addConnectionOptions(program.command('export'))
    .description('write all keys and values as lines of JSON, as of one moment')
    .option(
      '-o, --output <file>',
      'write to a file, which appears when it is complete; - for standard output',
    )
    .option('--prefix <prefix>', 'only keys that begin with it')
    .addHelpText(
      'after',
      '\nExamples:\n  halo export -o backup.ndjson\n  halo export --prefix orders/ | gzip > orders.gz',
    )
    .action((options: ExportOptions) => exportKeys(terminal, options));

  addConnectionOptions(program.command('import'))
    .description('read what an export wrote; Ctrl-C says how far it got')
    .argument('<file>', 'lines of JSON; - for standard input')
    .addOption(
      new Option('--on-conflict <way>', 'what to do about a key that exists')
        .choices(['skip', 'replace', 'fail'])
        .default('fail'),
    )
    .option('--dry-run', 'check everything and change nothing')
    .option('--json', 'print progress, rejected lines and the summary as lines of JSON')
    .addHelpText(
      'after',
      '\nExits with 1 when it stopped or lines were rejected.\n\nExamples:\n' +
        '  halo import backup.ndjson --dry-run\n' +
        '  halo import backup.ndjson --on-conflict replace\n' +
        '  gunzip < orders.gz | halo import - --on-conflict skip',
    )
    .action((file: string, options: ImportOptions) => importKeys(terminal, file, options));
}

async function exportKeys(terminal: Terminal, { output, prefix, ...options }: ExportOptions): Promise<void> {
  const halo = await connect(terminal, options);
  const file = output === '-' ? undefined : output;
  // Between the lines of the export itself, on one screen, a bar would only be in the way.
  const isScreen = file === undefined && (terminal.output as { readonly isTTY?: boolean }).isTTY === true;
  const view = isScreen ? undefined : createProgressView({ errors: terminal.errors, now });
  try {
    await interruptible(
      () => 'Interrupted; the export is not complete.',
      async (interrupted) => {
        const signal = AbortSignal.any([interrupted, terminal.closed]);
        const total = await countKeys(terminal, halo, prefix, signal);
        const whole = await halo.export({ signal, ...(prefix === undefined ? {} : { prefix }) });
        const stream = followed(whole, total, view);
        const found = await (file === undefined ? copyToOutput(terminal, stream) : copyToFile(stream, file));
        view?.clear();
        await say(terminal, `${count(found.keys, 'key', 'keys')} exported, ${sizeText(found.bytes)}.`);
      },
    );
  } finally {
    view?.clear();
  }
}

const now = (): number => performance.now();

/** How many keys there are to come, for the bar on a terminal; elsewhere nothing is asked for it. */
async function countKeys(
  { errors }: Terminal,
  halo: Halo,
  prefix: string | undefined,
  signal: AbortSignal,
): Promise<number | undefined> {
  if ((errors as { readonly isTTY?: boolean }).isTTY !== true) return undefined;
  try {
    if (prefix === undefined) return (await halo.whoAmI({ signal })).usage.keys;
    return (await halo.page({ prefix, limit: 1, count: true, signal })).count;
  } catch {
    signal.throwIfAborted();
    // What is wrong will be wrong with the export too, which then says so; a bar is not worth failing for.
    return undefined;
  }
}

/** The same stream, telling how far it is. */
async function* followed(
  stream: ReadableStream<Uint8Array>,
  total: number | undefined,
  view: ProgressView | undefined,
): AsyncGenerator<Uint8Array> {
  // The first line is no key.
  let [lines, bytes] = [-1, 0];
  for await (const chunk of stream) {
    for (let at = chunk.indexOf(lineFeed); at !== -1; at = chunk.indexOf(lineFeed, at + 1)) lines += 1;
    bytes += chunk.length;
    view?.show(exportProgress(Math.max(0, lines), bytes, total));
    yield chunk;
  }
}

async function copyToOutput(terminal: Terminal, stream: AsyncIterable<Uint8Array>): Promise<ExportFindings> {
  const check = createExportCheck();
  for await (const chunk of stream) {
    check.take(chunk);
    await printBytes(terminal, chunk);
  }
  return demandWhole(check.finish());
}

/** A half export under the name of a whole one would be found out on the day that it is needed. */
async function copyToFile(stream: AsyncIterable<Uint8Array>, output: string): Promise<ExportFindings> {
  const check = createExportCheck();
  const isPlain = (await stat(output).catch(() => undefined))?.isFile() ?? true;
  const path = isPlain ? `${output}.part` : output;
  const file = await open(path, 'w', 0o600);
  try {
    try {
      for await (const chunk of stream) {
        check.take(chunk);
        await file.write(chunk);
      }
      if (isPlain) await file.sync();
    } finally {
      await file.close();
    }
    const found = demandWhole(check.finish());
    if (isPlain) await rename(path, output);
    return found;
  } catch (error) {
    if (isPlain) await rm(path, { force: true });
    throw error;
  }
}

function demandWhole(found: ExportFindings): ExportFindings {
  if (found.isWhole) return found;
  throw new CommandError('The export broke off or was changed on its way: it is not complete. Export again.');
}

async function importKeys(terminal: Terminal, file: string, options: ImportOptions): Promise<void> {
  const { onConflict = 'fail', dryRun = false, json = false } = options;
  // The answer begins when the server has read enough of a file that may be slow to come.
  const halo = await connect(terminal, options, { timeoutMs: 0 });
  const totalBytes = file === '-' ? undefined : (await stat(file)).size;
  const source = file === '-' ? terminal.input : createReadStream(file);
  const view = createProgressView({ errors: terminal.errors, now });
  let last: ImportProgress | undefined;
  const told: Promise<void>[] = [];
  const tell = (value: unknown) => told.push(printJsonLine(terminal, value).catch(() => {}));
  try {
    const end = await interruptible(
      () => interruptedText(last, dryRun),
      (signal) =>
        halo.import(
          Readable.toWeb(Readable.from(source, { objectMode: false })) as ReadableStream<Uint8Array>,
          {
            onConflict,
            dryRun,
            signal,
            onProgress: (progress) => {
              last = progress;
              if (json) tell(progress);
              else view.show(importProgress(progress, totalBytes));
            },
            onFault: (fault) => {
              if (json) return tell({ error: fault });
              view.clear();
              void say(terminal, faultText(fault));
            },
          },
        ),
    );
    await Promise.all(told);
    view.clear();
    await report(terminal, end, { dryRun, json });
  } catch (error) {
    view.clear();
    throw error;
  } finally {
    // Whoever still writes into the pipe would keep this process waiting for the rest.
    (source as Readable).destroy();
  }
}

function interruptedText(last: ImportProgress | undefined, dryRun: boolean): string {
  if (dryRun) return 'Interrupted; nothing was changed.';
  if (last === undefined) return 'Interrupted before the server told of any progress.';
  return `Interrupted: everything up to line ${last.lines} is done and durable, ${summaryOf(last)}; a little more may be.`;
}

async function report(
  terminal: Terminal,
  end: ImportEnd,
  { dryRun, json }: { readonly dryRun: boolean; readonly json: boolean },
): Promise<void> {
  if (json) await printJsonLine(terminal, end);
  else await printLine(terminal, `${dryRun ? 'Would import' : 'Imported'}: ${summaryOf(end)}.`);
  if (end.sha256_ok === false)
    await say(terminal, 'The checksum differs: the file was changed or cut off since it was exported.');
  if (!end.done && end.error !== undefined) {
    const where = end.error.line === undefined ? '' : ` at line ${end.error.line}`;
    throw new CommandError(
      `The import stopped${where}: ${end.error.detail} Everything up to line ${end.lines} is done.`,
    );
  }
  if (!end.done) throw new CommandError(`The import stopped after line ${end.lines}.`);
  if (end.failed > 0)
    throw new CommandError(`${count(end.failed, 'line was', 'lines were')} rejected; the others are done.`);
}

function summaryOf({ imported, skipped, failed }: ImportProgress): string {
  return `${count(imported, 'key', 'keys')}, ${skipped} skipped, ${failed} rejected`;
}

function faultText({ line, detail, code, pointer }: ImportFault['error']): string {
  const where = pointer === undefined || pointer === '' ? '' : ` at ${pointer}`;
  return `line ${line}${where}: ${detail} (${code})`;
}
