import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ListQuery, limits, operations } from 'halo-contract';
import type { Engine } from '../../engine/engine.js';
import type { Authenticate } from '../authenticate.js';
import { pageJson } from '../entry-json.js';
import { compileQuery } from '../query.js';

export interface KeyRoutes {
  readonly engine: Engine;
  readonly authenticate: Authenticate;
}

const readListQuery = compileQuery(ListQuery);

/** The list of keys. Their values are served by `key-requests.ts`. */
export async function keyRoutes(app: FastifyInstance, { engine, authenticate }: KeyRoutes): Promise<void> {
  app.get(operations.listKeys.path, async (request, reply) => {
    const { prefix, start, end, delimiter, reverse, limit, cursor, values, count, at } = readListQuery(
      urlOf(request),
    );
    const page = await engine.list(await authenticate(request.raw), {
      prefix: prefix ?? '',
      start,
      end,
      delimiter,
      reverse: reverse ?? false,
      limit: limit ?? limits.listDefault,
      cursor,
      values: values ?? false,
      count: count ?? false,
      at,
    });
    return reply
      .header('content-type', 'application/json; charset=utf-8')
      .header('cache-control', 'private, no-cache')
      .send(pageJson(page));
  });
}

function urlOf(request: FastifyRequest): string {
  return request.raw.url ?? '';
}
