import type { IncomingMessage } from 'node:http';
import { readCredential } from '../auth/credential.js';
import type { Tokens } from '../auth/tokens.js';
import type { Credential } from '../database/live-session.js';

/** Reads a request's credential. Whether its session lives is asked by the statement that does the work. */
export type Authenticate = (request: Pick<IncomingMessage, 'headers'>) => Credential | Promise<Credential>;

/** @returns a function that throws or rejects with HaloError `unauthenticated` */
export function createAuthenticate(tokens: Tokens): Authenticate {
  return (request) => readCredential(request.headers.authorization, tokens);
}
