import type { Flight } from '../database/database.js';
import { databaseError } from '../database/failure.js';
import type { Credential } from '../database/live-session.js';
import type { Wires } from '../database/wires.js';
import { HaloError } from '../errors.js';
import type { FlightWatch } from '../observability/flight-watch.js';
import { ofAccount } from './account-statements.js';
import { int4, int4Array, int8, int8Array, textArray } from './arrays.js';
import { type Batcher, createBatcher } from './batcher.js';
import { credentialArrays, gatherCredentials } from './credentials.js';
import { type AnsweredSession, type Found, readAnswer } from './read-answer.js';
import { readKeys, readValue } from './statements.js';
import type { StoredValue } from './stored-value.js';
import type { Known, VersionCache } from './version-cache.js';

/**
 * Reads keys, a flight at a time, each flight one statement. Its promise: in the statement of each read, PostgreSQL
 * checks the session and either hands the key over or says that nothing in the store has changed since it did, so that
 * an ended session is dead with its next request, and a write is seen by the next read, on every replica.
 */
export interface Reader {
  /**
   * The key's current version, or undefined when it does not exist.
   *
   * @throws HaloError `session-ended`, `insufficient-scope`, `overloaded`, `unavailable`
   */
  get(credential: Credential, key: string): Promise<StoredValue | undefined>;
  close(): Promise<void>;
}

interface Version {
  readonly accountId: string;
  readonly revision: number;
  readonly key: string;
}

interface Read {
  readonly credential: Credential;
  readonly key: string;
}

/** What has to be fetched apart. It may wait for that, and so holds nothing else of its flight. */
interface Large {
  readonly found: Found;
  readonly asOf: AsOf;
}

/** Where and when a key was found to be what it is. */
interface AsOf {
  readonly serverStart: Buffer | null;
  readonly storeRevision: number | undefined;
}

type Outcome = StoredValue | Large | undefined;

/** PostgreSQL's cost a key is flat from a few dozen on; this is for thousands of busy connections, as in `writer.ts`. */
const flightItemsMax = 512;
/** Up to here and for so long, waiting is better than being told to come back. */
const queueItemsMin = 20_000;
const queueMsMax = 2_000;
const queueItemsMax = 100_000;
const readBytes = 1;
/** Times `flightItemsMax` is what a flight can weigh: 32 MiB. */
const inlineValueBytesMax = 65_536;
const inlineBytesMax = int4(inlineValueBytesMax);

/** Large values that may wait to be read. */
const fetchQueueMax = 1_000;

/** A large value that is overwritten and pruned between being found and being fetched is looked for again. */
const readsMax = 3;

export interface ReaderOptions {
  readonly wires: Wires;
  readonly flightsMax: number;
  /** Of values that are too large to travel with their flight, how many are read at once. */
  readonly largeReadsMax: number;
  /** Whether a flight may carry reads of several accounts. */
  readonly flight: Flight;
  readonly cache: VersionCache;
  readonly watch: FlightWatch;
}

export function createReader({
  wires,
  flightsMax,
  largeReadsMax,
  flight,
  cache,
  watch,
}: ReaderOptions): Reader {
  const batcher: Batcher<Read, Outcome> = createBatcher<Read, Outcome>({
    fly: watch.around((reads: readonly Read[]) => fly(wires, cache, reads, flight)),
    onShed: watch.shed,
    bytesOf: () => readBytes,
    ...(flight === 'account' ? { laneOf: ({ credential }) => credential.accountId, isLaneAlone: true } : {}),
    flightsMax,
    flightItemsMax,
    flightBytesMax: flightItemsMax * readBytes,
    queueItemsMin,
    queueMsMax,
    queueItemsMax,
    queueBytesMax: queueItemsMax * readBytes,
  });
  const fetcher = createBatcher<Version, Buffer | undefined>({
    fly: async (versions) => Promise.all(versions.map((version) => fetchValue(wires, version))),
    onShed: watch.shed,
    bytesOf: () => readBytes,
    flightsMax: largeReadsMax,
    flightItemsMax: 1,
    flightBytesMax: readBytes,
    queueItemsMin: fetchQueueMax,
    queueMsMax,
    queueItemsMax: fetchQueueMax,
    queueBytesMax: fetchQueueMax,
  });
  watch.queue(() => batcher.waiting + fetcher.waiting);
  const submit = watch.submitting(batcher.submit);

  /** What is being fetched, by version. */
  const underWay = new Map<string, Promise<Buffer | undefined>>();

  /** One fetch for all who want a version at the same time: it never changes, and copies of it would fill the memory. */
  function fetchOnce(version: Version): Promise<Buffer | undefined> {
    const { accountId, revision, key } = version;
    const name = `${accountId} ${revision} ${key}`;
    const present = underWay.get(name);
    if (present !== undefined) return present;
    const fetched = fetcher.submit(version).finally(() => underWay.delete(name));
    underWay.set(name, fetched);
    return fetched;
  }

  /** The value apart, while somebody may be overwriting it. */
  async function getLarge(read: Read, large: Large): Promise<StoredValue | undefined> {
    let latest: Outcome = large;
    for (let reads = 1; isLarge(latest) && reads <= readsMax; reads += 1) {
      const { found, asOf } = latest;
      const { revision } = found;
      const value = await fetchOnce({ accountId: read.credential.accountId, revision, key: read.key });
      if (value !== undefined) {
        const whole = { ...found, value };
        offer(cache, asOf, read, whole);
        return whole;
      }
      latest = await submit(read);
    }
    if (!isLarge(latest)) return latest;
    throw new HaloError('unavailable', 'The value was overwritten again and again while it was read.');
  }

  return {
    get: (credential, key) => {
      const read = { credential, key };
      return submit(read).then((outcome) => (isLarge(outcome) ? getLarge(read, outcome) : outcome));
    },
    close: async () => {
      await batcher.close();
      await fetcher.close();
    },
  };
}

