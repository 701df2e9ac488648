import type { IncomingMessage } from 'node:http';
import { operations } from 'halo-contract';
import type { Activity } from '../auth/activity.js';
import { createCredentialReader } from '../auth/credential.js';
import type { Tokens } from '../auth/tokens.js';
import type { Credential } from '../database/live-session.js';

/** Reads a request's credential. Whether its session lives is asked by the statement that does the work. */
export type Authenticate = (
  request: Pick<IncomingMessage, 'headers' | 'method' | 'url'>,
) => Credential | Promise<Credential>;

/** What asks without changing anything, although its method is that of a change. */
const readingPaths = new Set<string | undefined>([operations.read.path]);

function isBulkGet(url: string | undefined): boolean {
  return url?.startsWith('/compat/cloudflare/') === true && url.endsWith('/bulk/get');
}

/**
 * @param activity where each request is counted
 * @returns a function that throws or rejects with HaloError `unauthenticated`
 */
export function createAuthenticate(tokens: Tokens, activity: Pick<Activity, 'note'>): Authenticate {
  const readCredential = createCredentialReader(tokens);
  return ({ headers, method, url }) => {
    const credential = readCredential(headers.authorization);
    const reads = method === 'GET' || method === 'HEAD' || readingPaths.has(url) || isBulkGet(url);
    const note = (proven: Credential): Credential => {
      activity.note(proven, reads ? 'read' : 'write');
      return proven;
    };
    return credential instanceof Promise ? credential.then(note) : note(credential);
  };
}
