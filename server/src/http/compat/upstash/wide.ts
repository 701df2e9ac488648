import { keyFault, limits } from 'halo-contract';
import type { Credential } from '../../../database/live-session.js';
import type { Engine } from '../../../engine/engine.js';
import type { Page } from '../../../engine/lister.js';
import { CommandError, type Reply, Status, type WideCommand } from './command.js';
import { compileGlob, type Glob } from './glob.js';
import { readScanCursor, scanStart, writeScanCursor } from './scan-cursor.js';

/** What KEYS looks through at most, and how far RANDOMKEY goes from either end: a hundred pages. */
const walkKeysMax = 100_000;

/**
 * Commands that look through the keys. A token with a prefix sees those with its prefix.
 *
 * @throws CommandError; HaloError as the engine refuses
 */
export async function runWide(engine: Engine, credential: Credential, command: WideCommand): Promise<Reply> {
  switch (command.kind) {
    case 'dbsize':
      return (await listPage(engine, credential, { limit: 1, count: true })).count ?? 0;
    case 'randomkey':
      return pickKey(engine, credential);
    case 'keys':
      return matchingKeys(engine, credential, compileGlob(command.pattern));
    case 'scan':
      return scan(engine, credential, command);
  }
}

type Wanted = Pick<Parameters<Engine['list']>[1], 'limit'> &
  Partial<Pick<Parameters<Engine['list']>[1], 'prefix' | 'cursor' | 'count' | 'reverse'>>;

function listPage(engine: Engine, credential: Credential, wanted: Wanted): Promise<Page> {
  return engine.list(credential, {
    ...{ prefix: '', start: undefined, end: undefined, delimiter: undefined, cursor: undefined },
    ...{ reverse: false, values: false, count: false, at: undefined },
    ...wanted,
  });
}

/** Whether any key at all can begin with the text. */
function isPossible({ prefix }: Glob): boolean {
  return prefix === '' || keyFault(prefix) === undefined;
}

async function matchingKeys(engine: Engine, credential: Credential, glob: Glob): Promise<Reply> {
  if (!isPossible(glob)) {
    await engine.demandLive(credential);
    return [];
  }
  const keys: Buffer[] = [];
  let cursor: string | undefined;
  for (let walked = 0; walked < walkKeysMax; walked += limits.listMax) {
    const page = await listPage(engine, credential, { prefix: glob.prefix, limit: limits.listMax, cursor });
    for (const { key } of page.entries) if (glob.matches(key)) keys.push(Buffer.from(key));
    cursor = page.cursor;
    if (cursor === undefined) return keys;
  }
  throw new CommandError(
    `ERR KEYS looks through at most ${walkKeysMax} keys: use SCAN, or a pattern with a longer beginning`,
  );
}

async function scan(
  engine: Engine,
  credential: Credential,
  command: WideCommand & { kind: 'scan' },
): Promise<Reply> {
  const glob = compileGlob(command.pattern ?? '*');
  const isString = command.type === undefined || command.type === 'string';
  if (!isString || !isPossible(glob)) {
    await engine.demandLive(credential);
    return [Buffer.from(scanStart), []];
  }
  const page = await listPage(engine, credential, {
    prefix: glob.prefix,
    limit: command.count,
    cursor: readScanCursor(command.cursor),
  });
  const keys = page.entries.map(({ key }) => key).filter((key) => glob.matches(key));
  const shown = keys.flatMap((key) => {
    const name = Buffer.from(key);
    return command.withType ? [name, new Status('string')] : [name];
  });
  return [Buffer.from(writeScanCursor(page.cursor)), shown];
}

/**
 * Any key with the same chance, as long as there are no more than twice as many as it walks: it counts them, draws
 * a place, and walks there from the nearer end. Of more, it draws among those within reach.
 */
async function pickKey(engine: Engine, credential: Credential): Promise<Reply> {
  const { count = 0 } = await listPage(engine, credential, { limit: 1, count: true });
  if (count === 0) return null;
  const drawn = Math.floor(Math.random() * count);
  const reverse = drawn >= count / 2;
  const place = (reverse ? count - 1 - drawn : drawn) % walkKeysMax;
  let cursor: string | undefined;
  let last: string | undefined;
  for (let walked = 0; walked <= place; walked += limits.listMax) {
    const page = await listPage(engine, credential, { limit: limits.listMax, cursor, reverse });
    const key = page.entries[place - walked]?.key;
    last = key ?? page.entries.at(-1)?.key ?? last;
    cursor = page.cursor;
    // Keys that were deleted meanwhile leave fewer than were counted.
    if (key !== undefined || cursor === undefined) break;
  }
  return last === undefined ? null : Buffer.from(last);
}
