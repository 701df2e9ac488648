import type pg from 'pg';
import type { Flight } from '../database/database.js';
import { databaseError } from '../database/failure.js';
import type { Credential } from '../database/live-session.js';
import type { WireRow } from '../database/wire-reader.js';
import type { Wires } from '../database/wires.js';
import { HaloError } from '../errors.js';
import type { FlightWatch } from '../observability/flight-watch.js';
import { ofAccount } from './account-statements.js';
import {
  readBooleanArray,
  readByteaArray,
  readInt8Array,
  readTextArray,
  readTimestampArray,
} from './array-results.js';
import { int4, int4Array, int8, int8Array, textArray } from './arrays.js';
import { type Batcher, createBatcher } from './batcher.js';
import { credentialArrays, gatherCredentials } from './credentials.js';
import { prepared, readKeys, readValue } from './statements.js';
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

interface Read {
  readonly credential: Credential;
  readonly key: string;
}

/** Everything but the value, which is null when it was too large to travel with the flight. */
interface Found extends Omit<StoredValue, 'value'> {
  readonly value: Buffer | null;
}

/** Larger flights gain nothing: PostgreSQL's cost a key is flat from here on. */
const flightItemsMax = 256;
/** About a second's worth of reads; beyond it, waiting is worse than being told to come back. */
const queueItemsMax = 20_000;
const readBytes = 1;
/** Times `flightItemsMax` is what a flight can weigh: 16 MiB. */
const inlineValueBytesMax = 65_536;
const inlineBytesMax = int4(inlineValueBytesMax);

/** A large value that is overwritten and pruned between being found and being fetched is looked for again. */
const readsMax = 3;

export interface ReaderOptions {
  readonly wires: Wires;
  /** For values that are too large to travel with their flight. */
  readonly pool: pg.Pool;
  readonly flightsMax: number;
  /** Whether a flight may carry reads of several accounts. */
  readonly flight: Flight;
  readonly cache: VersionCache;
  readonly watch: FlightWatch;
}

export function createReader({ wires, pool, flightsMax, flight, cache, watch }: ReaderOptions): Reader {
  const batcher: Batcher<Read, Found | undefined> = createBatcher<Read, Found | undefined>({
    fly: watch.around((reads: readonly Read[]) => fly(wires, cache, reads, flight)),
    onShed: watch.shed,
    bytesOf: () => readBytes,
    ...(flight === 'account' ? { laneOf: ({ credential }) => credential.accountId, isLaneAlone: true } : {}),
    flightsMax,
    flightItemsMax,
    flightBytesMax: flightItemsMax * readBytes,
    queueItemsMax,
    queueBytesMax: queueItemsMax * readBytes,
  });
  watch.queue(() => batcher.waiting);
  const submit = watch.submitting(batcher.submit);
  return {
    get: async (credential, key) => {
      for (let reads = 1; reads <= readsMax; reads += 1) {
        const found = await submit({ credential, key });
        if (found === undefined) return undefined;
        const value = found.value ?? (await fetchValue(pool, credential.accountId, found.revision, key));
        if (value !== undefined) return { ...found, value };
      }
      throw new HaloError('unavailable', 'The value was overwritten again and again while it was read.');
    },
    close: () => batcher.close(),
  };
}

async function fly(
  wires: Wires,
  cache: VersionCache,
  reads: readonly Read[],
  flight: Flight,
): Promise<(Found | undefined | HaloError)[]> {
  const { credentials, places } = gatherCredentials(reads);
  const [accounts, ...sessions] = credentialArrays(credentials);
  const keys = textArray(reads.map((read) => read.key));
  const asked = [...sessions, int4Array(places), keys, inlineBytesMax];
  try {
    if (flight === 'account') {
      const values = [int8(credentials[0]?.accountId ?? 0), ...asked];
      const rows = await wires.run([{ ...ofAccount(readKeys), values }]);
      return parseFlight(
        rows[0]?.[0] ?? [],
        reads,
        places,
        reads.map(() => undefined),
        cache,
      );
    }
    const known = reads.map(({ credential, key }) => cache.find(credential.accountId, key));
    const knownAt = int8Array(known.map((it) => it?.at ?? null));
    const knownRevisions = int8Array(
      known.map((it) => (it === undefined ? null : (it.version?.revision ?? 0))),
    );
    const values = [accounts ?? null, ...asked, knownAt, knownRevisions, cache.server];
    const rows = await wires.run([{ ...readKeys, values }]);
    return parseFlight(rows[0]?.[0] ?? [], reads, places, known, cache);
  } catch (error) {
    cache.clear();
    throw databaseError(error, { committing: false });
  }
}

/** Shared by all who meet it: making an error costs a stack trace, and this one says nothing of its cause. */
const sessionEnded = new HaloError('session-ended', 'The session has ended.');
const outOfScope = new HaloError('insufficient-scope', 'This token reaches only keys with its prefix.');

/** @param known what was known of each key when it was asked for */
function parseFlight(
  row: WireRow,
  reads: readonly Read[],
  places: readonly number[],
  known: readonly (Known | undefined)[],
  cache: VersionCache,
): (Found | undefined | HaloError)[] {
  const lives = readBooleanArray(row[0]);
  const prefixes = readTextArray(row[1]);
  const storeRevisions = readInt8Array(row[2]);
  const server = row[3] ?? null;
  const outcomes: (Found | undefined | HaloError)[] = known.map((it) => it?.version);
  if (row[4] != null) {
    const revisions = readInt8Array(row[5]);
    const values = readByteaArray(row[6]);
    const contentTypes = readTextArray(row[7]);
    const metadata = readTextArray(row[8]);
    const created = readTimestampArray(row[9]);
    const written = readTimestampArray(row[10]);
    const expires = readTimestampArray(row[11]);
    readInt8Array(row[4]).forEach((place, index) => {
      const at = (place ?? 0) - 1;
      const read = reads[at];
      const revision = revisions[index];
      const contentType = contentTypes[index];
      const before = known[at]?.version;
      let found: Found | undefined;
      if (revision == null) found = undefined;
      else if (contentType == null) found = before;
      else {
        found = {
          revision,
          value: values[index] ?? null,
          contentType,
          metadata: metadata[index] ?? null,
          createdAtMs: created[index] ?? 0,
          writtenAtMs: written[index] ?? 0,
          expiresAtMs: expires[index] ?? null,
        };
      }
      outcomes[at] = found;
      const storeRevision = storeRevisions[(places[at] ?? 0) - 1];
      if (server !== null && read !== undefined && storeRevision != null) {
        if (found === undefined || isWhole(found))
          cache.keep(server, read.credential.accountId, read.key, storeRevision, found);
      }
    });
  }
  return outcomes.map((outcome, index) => {
    const place = (places[index] ?? 0) - 1;
    if (lives[place] !== true) return sessionEnded;
    const isInScope = reads[index]?.key.startsWith(prefixes[place] ?? '') === true;
    return isInScope ? outcome : outOfScope;
  });
}

function isWhole(found: Found): found is StoredValue {
  return found.value !== null;
}

/** A large value, on a connection of its own. Undefined when its version was pruned since it was found. */
async function fetchValue(
  pool: pg.Pool,
  accountId: string,
  revision: number,
  key: string,
): Promise<Buffer | undefined> {
  try {
    const { rows } = await pool.query<string[]>(prepared(readValue, [accountId, revision, key]));
    const hex = rows[0]?.[0];
    return hex == null ? undefined : Buffer.from(hex.slice(2), 'hex');
  } catch (error) {
    throw databaseError(error, { committing: false });
  }
}
