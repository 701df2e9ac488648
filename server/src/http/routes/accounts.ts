import cookie from '@fastify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Credentials, operations, RefreshRequest } from 'halo-contract';
import type { DefaultLimits } from '../../auth/account-view.js';
import { viewAccount } from '../../auth/account-view.js';
import type { Accounts, Granted } from '../../auth/accounts.js';
import type { Database } from '../../database/database.js';
import { HaloError } from '../../errors.js';
import type { Authenticate } from '../authenticate.js';
import { acceptJson } from '../json.js';
import { clientAddress } from '../proxies.js';
import {
  checkSameOrigin,
  clearSessionCookie,
  readSessionCookie,
  setSessionCookie,
} from '../session-cookie.js';
import { compileValidate } from '../validate.js';

export interface AccountRoutes {
  readonly accounts: Accounts;
  readonly authenticate: Authenticate;
  readonly database: Database;
  readonly limits: DefaultLimits;
}

const validateCredentials = compileValidate(Credentials);
const validateRefresh = compileValidate(RefreshRequest);

/** Signing up, logging in and out, and who is logged in. */
export async function accountRoutes(app: FastifyInstance, options: AccountRoutes): Promise<void> {
  const { accounts, authenticate, database, limits } = options;
  await app.register(cookie);
  acceptJson(app);
  // Answers here carry secrets or what belongs to one person.
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });

  app.post(operations.signUp.path, async (request, reply) => {
    const { name, password, cookie: inCookie } = validateCredentials(request.body);
    if (inCookie === true) checkSameOrigin(request);
    const granted = await accounts.signUp({ name, password, ...originOf(request) });
    return answerGrant(request, reply.code(201), granted, inCookie === true);
  });

  app.post(operations.logIn.path, async (request, reply) => {
    const { name, password, cookie: inCookie } = validateCredentials(request.body);
    if (inCookie === true) checkSameOrigin(request);
    const granted = await accounts.logIn({ name, password, ...originOf(request) });
    return answerGrant(request, reply, granted, inCookie === true);
  });

  app.post(operations.refresh.path, async (request, reply) => {
    const { refresh_token: sent, cookie: inCookie } = validateRefresh(request.body ?? {});
    if (inCookie === true) checkSameOrigin(request);
    const token = inCookie === true ? readSessionCookie(request) : sent;
    if (token === undefined) {
      const detail = inCookie === true ? 'There is no session cookie.' : '/refresh_token is missing.';
      throw inCookie === true
        ? new HaloError('unauthenticated', detail)
        : new HaloError('invalid-request', detail, { extra: { pointer: '/refresh_token' } });
    }
    return answerGrant(request, reply, await accounts.refresh(token), inCookie === true);
  });

  app.post(operations.logOut.path, async (request, reply) => {
    const token = readSessionCookie(request);
    // A browser whose access token has run out still has to be able to log out.
    if (request.headers.authorization === undefined && token !== undefined) {
      checkSameOrigin(request);
      await accounts.logOutByRefreshToken(token);
    } else await accounts.logOut(await authenticate(request));
    if (token !== undefined) clearSessionCookie(request, reply);
    return reply.code(204).send();
  });

  app.get(operations.getAccount.path, async (request) => {
    return viewAccount(database.kysely, await authenticate(request), limits);
  });
}

function originOf(request: FastifyRequest): { device: string | undefined; address: string } {
  return { device: request.headers['user-agent'], address: clientAddress(request) };
}

function answerGrant(
  request: FastifyRequest,
  reply: FastifyReply,
  granted: Granted,
  inCookie: boolean,
): object {
  if (!inCookie) return reply.send({ ...granted.grant, refresh_token: granted.refreshToken });
  setSessionCookie(request, reply, granted.refreshToken, granted.expiresAt);
  return reply.send(granted.grant);
}
