import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  DryRunQuery,
  type HistoryPage,
  HistoryQuery,
  limits,
  operations,
  type TrashPage,
  TrashQuery,
} from 'halo-contract';
import type { VersionSummary } from '../../engine/history.js';
import type { BuriedKey } from '../../engine/trash.js';
import { keyOf } from '../key-path.js';
import { compileQuery } from '../query.js';
import type { KeyRoutes } from './keys.js';

const readHistoryQuery = compileQuery(HistoryQuery);
const readTrashQuery = compileQuery(TrashQuery);
const readPurgeQuery = compileQuery(DryRunQuery);

const historyPathPrefix = operations.getHistory.path.replace('{key}', '');
const trashPathPrefix = operations.purgeKey.path.replace('{key}', '');

/** What keys were, and those that are no more. */
export async function historyRoutes(
  app: FastifyInstance,
  { engine, authenticate }: KeyRoutes,
): Promise<void> {
  app.removeAllContentTypeParsers();
  // Nothing here takes a body; one that comes with a DELETE all the same means nothing, RFC 9110 section 9.3.5.
  const options = { parseAs: 'buffer', bodyLimit: limits.smallBodyBytesMax } as const;
  app.addContentTypeParser('*', options, (_request, _body, done) => done(null));
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'private, no-cache');
  });

  app.get(`${historyPathPrefix}*`, async (request): Promise<HistoryPage> => {
    const key = keyOf(urlOf(request), historyPathPrefix);
    const { limit, cursor } = readHistoryQuery(urlOf(request));
    const query = { key, limit: limit ?? limits.listDefault, cursor };
    const history = await engine.history(await authenticate(request.raw), query);
    return { versions: history.versions.map(versionView), cursor: history.cursor ?? null };
  });

  app.get(operations.listTrash.path, async (request): Promise<TrashPage> => {
    const { prefix, limit, cursor } = readTrashQuery(urlOf(request));
    const query = { prefix: prefix ?? '', limit: limit ?? limits.listDefault, cursor };
    const page = await engine.trash(await authenticate(request.raw), query);
    return { entries: page.entries.map(buriedView), cursor: page.cursor ?? null };
  });

  app.delete(`${trashPathPrefix}*`, async (request, reply) => {
    const key = keyOf(urlOf(request), trashPathPrefix);
    const { dry_run } = readPurgeQuery(urlOf(request));
    await engine.purge(await authenticate(request.raw), key, dry_run ?? false);
    return reply.code(204).send();
  });
}

function versionView(version: VersionSummary): HistoryPage['versions'][number] {
  const { revision, kind, size, contentType, expiresAt, actor, writtenAt } = version;
  return {
    revision,
    kind,
    size,
    content_type: contentType,
    expires_at: expiresAt,
    actor,
    written_at: writtenAt,
  };
}

function buriedView({ key, revision, reason, deletedAt, size }: BuriedKey): TrashPage['entries'][number] {
  return { key, revision, reason, deleted_at: deletedAt, size };
}

function urlOf(request: FastifyRequest): string {
  return request.raw.url ?? '';
}
