import type { FastifyBaseLogger } from 'fastify';
import { bodyRoom } from './body-room.js';
import { allowOrigins } from './cors.js';
import type { Proxies } from './proxies.js';
import type { Step } from './step.js';

export interface EntranceOptions {
  readonly logger: FastifyBaseLogger;
  readonly nextRequestId: () => string;
  readonly proxies: Proxies;
  readonly trustedProxies: readonly string[];
  readonly corsOrigins: readonly string[];
  /** Undefined: requests are not limited. */
  readonly limitRate: Step | undefined;
}

/**
 * What every request passes before it is routed, in Fastify or before it. Steps that are switched off do not exist,
 * so that they cost nothing.
 */
export function createEntrance(options: EntranceOptions): Step {
  const { logger, nextRequestId, proxies, trustedProxies, corsOrigins, limitRate } = options;
  const steps = [
    trustedProxies.length === 0 ? warnOfProxy(logger) : keepToTls(proxies),
    ...(corsOrigins.length === 0 ? [] : [allowOrigins(corsOrigins, nextRequestId)]),
    ...(limitRate === undefined ? [] : [limitRate]),
    bodyRoom.step,
  ];
  return (serve) => steps.reduceRight((next, step) => step(next), serve);
}

/**
 * RFC 6797, after OWASP ASVS 5.0, 3.4.1: a year, and for the hosts below this one as well, from which cookies could
 * be set otherwise. Never on plain http, where browsers ignore it.
 */
const strictTransportSecurity = 'max-age=31536000; includeSubDomains';

function keepToTls(proxies: Proxies): Step {
  return (next) => (request, response) => {
    if (proxies.isHttps(request)) response.setHeader('strict-transport-security', strictTransportSecurity);
    next(request, response);
  };
}

/** Says once what an operator would otherwise find out from a list of sessions that all come from one address. */
function warnOfProxy(logger: FastifyBaseLogger): Step {
  let hasWarned = false;
  return (next) => (request, response) => {
    if (!hasWarned && request.headers['x-forwarded-for'] !== undefined) {
      hasWarned = true;
      logger.warn(
        'A request carries X-Forwarded-For, which is ignored because TRUST_PROXY is not set. If a proxy of yours ' +
          'stands before Halo, set TRUST_PROXY to its address.',
      );
    }
    next(request, response);
  };
}
