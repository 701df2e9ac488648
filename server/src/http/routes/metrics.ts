import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { HaloError } from '../../errors.js';
import type { Metrics } from '../../observability/metrics.js';
import { createProxies } from '../proxies.js';

export interface MetricsRoutes {
  readonly metrics: Metrics;
  /** What a scraper proves itself with; undefined: it has to be on this machine. */
  readonly metricsToken: string | undefined;
}

/** Headers that proxies leave, or browsers on behalf of other sites: what has one did not come straight from here. */
const traces = /^(?:x-forwarded-.*|forwarded|x-real-ip|via|origin)$/;
/** With another name, a page of that name could have had it resolved to this machine. */
const localHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/** `/metrics`, for Prometheus: with a token where one is set, else for this machine alone. */
export async function metricsRoutes(app: FastifyInstance, options: MetricsRoutes): Promise<void> {
  const { metrics, metricsToken } = options;
  const loopback = createProxies(['127.0.0.0/8', '::1/128']);
  const expected = metricsToken === undefined ? undefined : digest(`Bearer ${metricsToken}`);

  const mayRead = (address: string | undefined, headers: IncomingHttpHeaders): boolean => {
    if (expected !== undefined) return timingSafeEqual(digest(withScheme(headers.authorization)), expected);
    return (
      loopback.trusts(address) &&
      localHost.test(headers.host ?? '') &&
      !Object.keys(headers).some((name) => traces.test(name))
    );
  };

  app.get('/metrics', async (request, reply) => {
    // The socket's address, which no header can change.
    if (!mayRead(request.socket.remoteAddress, request.headers)) {
      const detail =
        metricsToken === undefined
          ? 'Without HALO_METRICS_TOKEN, metrics are only for this machine.'
          : 'Send the metrics token as Authorization: Bearer.';
      throw new HaloError('unauthenticated', detail);
    }
    const text = await metrics.text();
    return reply
      .header('content-type', metrics.contentType)
      .header('cache-control', 'no-store')
      .send(Buffer.from(text));
  });
}

/** Equal in length, so that the comparison takes as long for every guess. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** RFC 9110: the name of a scheme may be written in any case. */
function withScheme(authorization = ''): string {
  return authorization.replace(/^bearer /i, 'Bearer ');
}
