import cookie from '@fastify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  AccountDeletion,
  Credentials,
  operations,
  PasswordChange,
  RefreshRequest,
  SignUpRequest,
} from 'halo-contract';
import type { DefaultLimits } from '../../auth/account-view.js';
import { viewAccount } from '../../auth/account-view.js';
import type { Accounts, Granted } from '../../auth/accounts.js';
import { reportUsage } from '../../auth/activity.js';
import type { OwnAccount } from '../../auth/own-account.js';
import type { Database } from '../../database/database.js';
import type { Engine } from '../../engine/engine.js';
import { HaloError } from '../../errors.js';
import type { Authenticate } from '../authenticate.js';
import { acceptJson } from '../json.js';
import { originOf } from '../origin.js';
import {
  checkSameOrigin,
  clearSessionCookie,
  readSessionCookie,
  setSessionCookie,
} from '../session-cookie.js';
import { compileValidate } from '../validate.js';

export interface AccountRoutes {
  readonly accounts: Accounts;
  readonly ownAccount: OwnAccount;
  readonly engine: Pick<Engine, 'erase'>;
  readonly authenticate: Authenticate;
  readonly database: Database;
  readonly limits: DefaultLimits;
}

const validateSignUp = compileValidate(SignUpRequest);
const validateCredentials = compileValidate(Credentials);
const validatePasswordChange = compileValidate(PasswordChange);
const validateDeletion = compileValidate(AccountDeletion);
const validateRefresh = compileValidate(RefreshRequest);

/** Who deletes an account waits this long for the erasure of its data, which is then left to the sweeper. */
const erasureMsMax = 5_000;

/** Signing up, logging in and out, who is logged in, and leaving for good. */
export async function accountRoutes(app: FastifyInstance, options: AccountRoutes): Promise<void> {
  const { accounts, ownAccount, authenticate, database, engine, limits } = options;
  await app.register(cookie);
  acceptJson(app);
  // Answers here carry secrets or what belongs to one person.
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });

  app.post(operations.signUp.path, async (request, reply) => {
    const { name, password, cookie: inCookie, invite } = validateSignUp(request.body);
    if (inCookie === true) checkSameOrigin(request);
    const granted = await accounts.signUp({ name, password, invite, ...originOf(request) });
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
    return answerGrant(request, reply, await accounts.refresh(token, originOf(request)), inCookie === true);
  });

  app.post(operations.logOut.path, async (request, reply) => {
    const token = readSessionCookie(request);
    // A browser whose access token has run out still has to be able to log out.
    if (request.headers.authorization === undefined && token !== undefined) {
      checkSameOrigin(request);
      await accounts.logOutByRefreshToken(token, originOf(request));
    } else await accounts.logOut(await authenticate(request.raw), originOf(request));
    if (token !== undefined) clearSessionCookie(request, reply);
    return reply.code(204).send();
  });

  app.get(operations.getAccount.path, async (request) => {
    return viewAccount(database.kysely, await authenticate(request.raw), limits);
  });

  app.get(operations.getUsage.path, async (request) => {
    return reportUsage(database.kysely, await authenticate(request.raw));
  });

  app.post(operations.changePassword.path, async (request, reply) => {
    const change = validatePasswordChange(request.body);
    await ownAccount.changePassword(await authenticate(request.raw), change, originOf(request));
    return reply.code(204).send();
  });

  app.delete(operations.deleteAccount.path, async (request, reply) => {
    const { password } = validateDeletion(request.body);
    const credential = await authenticate(request.raw);
    await ownAccount.delete(credential, password, originOf(request));
    // The account is gone already: that its data could not be erased at once is no failure of the deletion.
    await engine.erase(credential.accountId, erasureMsMax).catch(() => {});
    if (readSessionCookie(request) !== undefined) clearSessionCookie(request, reply);
    return reply.code(204).send();
  });
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
