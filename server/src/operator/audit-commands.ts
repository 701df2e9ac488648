import type { Command } from 'commander';
import { type AuditEvent, limits } from 'halo-contract';
import { findAccount } from '../auth/account-list.js';
import { readAudit } from '../auth/audit.js';
import { checkTrail, listTrails, type TrailCheck } from '../auth/audit-check.js';
import { CommandError } from './command-error.js';
import { type OpenHalo, withHalo } from './open-halo.js';
import { hashFrom, integerFrom } from './option-values.js';
import { type Cell, count, print, printJsonArray, printTable, type Terminal } from './terminal.js';

interface ListOptions {
  readonly json?: boolean;
  readonly limit: number;
}

interface VerifyOptions {
  readonly json?: boolean;
  readonly anchor?: string;
}

const listDefault = 50;
const listMax = 1_000_000;
const json = ['--json', 'print JSON'] as const;

/** Whose trail holds what belongs to no account: names that nobody has, accounts that are gone. */
const serverAccountId = '0';

/** `audit`: what happened to the security of accounts, and whether anybody has changed that record. */
export function addAuditCommands(parent: Command, terminal: Terminal): void {
  const audit = parent.command('audit').description('read and verify audit trails');
  audit
    .command('list')
    .description('list what happened to an account, the newest first')
    .argument('[name]', 'left out: what belongs to no account, such as log-ins under unknown names')
    .option('--limit <number>', 'how many events', integerFrom(1, listMax), listDefault)
    .option(...json)
    .action((name: string | undefined, options: ListOptions) => list(terminal, name, options));
  audit
    .command('verify')
    .description(
      'recompute the hashes of audit trails and report where one is broken first; exits with 1 then',
    )
    .argument('[name]', 'left out: all accounts')
    .option('--anchor <hash>', 'check that this hash, noted earlier, is still in the trail', hashFrom)
    .option(...json)
    .action((name: string | undefined, options: VerifyOptions) => verify(terminal, name, options));
}

const headings = ['number', 'at', 'event', 'by', 'session', 'subject', 'subject name', 'address', 'device'];

async function list(
  terminal: Terminal,
  name: string | undefined,
  { limit, json }: ListOptions,
): Promise<void> {
  await withHalo(terminal, 'refuse', async ({ database }) => {
    const accountId = await accountIdOf(database, name);
    const pages = readPages(database, accountId, limit);
    if (json) return printJsonArray(terminal, pages);
    return printTable(terminal, headings, toRows(pages), 'There are no events.');
  });
}

async function* readPages(
  database: OpenHalo['database'],
  accountId: string,
  limit: number,
): AsyncGenerator<AuditEvent[]> {
  let left = limit;
  let before: { readonly before?: number } = {};
  while (left > 0) {
    const page = await readAudit(database, accountId, {
      ...before,
      limit: Math.min(left, limits.auditListMax),
    });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    before = { before: last.number };
    left -= page.length;
  }
}

async function* toRows(pages: AsyncIterable<readonly AuditEvent[]>): AsyncGenerator<Cell[][]> {
  for await (const page of pages) {
    yield page.map(({ number, at, event, actor, session, subject, subject_name, address, device }) => [
      ...[number, at, event, actor, session],
      ...[subject, subject_name, address, device],
    ]);
  }
}

async function verify(
  terminal: Terminal,
  name: string | undefined,
  { anchor, json }: VerifyOptions,
): Promise<void> {
  await withHalo(terminal, 'refuse', async ({ database }) => {
    const ids = name === undefined ? listTrails(database) : [await accountIdOf(database, name)];
    const tally = { trails: 0, broken: 0, anchored: 0 };
    const counted = countChecks(database, ids, anchor, tally);
    if (json) await printJsonArray(terminal, toJson(counted));
    else for await (const check of counted) await print(terminal, sentenceOf(check));
    if (anchor !== undefined && tally.anchored === 0)
      throw new CommandError(
        `The hash ${anchor} is in ${name === undefined ? 'no trail' : 'none of the kept events'}.`,
      );
    if (tally.broken > 0)
      throw new CommandError(`${count(tally.broken, 'trail is', 'trails are')} broken, of ${tally.trails}.`);
    if (!json && tally.trails === 0) await print(terminal, 'There are no audit trails.');
    if (!json && anchor !== undefined) await print(terminal, `The hash ${anchor} is in its place.`);
  });
}

async function* countChecks(
  database: OpenHalo['database'],
  ids: AsyncIterable<string> | Iterable<string>,
  anchor: string | undefined,
  tally: { trails: number; broken: number; anchored: number },
): AsyncGenerator<TrailCheck> {
  for await (const id of ids) {
    const check = await checkTrail(database, id, anchor);
    tally.trails += 1;
    if (check.fault !== null) tally.broken += 1;
    if (check.anchored) tally.anchored += 1;
    yield check;
  }
}

async function* toJson(checks: AsyncIterable<TrailCheck>): AsyncGenerator<unknown[]> {
  for await (const { accountId, name, first, last, lastHash, fault, anchored } of checks)
    yield [{ account_id: accountId, name, first, last, last_hash: lastHash, fault, anchored }];
}

function sentenceOf({ accountId, name, first, last, lastHash, fault }: TrailCheck): string {
  const whose = accountId === serverAccountId ? '(server)' : (name ?? `(account ${accountId})`);
  if (fault !== null) return `${whose}: broken at event ${fault.number}: ${fault.reason}.`;
  if (first === null) return `${whose}: no events are kept.`;
  return `${whose}: events ${first} to ${last} are intact; the last hash is ${lastHash}`;
}

async function accountIdOf(database: OpenHalo['database'], name: string | undefined): Promise<string> {
  return name === undefined ? serverAccountId : (await findAccount(database, name)).id;
}
