import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ChangesQuery, limits, operations } from 'halo-contract';
import type { Engine } from '../../engine/engine.js';
import type { Watch } from '../../engine/watcher.js';
import { HaloError } from '../../errors.js';
import { acceptedOf } from '../accept.js';
import type { Authenticate } from '../authenticate.js';
import { changesJson } from '../change-json.js';
import { addVary } from '../cors.js';
import { createEventStream } from '../event-stream.js';
import { fixedHeaders } from '../problems.js';
import { compileQuery } from '../query.js';

export interface ChangeRoutes {
  readonly engine: Engine;
  readonly authenticate: Authenticate;
}

const readQuery = compileQuery(ChangesQuery);

/** The change feed: as pages, and as a stream that stays open. */
export async function changeRoutes(
  app: FastifyInstance,
  { engine, authenticate }: ChangeRoutes,
): Promise<void> {
  // Streams would otherwise be waited for like requests in flight.
  app.addHook('preClose', () => engine.endWatches());

  app.get(operations.listChanges.path, async (request, reply) => {
    const { since, prefix = '', values = false, limit } = readQuery(request.raw.url ?? '');
    addVary(reply.raw, 'Accept');
    const accepted = acceptedOf(request.headers.accept, ['application/json', 'text/event-stream']);
    if (accepted === undefined) {
      throw new HaloError('not-acceptable', 'Changes come as application/json or as text/event-stream.');
    }
    if (accepted === 'text/event-stream') {
      const from = lastEventId(request) ?? since;
      const watch = await engine.watch(await authenticate(request.raw), { since: from, prefix, values });
      stream(request, reply, watch);
      return reply;
    }
    const page = await engine.changes(await authenticate(request.raw), {
      since: since ?? 0,
      prefix,
      values,
      limit: limit ?? limits.listDefault,
    });
    return reply
      .header('content-type', 'application/json; charset=utf-8')
      .header('cache-control', 'private, no-cache')
      .send(changesJson(page));
  });
}

/** Browsers send what they last got when they come back; empty is as good as none. */
function lastEventId({ headers }: FastifyRequest): number | undefined {
  const text = headers['last-event-id'];
  if (text === undefined || text === '') return undefined;
  const revision = Number(text);
  if (/^\d+$/.test(String(text)) && Number.isSafeInteger(revision)) return revision;
  throw new HaloError('invalid-request', 'Last-Event-ID must be a revision.', {
    extra: { pointer: '/last-event-id' },
  });
}

/** Node's limit on the time of a request ends with its body, so that a stream may last. */
function stream(request: FastifyRequest, reply: FastifyReply, watch: Watch): void {
  reply.hijack();
  const { raw } = reply;
  raw.once('close', watch.cancel);
  // Writing to a connection that broke a moment ago; what it means comes with `close`.
  raw.on('error', () => {});
  if (raw.destroyed) {
    watch.cancel();
    return;
  }
  // It ends with its connection and needs no chunks, each of which would be written in four pieces.
  raw.removeHeader('transfer-encoding');
  raw.writeHead(200, {
    ...fixedHeaders(request.id),
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    // Nothing comes after a stream, so that a server that stops need not wait for the connection.
    connection: 'close',
  });
  if (request.method === 'HEAD') raw.end();
  else watch.begin(createEventStream(raw, watch.position));
}
