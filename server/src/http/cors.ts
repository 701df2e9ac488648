import type { IncomingMessage, ServerResponse } from 'node:http';
import cors from 'cors';
import { fixedHeaders } from './problems.js';
import type { Step } from './step.js';

const methods = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'];
const allowedHeaders = [
  'authorization',
  'content-type',
  'accept',
  'halo-metadata',
  'if-match',
  'if-none-match',
  'last-event-id',
  // What the client of Upstash's Redis sends to /compat/upstash.
  'upstash-encoding',
  'upstash-sync-token',
  'upstash-telemetry-platform',
  'upstash-telemetry-retry',
  'upstash-telemetry-runtime',
  'upstash-telemetry-sdk',
  // What unstorage's driver sends to /compat/unstorage.
  'x-ttl',
  // What Cloudflare's client sends to /compat/cloudflare.
  'api-version',
  'user-agent',
  'x-stainless-arch',
  'x-stainless-lang',
  'x-stainless-os',
  'x-stainless-package-version',
  'x-stainless-retry-count',
  'x-stainless-runtime',
  'x-stainless-runtime-version',
  'x-stainless-timeout',
];
/** What scripts of another origin could not read otherwise. */
const exposedHeaders = [
  'etag',
  'halo-revision',
  'halo-created-at',
  'halo-expires-at',
  'halo-metadata',
  'x-request-id',
  'retry-after',
  'ratelimit',
  'ratelimit-policy',
  'location',
  'allow',
  'www-authenticate',
  'content-disposition',
  // When a value of /compat/unstorage, or of /compat/cloudflare, expires.
  'x-ttl',
  'expiration',
];
/** Two hours are the most that browsers remember the answer for. */
const maxAgeS = 7_200;

/**
 * Lets pages of the named origins use the API (WHATWG Fetch, section 3.2), by the tokens they hold: cookies do not
 * cross sites. It stands before everything that routes, so that refusals and streams can be read as well.
 */
export function allowOrigins(origins: readonly string[], nextRequestId: () => string): Step {
  const mark = cors({
    origin: [...origins],
    methods,
    allowedHeaders,
    exposedHeaders,
    maxAge: maxAgeS,
    // The package would send a Content-Length with its 204, which RFC 9110 forbids.
    preflightContinue: true,
  });
  return (next) => (request, response) => {
    if (isPreflight(request)) {
      mark(request, response, () => {
        for (const [name, value] of Object.entries(fixedHeaders(nextRequestId()))) {
          response.setHeader(name, value);
        }
        response.writeHead(204).end();
      });
    } else if (request.method === 'OPTIONS') {
      addVary(response, 'Origin');
      next(request, response);
    } else mark(request, response, () => next(request, response));
  };
}

/** Adds to `Vary` what an answer also depends on, where a header of its own would replace what is there. */
export function addVary(response: ServerResponse, field: string): void {
  const before = response.getHeader('vary');
  response.setHeader('vary', before === undefined ? field : `${String(before)}, ${field}`);
}

function isPreflight({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined
  );
}
