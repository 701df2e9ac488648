import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { Option } from 'commander';
import { type Halo, HaloError, type Value } from 'halo-client';
import { CommandError } from 'halo-server/operator/command-error';
import { ask } from 'halo-server/operator/password';
import { count } from 'halo-server/operator/terminal';
import { addConnectionOptions, type ConnectionOptions, connect } from './connection.js';
import { exitCodes } from './failure.js';
import { instantFrom, metadataFrom, revisionFrom, secondsFrom } from './option-values.js';
import { printBytes, printJsonLine, printLine, say, type Terminal } from './terminal.js';
import { isText, readValue } from './value-input.js';

interface GetOptions extends ConnectionOptions {
  readonly output?: string;
  readonly revision?: number;
  readonly json?: boolean;
}

interface SetOptions extends ConnectionOptions {
  readonly file?: string;
  readonly type?: string;
  readonly ttl?: number;
  readonly expiresAt?: Date;
  readonly meta?: Record<string, unknown>;
  readonly ifRevision?: number;
  readonly create?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

interface RemoveOptions extends ConnectionOptions {
  readonly prefix?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** As many keys as one commit takes in one mutation of a prefix. */
const prefixKeysMax = 10_000;
/** As many deletions as one commit takes. */
const sliceKeys = 1_000;
/** Refusals in a row after which somebody is working on the same keys, and should go first. */
const refusalsMax = 10;

const lineFeed = 0x0a;

/** `get`, `set` and `rm`. */
export function addKeyCommands(program: Command, terminal: Terminal): void {
  addConnectionOptions(program.command('get'))
    .description('print a value, byte by byte as it was stored')
    .argument('<key>', 'such as greeting or pictures/cat')
    .option('-o, --output <file>', 'write it to a file instead; - for standard output')
    .option('--revision <revision>', 'as the key stood at this revision', revisionFrom)
    .option('--json', 'print what belongs to the value, without the value, as JSON')
    .addHelpText(
      'after',
      '\nExits with 4 when there is no such key.\n\nExamples:\n' +
        '  halo get greeting\n' +
        '  halo get pictures/cat -o cat.png\n' +
        '  halo get greeting --revision 7\n' +
        '  halo get greeting --json',
    )
    .action((key: string, options: GetOptions) => get(terminal, key, options));

  addConnectionOptions(program.command('set'))
    .description('set a key to a value; once this returns it is durable')
    .argument('<key>', 'such as greeting or pictures/cat')
    .argument('[value]', 'text; left out, --file or standard input is read')
    .option('--file <file>', 'take the value from a file, or from standard input for -')
    .option('--type <type>', 'its content type; else by the file’s ending, or text if it is UTF-8')
    .addOption(
      new Option('--ttl <time>', 'let it expire after 30s, 5m, 2h or 7d')
        .argParser(secondsFrom)
        .conflicts('expiresAt'),
    )
    .option('--expires-at <instant>', 'let it expire then', instantFrom)
    .option('--meta <json>', 'metadata, a JSON object', metadataFrom)
    .addOption(
      new Option('--if-revision <revision>', 'only if the key is at this revision; 0: only if it is absent')
        .argParser(revisionFrom)
        .conflicts('create'),
    )
    .option('--create', 'only if there is no such key')
    .option('--dry-run', 'check everything and change nothing')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  halo set greeting hello\n' +
        '  halo set pictures/cat --file cat.png\n' +
        '  date | halo set today --ttl 1d\n' +
        '  halo set -- -odd-key "a value"\n' +
        '  halo set greeting "hello again" --if-revision 7',
    )
    .action((key: string, value: string | undefined, options: SetOptions) =>
      set(terminal, key, value, options),
    );

  addConnectionOptions(program.command('rm'))
    .description('delete keys; they stay in the trash for a time')
    .argument('[keys...]', 'one or more, or none with --prefix')
    .option('--prefix <prefix>', 'delete all keys that begin with this, which ends with a slash')
    .option('--yes', 'do not ask how many keys --prefix may delete')
    .option('--dry-run', 'check everything and change nothing')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExits with 4 when one of the keys did not exist; the others are deleted.\n\nExamples:\n' +
        '  halo rm greeting\n' +
        '  halo rm a b c\n' +
        '  halo rm --prefix drafts/',
    )
    .action((keys: string[], options: RemoveOptions) => remove(terminal, keys, options));
}

async function get(terminal: Terminal, key: string, options: GetOptions): Promise<void> {
  const halo = await connect(terminal, options);
  const { revision } = options;
  const output = options.output === '-' ? undefined : options.output;
  const value = await halo.get(key, revision === undefined ? {} : { revision });
  if (value === undefined) {
    const then = revision === undefined ? '' : ` at revision ${revision}`;
    throw new CommandError(`There is no key ${JSON.stringify(key)}${then}.`, exitCodes.absent);
  }
  if (output !== undefined) await writeFile(output, value.bytes);
  if (options.json) return printJsonLine(terminal, factsOf(value));
  if (output !== undefined) return;
  const isShown = (terminal.output as { readonly isTTY?: boolean }).isTTY === true;
  if (isShown && !isText(value.bytes)) {
    throw new CommandError(
      `The value is ${value.bytes.length} bytes that are no text. Write them to a file with --output, or into a pipe.`,
    );
  }
  await printBytes(terminal, value.bytes);
  // Or the shell's prompt would stand behind the value.
  if (isShown && value.bytes.length > 0 && value.bytes.at(-1) !== lineFeed) await printBytes(terminal, '\n');
}

