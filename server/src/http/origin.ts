import type { FastifyRequest } from 'fastify';
import type { Origin } from '../auth/origin.js';
import { clientAddress } from './proxies.js';

/** Where a request came from; behind a proxy that is trusted, where the proxy says. */
export function originOf(request: FastifyRequest): Origin {
  return { device: request.headers['user-agent'], address: clientAddress(request) };
}