async function fly(
  wires: Wires,
  cache: VersionCache,
  reads: readonly Read[],
  flight: Flight,
): Promise<(Outcome | HaloError)[]> {
  const { credentials, places } = gatherCredentials(reads);
  const [accounts, ...sessions] = credentialArrays(credentials);
  const keys = textArray(reads.map((read) => read.key));
  const asked = [...sessions, int4Array(places), keys, inlineBytesMax];
  const known = reads.map(({ credential, key }) => cache.find(credential.accountId, key));
  const bound =
    flight === 'account'
      ? { ...ofAccount(readKeys), values: [int8(credentials[0]?.accountId ?? 0), ...asked] }
      : { ...readKeys, values: [accounts ?? null, ...asked, ...knownArrays(known), cache.serverStart] };
  try {
    const [rows] = await wires.run([bound]);
    const { serverStart, sessions: answered, lookedUp } = readAnswer(rows?.[0] ?? []);
    const outcomes: Outcome[] = known.map((it) => it?.version);
    for (const { index, found } of lookedUp) {
      const read = reads[index];
      if (read === undefined) continue;
      const asOf = { serverStart, storeRevision: answered[(places[index] ?? 0) - 1]?.storeRevision };
      if (found === 'known') offer(cache, asOf, read, known[index]?.version);
      else if (found === undefined || isWhole(found)) {
        outcomes[index] = found;
        offer(cache, asOf, read, found);
      } else
        outcomes[index] = { found, asOf: { ...asOf, serverStart: serverStart && Buffer.from(serverStart) } };
    }
    return reads.map(({ key }, index) => judge(answered[(places[index] ?? 0) - 1], key) ?? outcomes[index]);
  } catch (error) {
    // What PostgreSQL has lost, it may have told before.
    cache.clear();
    throw databaseError(error, { committing: false });
  }
}

function offer(
  cache: VersionCache,
  { serverStart, storeRevision }: AsOf,
  { credential, key }: Read,
  whole: StoredValue | undefined,
): void {
  if (serverStart === null || storeRevision === undefined) return;
  cache.offer(serverStart, credential.accountId, key, storeRevision, whole);
}

/** $7 and $8 of `readKeys`. */
function knownArrays(known: readonly (Known | undefined)[]): Buffer[] {
  return [
    int8Array(known.map((it) => it?.at ?? null)),
    int8Array(known.map((it) => (it === undefined ? null : (it.version?.revision ?? 0)))),
  ];
}

/** Shared by all who meet it: making an error costs a stack trace, and this one says nothing of its cause. */
const sessionEnded = new HaloError('session-ended', 'The session has ended.');
const outOfScope = new HaloError('insufficient-scope', 'This token reaches only keys with its prefix.');

/** Why a session may not read the key; undefined: it may. */
function judge(session: AnsweredSession | undefined, key: string): HaloError | undefined {
  if (session?.lives !== true) return sessionEnded;
  return key.startsWith(session.prefix) ? undefined : outOfScope;
}

function isWhole(found: Found): found is StoredValue {
  return found.value !== null;
}

function isLarge(outcome: Outcome): outcome is Large {
  return outcome !== undefined && 'found' in outcome;
}

/** The value alone, undefined when its version was pruned since it was found. */
async function fetchValue(wires: Wires, { accountId, revision, key }: Version): Promise<Buffer | undefined> {
  try {
    const values = [int8(accountId), int8(revision), Buffer.from(key)];
    const [rows] = await wires.run([{ ...readValue, values }]);
    return rows?.[0]?.[0] ?? undefined;
  } catch (error) {
    throw databaseError(error, { committing: false });
  }
}