/** In the words of the wire. */
function factsOf(value: Value): unknown {
  const { key, revision, bytes, contentType, metadata, createdAt, updatedAt, expiresAt } = value;
  return {
    key,
    revision,
    size: bytes.length,
    content_type: contentType,
    metadata: metadata ?? null,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
    expires_at: expiresAt?.toISOString() ?? null,
  };
}

async function set(
  terminal: Terminal,
  key: string,
  text: string | undefined,
  options: SetOptions,
): Promise<void> {
  const { ttl, expiresAt, meta, dryRun = false } = options;
  const halo = await connect(terminal, options);
  const { bytes, contentType } = await readValue(terminal, { value: text, file: options.file });
  const ifRevision = options.create ? 0 : options.ifRevision;
  const result = await halo.set(key, bytes, {
    contentType: options.type ?? contentType,
    ttl,
    expiresAt,
    dryRun,
    ...(meta === undefined ? {} : { metadata: meta }),
    ...(ifRevision === undefined ? {} : { ifRevision }),
  });
  if (options.json) return printJsonLine(terminal, result);
  const done = result.created ? 'created' : 'changed';
  const said = dryRun ? `would be ${done}` : `is ${done}`;
  await printLine(terminal, `${result.key} ${said} at revision ${result.revision}.`);
}

async function remove(terminal: Terminal, keys: readonly string[], options: RemoveOptions): Promise<void> {
  if (keys.length > 0 === (options.prefix !== undefined))
    throw new CommandError('Name the keys to delete, or a --prefix.', exitCodes.usage);
  const { prefix } = options;
  if (prefix !== undefined && !prefix.endsWith('/'))
    throw new CommandError('The prefix has to end with a slash, such as drafts/.', exitCodes.usage);
  const halo = await connect(terminal, options);
  if (prefix !== undefined) return removePrefix(terminal, halo, prefix, options);
  const { dryRun = false } = options;
  const absent: string[] = [];
  for (const key of new Set(keys)) {
    const revision = await halo.delete(key, { dryRun });
    if (revision === undefined) absent.push(JSON.stringify(key));
    else if (options.json) await printJsonLine(terminal, { key, revision });
    else {
      await printLine(terminal, `${key} ${dryRun ? 'would be' : 'is'} deleted at revision ${revision}.`);
    }
  }
  if (absent.length > 0) {
    const what = absent.length === 1 ? 'key' : 'keys';
    throw new CommandError(`There is no ${what} ${absent.join(', ')}.`, exitCodes.absent);
  }
}

async function removePrefix(
  terminal: Terminal,
  halo: Halo,
  prefix: string,
  { yes = false, dryRun = false, json }: RemoveOptions,
): Promise<void> {
  const page = await halo.page({ prefix, limit: 1, count: true });
  const found = page.count ?? 0;
  if (found === 0) throw new CommandError(`There is no key that begins with ${prefix}.`, exitCodes.absent);
  const keys = count(found, 'key', 'keys');
  if (!dryRun && !yes) await confirm(terminal, `This deletes ${keys} below ${prefix}. Type yes to go on: `);
  const { revision, deleted } =
    found <= prefixKeysMax || dryRun
      ? await removeAtOnce(halo, prefix, dryRun)
      : await removeInSlices(terminal, halo, prefix);
  if (json) return printJsonLine(terminal, { prefix, revision, count: deleted });
  const said = `${count(deleted, 'key', 'keys')} below ${prefix} ${dryRun ? 'would be' : 'deleted'}`;
  await printLine(
    terminal,
    dryRun ? `${said} deleted.` : `${said} at revision ${revision}; "halo undo ${revision}" takes it back.`,
  );
}

async function confirm(terminal: Terminal, question: string): Promise<void> {
  if (terminal.input.isTTY !== true)
    throw new CommandError('There is no terminal to ask on: use --yes to delete them all.', exitCodes.usage);
  if ((await ask(terminal, question, 'shown')).trim() !== 'yes')
    throw new CommandError('Nothing was deleted.');
}

async function removeAtOnce(halo: Halo, prefix: string, dryRun: boolean) {
  const { revision, results } = await halo.commit().deletePrefix(prefix).run({ dryRun });
  return { revision, deleted: results[0]?.count ?? 0 };
}

/** More keys than one commit takes: in many commits, each of which is undone by itself. */
async function removeInSlices(terminal: Terminal, halo: Halo, prefix: string) {
  let [revision, deleted, refusals] = [0, 0, 0];
  for (;;) {
    const { keys } = await halo.page({ prefix, limit: sliceKeys });
    if (keys.length === 0) return { revision, deleted };
    const commit = halo.commit();
    for (const { key } of keys) commit.delete(key);
    try {
      revision = (await commit.run()).revision;
      deleted += keys.length;
      refusals = 0;
      await say(terminal, `${count(deleted, 'key', 'keys')} deleted so far, up to revision ${revision}.`);
    } catch (error) {
      // Somebody else deleted one of them meanwhile, which refuses the commit as a whole: look again.
      refusals += 1;
      const isGone = error instanceof HaloError && error.code === 'not-found';
      if (!isGone || refusals > refusalsMax) throw error;
    }
  }
}
