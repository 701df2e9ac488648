import type { Command } from 'commander';
import type { AuditEvent, Halo } from 'halo-client';
import { CommandError } from 'halo-server/operator/command-error';
import { hashFrom, integerFrom } from 'halo-server/operator/option-values';
import { type Cell, count, printTable } from 'halo-server/operator/terminal';
import { type ChainFindings, checkChain } from './audit-chain.js';
import { addConnectionOptions, type ConnectionOptions, connect } from './connection.js';
import { printJsonLine, printLine, type Terminal } from './terminal.js';
import { readText } from './value-input.js';

interface ListOptions extends ConnectionOptions {
  readonly limit: number;
  readonly json?: boolean;
}

interface VerifyOptions extends ConnectionOptions {
  readonly anchor?: string;
  readonly fromFile?: string;
  readonly json?: boolean;
}

const listDefault = 50;
const listMax = 1_000_000;
const pageEventsMax = 1_000;
/** Half a kilobyte an event: far more events than anybody has in a year. */
const fileBytesMax = 256 * 1024 * 1024;

/** `audit`: what happened to the account's security, and whether anybody has changed that record. */
export function addAuditCommands(program: Command, terminal: Terminal): void {
  const audit = program
    .command('audit')
    .description('read and verify the account’s audit trail')
    .helpCommand('help [command]', 'explain a command')
    .enablePositionalOptions();
  addConnectionOptions(audit.command('list'))
    .description('list security events, the newest first')
    .option('--limit <number>', 'how many', integerFrom(1, listMax), listDefault)
    .option('--json', 'print one JSON object a line')
    .addHelpText(
      'after',
      '\nExamples:\n  halo audit list --limit 20\n  halo audit list --limit 1000000 --json > trail.ndjson',
    )
    .action((options: ListOptions) => list(terminal, options));
  addConnectionOptions(audit.command('verify'))
    .description('recompute the trail’s hashes here, and report where it is broken first; exits with 1 then')
    .option('--anchor <hash>', 'check that this hash, noted earlier, is still in the trail', hashFrom)
    .option('--from-file <file>', 'verify what "audit list --json" wrote instead of asking the server')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nNote the last hash somewhere else now and then: whoever rewrites a whole trail cannot bring it back.\n\n' +
        'Examples:\n  halo audit verify\n  halo audit verify --anchor 7b1c…89dc\n  halo audit verify --from-file trail.ndjson',
    )
    .action((options: VerifyOptions) => verify(terminal, options));
}

async function list(terminal: Terminal, options: ListOptions): Promise<void> {
  const halo = await connect(terminal, options);
  const { limit, json } = options;
  if (json) {
    for await (const page of pagesOf(halo, limit))
      for (const event of page) await printJsonLine(terminal, event);
    return;
  }
  async function* rows(): AsyncGenerator<Cell[][]> {
    for await (const page of pagesOf(halo, limit)) yield page.map(rowOf);
  }
  const headings = ['number', 'at', 'event', 'by', 'subject', 'subject name', 'address', 'device'];
  await printTable(terminal, headings, rows(), 'There are no events.');
}

function rowOf({ number, at, event, actor, subject, subject_name, address, device }: AuditEvent): Cell[] {
  return [number, at, event, actor, subject, subject_name, address, device];
}

async function* pagesOf(halo: Halo, limit: number): AsyncGenerator<AuditEvent[]> {
  let cursor: string | undefined;
  for (let left = limit; left > 0; ) {
    const asked = Math.min(left, pageEventsMax);
    const page = await halo.audit({ limit: asked, ...(cursor === undefined ? {} : { cursor }) });
    yield page.events;
    if (page.cursor === null) return;
    cursor = page.cursor;
    left -= page.events.length;
  }
}

async function verify(terminal: Terminal, options: VerifyOptions): Promise<void> {
  const { anchor, fromFile, json } = options;
  const events =
    fromFile === undefined
      ? eventsOf(await connect(terminal, options))
      : parseTrail(await readText(terminal, fromFile, fileBytesMax), fromFile);
  const found = await checkChain(events, anchor);
  if (json) await printJsonLine(terminal, jsonOf(found, anchor));
  demandIntact(found, anchor);
  if (!json) await printLine(terminal, textOf(found, anchor));
}

async function* eventsOf(halo: Halo): AsyncGenerator<AuditEvent> {
  for await (const page of pagesOf(halo, Number.POSITIVE_INFINITY)) yield* page;
}

/** Reads lines of events, in whichever direction. Throws CommandError for anything else. */
function parseTrail(text: string, file: string): AuditEvent[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const events = lines.map((line, index) => {
    const event = parseEvent(line);
    if (event !== undefined) return event;
    throw new CommandError(`${file} has no audit event in line ${index + 1}.`);
  });
  return events.sort((one, other) => other.number - one.number);
}

function parseEvent(line: string): AuditEvent | undefined {
  try {
    const { number, hash, previous_hash } = JSON.parse(line) as Partial<AuditEvent>;
    const isEvent =
      Number.isSafeInteger(number) && [hash, previous_hash].every((text) => typeof text === 'string');
    return isEvent ? (JSON.parse(line) as AuditEvent) : undefined;
  } catch {
    return undefined;
  }
}

function demandIntact({ fault, first, anchored }: ChainFindings, anchor: string | undefined): void {
  if (fault !== undefined)
    throw new CommandError(
      `The trail is broken at event ${fault.number}: ${fault.reason}. Tell the operator.`,
    );
  if (anchor !== undefined && !anchored) {
    throw new CommandError(
      first === 1
        ? 'The hash is not in the trail: the trail was rewritten, or the hash is of another account.'
        : 'The hash is in none of the kept events: it is older than they are, or the trail was rewritten.',
    );
  }
}

function textOf({ first, last, lastHash }: ChainFindings, anchor: string | undefined): string {
  if (first === undefined || last === undefined) return 'There are no events.';
  const events = count(last - first + 1, 'event', 'events');
  const place = anchor === undefined ? '' : ' The hash that was noted is in its place.';
  return `Events ${first} to ${last} are intact (${events}).${place} The last hash is ${lastHash}`;
}

function jsonOf(
  { first, last, lastHash, fault, anchored }: ChainFindings,
  anchor: string | undefined,
): unknown {
  return {
    first: first ?? null,
    last: last ?? null,
    last_hash: lastHash ?? null,
    fault: fault ?? null,
    ...(anchor === undefined ? {} : { anchored }),
  };
}
