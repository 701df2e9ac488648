import type pg from 'pg';
import { databaseError } from '../database/failure.js';
import type { Credential } from '../database/live-session.js';
import { HaloError } from '../errors.js';
import { int4Array, textArray } from './arrays.js';
import { type Batcher, createBatcher } from './batcher.js';
import { credentialArrays, gatherCredentials } from './credentials.js';
import { rfc3339 } from './instant.js';
import { prepared, type Row, readKeys, readValue } from './statements.js';

/**
 * Reads keys, a flight at a time, each flight one statement. Its promise: the session of every read is
 * checked in the statement that reads, and nothing is remembered between flights, so that an ended session
 * is dead with its next request, on every replica.
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

export interface StoredValue {
  readonly revision: number;
  readonly value: Buffer;
  readonly contentType: string;
  /** JSON text. */
  readonly metadata: string | null;
  /** RFC 3339, like the two below. */
  readonly createdAt: string;
  readonly writtenAt: string;
  readonly expiresAt: string | null;
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
/** Times `flightItemsMax`, twice over for PostgreSQL's hex, is what a flight can weigh: 32 MiB. */
const inlineValueBytesMax = 65_536;

/** A large value that is overwritten and pruned between being found and being fetched is looked for again. */
const readsMax = 3;

export function createReader(pool: pg.Pool, flightsMax: number): Reader {
  const batcher: Batcher<Read, Found | undefined> = createBatcher<Read, Found | undefined>({
    fly: (reads) => fly(pool, reads),
    bytesOf: () => readBytes,
    flightsMax,
    flightItemsMax,
    flightBytesMax: flightItemsMax * readBytes,
    queueItemsMax,
    queueBytesMax: queueItemsMax * readBytes,
  });
  return {
    get: async (credential, key) => {
      for (let reads = 1; reads <= readsMax; reads += 1) {
        const found = await batcher.submit({ credential, key });
        if (found === undefined) return undefined;
        const value = found.value ?? (await fetchValue(pool, credential.accountId, found.revision, key));
        if (value !== undefined) return { ...found, value };
      }
      throw new HaloError('unavailable', 'The value was overwritten again and again while it was read.');
    },
    close: () => batcher.close(),
  };
}

async function fly(pool: pg.Pool, reads: readonly Read[]): Promise<(Found | undefined | HaloError)[]> {
  const { credentials, places } = gatherCredentials(reads);
  const statement = prepared(readKeys, [
    ...credentialArrays(credentials),
    int4Array(places),
    textArray(reads.map((read) => read.key)),
    inlineValueBytesMax,
  ]);
  const outcomes: (Found | undefined | HaloError)[] = new Array(reads.length).fill(sessionEnded);
  try {
    const { rows } = await pool.query<string[]>(statement);
    for (const row of rows as readonly Row[]) outcomes[Number(row[0]) - 1] = parseRow(row);
  } catch (error) {
    throw databaseError(error, { committing: false });
  }
  return outcomes;
}

/** Shared by all who meet it: making an error costs a stack trace, and this one says nothing of its cause. */
const sessionEnded = new HaloError('session-ended', 'The session has ended.');
const outOfScope = new HaloError('insufficient-scope', 'This token reaches only keys with its prefix.');

function parseRow([
  ,
  inScope,
  revision,
  ,
  value,
  contentType,
  metadata,
  createdAt,
  writtenAt,
  expiresAt,
]: Row): Found | undefined | HaloError {
  if (inScope !== 't') return outOfScope;
  if (revision == null || contentType == null || createdAt == null || writtenAt == null) return undefined;
  return {
    revision: Number(revision),
    // PostgreSQL writes bytea as \x and hexadecimal digits.
    value: value == null ? null : Buffer.from(value.slice(2), 'hex'),
    contentType,
    metadata: metadata ?? null,
    createdAt: rfc3339(createdAt),
    writtenAt: rfc3339(writtenAt),
    expiresAt: expiresAt == null ? null : rfc3339(expiresAt),
  };
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
