import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DeleteQuery, ListQuery, limits, operations, PutQuery } from 'halo-contract';
import type { Engine } from '../../engine/engine.js';
import { HaloError } from '../../errors.js';
import type { Authenticate } from '../authenticate.js';
import { conditionOf } from '../conditions.js';
import { pageJson } from '../entry-json.js';
import { expiryOf } from '../expiry.js';
import { checkEncoding } from '../json.js';
import { keyOf, keyPathPrefix } from '../key-path.js';
import { compileQuery } from '../query.js';
import { sendValue } from '../value-answer.js';
import { contentTypeOf, metadataOf } from '../value-headers.js';

export interface KeyRoutes {
  readonly engine: Engine;
  readonly authenticate: Authenticate;
}

const readPutQuery = compileQuery(PutQuery);
const readDeleteQuery = compileQuery(DeleteQuery);
const readListQuery = compileQuery(ListQuery);
const readNoQuery = compileQuery({ ...DeleteQuery, properties: {} });

/** A wildcard, because Fastify's named parameters end at a slash and at 100 characters. */
const keyPath = `${keyPathPrefix}*`;

/** Values under keys: raw bytes in and out. */
export async function keyRoutes(app: FastifyInstance, { engine, authenticate }: KeyRoutes): Promise<void> {
  app.removeAllContentTypeParsers();
  const options = { parseAs: 'buffer', bodyLimit: limits.valueBytesMax } as const;
  app.addContentTypeParser('*', options, (_request, body: Buffer, done) => done(null, body));

  app.get(keyPath, async (request, reply) => {
    const key = keyOf(urlOf(request));
    if (urlOf(request).includes('?')) readNoQuery(urlOf(request));
    const condition = conditionOf(undefined, request.headers['if-none-match']);
    const stored = await engine.get(await authenticate(request), key);
    if (stored === undefined) throw new HaloError('not-found', 'There is no such key.');
    const { noneMatch } = condition ?? {};
    const unchanged = noneMatch === '*' || noneMatch?.includes(stored.revision) === true;
    sendValue(request, reply, stored, unchanged);
    return reply;
  });

  app.put(keyPath, async (request, reply) => {
    const key = keyOf(urlOf(request));
    const { ttl, expires_at, dry_run } = readPutQuery(urlOf(request));
    checkEncoding(request.headers['content-encoding']);
    const set = {
      key,
      value: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
      contentType: contentTypeOf(request.headers['content-type']),
      metadata: metadataOf(singleHeader(request, 'halo-metadata')),
      expiry: expiryOf(ttl, expires_at),
      condition: conditionOf(request.headers['if-match'], request.headers['if-none-match']),
    };
    const { revision, created } = await engine.set(await authenticate(request), set, dry_run ?? false);
    return reply
      .code(created ? 201 : 200)
      .header('etag', `"${revision}"`)
      .send({ key, revision, created });
  });

  app.delete(keyPath, async (request) => {
    const key = keyOf(urlOf(request));
    const { dry_run } = readDeleteQuery(urlOf(request));
    const condition = conditionOf(request.headers['if-match'], request.headers['if-none-match']);
    const { revision } = await engine.delete(
      await authenticate(request),
      { key, condition },
      dry_run ?? false,
    );
    return { key, revision };
  });

  app.get(operations.listKeys.path, async (request, reply) => {
    const { prefix, start, end, reverse, limit, cursor } = readListQuery(urlOf(request));
    const page = await engine.list(await authenticate(request), {
      prefix: prefix ?? '',
      start,
      end,
      reverse: reverse ?? false,
      limit: limit ?? limits.listDefault,
      cursor,
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

function singleHeader({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
