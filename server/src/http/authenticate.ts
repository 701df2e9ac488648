import type { IncomingMessage } from 'node:http';
import type { Activity } from '../auth/activity.js';
import { createCredentialReader } from '../auth/credential.js';
import type { Tokens } from '../auth/tokens.js';
import type { Credential } from '../database/live-session.js';

/** Reads a request's credential. Whether its session lives is asked by the statement that does the work. */
export type Authenticate = (
  request: Pick<IncomingMessage, 'headers' | 'method' | 'url'>,
) => Credential | Promise<Credential>;

/** What asks without changing anything, although its method is that of a change. */
const readingPath = /^\/v1\/read$|^\/compat\/cloudflare\/.*\/bulk\/get$/;

/**
 * @param activity where each request is counted
 * @returns a function that throws or rejects with HaloError `unauthenticated`
 */
export function createAuthenticate(tokens: Tokens, activity: Pick<Activity, 'note'>): Authenticate {
  const readCredential = createCredentialReader(tokens);
  return ({ headers, method, url }) => {
    const credential = readCredential(headers.authorization);
    const reads = method === 'GET' || method === 'HEAD' || readingPath.test(url ?? '');
    const kind = reads ? 'read' : 'write';
    if (credential instanceof Promise) {
      return credential.then((proven) => {
        activity.note(proven, kind);
        return proven;
      });
    }
    activity.note(credential, kind);
    return credential;
  };
}
