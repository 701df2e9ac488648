import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { operations } from 'halo-contract';
import { createMemo } from '../auth/memo.js';
import type { Credential } from '../database/live-session.js';
import { HaloError } from '../errors.js';
import { createAllowances, type Quota } from './allowances.js';
import type { Authenticate } from './authenticate.js';
import { isUpstash } from './compat/upstash/request.js';
import { operationAt } from './operation-at.js';
import type { Step } from './step.js';

export interface RateLimitOptions {
  readonly quota: Quota;
  readonly authenticate: Authenticate;
  readonly refuse: (request: IncomingMessage, response: ServerResponse, error: HaloError) => void;
  readonly countThrottled: (rule: string) => void;
}

/** API tokens that were accepted lately; one that is forgotten is asked to prove itself once more. */
const provenMax = 20_000;

/** Whoever is flooded by a token of theirs has to be able to end it. */
const neverRefused: ReadonlySet<string> = new Set([
  operations.logOut.id,
  operations.changePassword.id,
  operations.endSession.id,
  operations.endOtherSessions.id,
  operations.revokeToken.id,
]);

/** Refusals that come from the data, and so from behind the check of the session. */
const refusalsByData: ReadonlySet<number> = new Set([404, 409, 410, 412, 507]);

/**
 * Limits what one account may ask of this process, whichever of its sessions and tokens asks. Nobody else can use
 * up its quota, nor learn how much is left: a request counts when its credential has proved itself. For an access
 * token that is its signature. An API token merely names its account until PostgreSQL has compared its secret: the
 * first answer that shows as much counts, and from then on it is like the others. An answer of 401 never counts.
 *
 * `RateLimit` and `RateLimit-Policy` are those of draft-ietf-httpapi-ratelimit-headers-11.
 */
export function createRateLimit(options: RateLimitOptions): Step {
  const { quota, authenticate, refuse, countThrottled } = options;
  const allowances = createAllowances(quota);
  const proven = createMemo<boolean>(provenMax);
  const policy = `"default";q=${quota.requests};w=${quota.seconds}`;

  function showAllowance(response: ServerResponse, accountId: string): void {
    const { remaining, nextS } = allowances.allowanceOf(accountId);
    response.setHeader('ratelimit-policy', policy);
    response.setHeader('ratelimit', `"default";r=${remaining};t=${nextS}`);
  }

  /** Takes from the quota, or refuses. False: it was refused. */
  function admit(request: IncomingMessage, response: ServerResponse, credential: Credential): boolean {
    const { accountId } = credential;
    const isProven = hasProved(credential);
    const isTaken = isProven && allowances.take(accountId);
    if (isProven && !isTaken && !isNeverRefused(request)) {
      countThrottled('requests');
      showAllowance(response, accountId);
      const retryAfterS = allowances.allowanceOf(accountId).nextS;
      const detail = `An account may make ${quota.requests} requests in ${quota.seconds} s. Try again in ${retryAfterS} s.`;
      refuse(request, response, new HaloError('rate-limited', detail, { retryAfterS }));
      return false;
    }
    whenAnswered(response, (status) => {
      if (status === 401) {
        if (isTaken) allowances.refund(accountId);
        forget(credential);
        return;
      }
      if (!isProven && !provesCredential(request, status)) return;
      if (!isProven) {
        remember(credential);
        allowances.charge(accountId);
      }
      showAllowance(response, accountId);
    });
    return true;
  }

  function hasProved(credential: Credential): boolean {
    return credential.secretHash === undefined || proven.get(nameOf(credential)) === true;
  }

  function remember(credential: Credential): void {
    proven.set(nameOf(credential), true);
  }

  function forget(credential: Credential): void {
    const name = nameOf(credential);
    if (proven.get(name) === true) proven.set(name, false);
  }

  return (next) => (request, response) => {
    const serve = (credential: Credential): void => {
      if (admit(request, response, credential)) next(request, response);
    };
    // What proves nothing is not limited here; whether that matters is for the route to say.
    const pass = (): void => next(request, response);
    const found = credentialOf(request, authenticate);
    if (found === undefined) pass();
    else if (found instanceof Promise) found.then(serve, pass);
    else serve(found);
  };
}

/**
 * Verifies the token of a request once, and counts the request once, although both the rate limit and the route ask. The headers are what Node's request and Fastify's have in common.
 */
export function authenticateOnce(authenticate: Authenticate): Authenticate {
  const verifying = new WeakMap<IncomingHttpHeaders, Credential | Promise<Credential>>();
  return (request) => {
    const { headers } = request;
    const known = verifying.get(headers);
    if (known !== undefined) return known;
    const credential = authenticate(request);
    verifying.set(headers, credential);
    return credential;
  };
}

function credentialOf(
  request: IncomingMessage,
  authenticate: Authenticate,
): Credential | Promise<Credential> | undefined {
  if (request.headers.authorization === undefined) return undefined;
  try {
    return authenticate(request);
  } catch {
    return undefined;
  }
}

/** Calls back just before the head of the answer is written, when headers can still be added. */
function whenAnswered(response: ServerResponse, then: (status: number) => void): void {
  const { writeHead } = response;
  const settle = (status: number, ...rest: unknown[]) => {
    response.writeHead = writeHead;
    then(status);
    return Reflect.apply(writeHead, response, [status, ...rest]);
  };
  response.writeHead = settle as typeof writeHead;
}

/**
 * Whether an answer shows that PostgreSQL has accepted the credential. What is refused for its form may have been
 * so before anybody was asked.
 */
function provesCredential({ method = '', url = '' }: IncomingMessage, status: number): boolean {
  if (isUpstash(url)) return status < 400;
  const operation = operationAt(method, url);
  if (operation?.authenticated !== true) return false;
  const isData = operation.tag === 'Keys' || operation.tag === 'History';
  return status < 400 || (isData && refusalsByData.has(status));
}

function isNeverRefused({ method = '', url = '' }: IncomingMessage): boolean {
  return neverRefused.has(operationAt(method, url)?.id ?? '');
}

function nameOf({ accountId, sessionId, secretHash }: Credential): string {
  return `${accountId} ${sessionId} ${secretHash?.toString('latin1') ?? ''}`;
}
