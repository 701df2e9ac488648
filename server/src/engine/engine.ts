import type { Database } from '../database/database.js';
import type { Credential } from '../database/live-session.js';
import type { StoreLimits } from './flight-state.js';
import { type Listing, list, type Page } from './lister.js';
import type { Condition, Mutation, SetMutation } from './plan.js';
import { createReader, type StoredValue } from './reader.js';
import { createWriter } from './writer.js';

/**
 * The verbs of the store. Keys, metadata and content types have been checked by the caller; whether the
 * session lives and reaches the key is checked here, in the statement that does the work.
 */
export interface Engine {
  get(credential: Credential, key: string): Promise<StoredValue | undefined>;
  set(credential: Credential, set: Omit<SetMutation, 'kind'>, dryRun: boolean): Promise<Written>;
  delete(credential: Credential, deletion: Deletion, dryRun: boolean): Promise<Written>;
  list(credential: Credential, listing: Listing): Promise<Page>;
  /** Lets what is under way finish and refuses what comes after with `unavailable`. */
  close(): Promise<void>;
}

export interface Deletion {
  readonly key: string;
  readonly condition: Condition | undefined;
}

export interface Written {
  readonly revision: number;
  readonly created: boolean;
}

export interface EngineOptions {
  readonly limits: StoreLimits;
  readonly readFlightsMax: number;
  readonly writeFlightsMax: number;
}

export function createEngine(database: Database, options: EngineOptions): Engine {
  const reader = createReader(database.readers, options.readFlightsMax);
  const writer = createWriter(database.writers, options.writeFlightsMax, options.limits);

  async function commitOne(credential: Credential, mutation: Mutation, dryRun: boolean): Promise<Written> {
    const { revision, results } = await writer.commit({ credential, mutations: [mutation], dryRun });
    return { revision, created: results[0]?.created ?? false };
  }

  return {
    get: reader.get,
    set: (credential, set, dryRun) => commitOne(credential, { kind: 'set', ...set }, dryRun),
    delete: (credential, deletion, dryRun) => commitOne(credential, { kind: 'delete', ...deletion }, dryRun),
    list: (credential, listing) => list(database.readers, credential, listing),
    close: async () => {
      await Promise.all([reader.close(), writer.close()]);
    },
  };
}
