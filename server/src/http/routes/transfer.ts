import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ExportQuery, ImportQuery, ndjsonType, operations } from 'halo-contract';
import type { Credential } from '../../database/live-session.js';
import type { Engine } from '../../engine/engine.js';
import type { OnConflict } from '../../engine/import.js';
import { HaloError } from '../../errors.js';
import type { Authenticate } from '../authenticate.js';
import { createExportStream } from '../export-stream.js';
import { createImportRun, type ImportRun } from '../import-run.js';
import { checkEncoding } from '../json.js';
import { fixedHeaders } from '../problems.js';
import { compileQuery } from '../query.js';

export interface TransferRoutes {
  readonly engine: Engine;
  readonly authenticate: Authenticate;
  /** How long an import may take to arrive. */
  readonly importMsMax: number;
}

const readExportQuery = compileQuery(ExportQuery);
const readImportQuery = compileQuery(ImportQuery);

/** Each may hold a line of 35 MB and what becomes of it. */
const importsMax = 4;
const retryAfterS = 5;
/** What came before a pause of this length is committed. */
const pauseMs = 400;
/** A sender that is silent for so long has gone away. */
const silenceMsMax = 60_000;
/** Whoever still sends after the last line gets this long to read it. */
const lingerMs = 10_000;

/** Everything out, and back in: lines of JSON, streamed both ways. */
export async function transferRoutes(
  app: FastifyInstance,
  { engine, authenticate, importMsMax }: TransferRoutes,
): Promise<void> {
  const stopping = new AbortController();
  // A server that stops does not wait for streams that may take an hour.
  app.addHook('preClose', async () => stopping.abort());
  let imports = 0;

  app.get(operations.exportStore.path, async (request, reply) => {
    const { prefix = '' } = readExportQuery(request.raw.url ?? '');
    await exportTo(request, reply, engine, await authenticate(request.raw), prefix, stopping.signal);
    return reply;
  });

  app.removeAllContentTypeParsers();
  // The body is left in the stream.
  app.addContentTypeParser(ndjsonType, (_request, _body, done) => done(null));
  const options = { config: { bodyMsMax: importMsMax } };
  app.post(operations.importStore.path, options, async (request, reply) => {
    const { on_conflict: onConflict = 'fail', dry_run: dryRun = false } = readImportQuery(
      request.raw.url ?? '',
    );
    checkEncoding(request.headers['content-encoding']);
    if (request.headers['content-type'] === undefined) {
      throw new HaloError('unsupported-media-type', `An import is sent as ${ndjsonType}.`);
    }
    const credential = await authenticate(request.raw);
    // Nobody without a session takes a place from those who have one.
    await engine.demandLive(credential);
    if (imports >= importsMax) {
      throw new HaloError('overloaded', 'The server has as many imports as it can serve.', { retryAfterS });
    }
    imports += 1;
    try {
      await importFrom(request, reply, engine, credential, { onConflict, dryRun }, stopping.signal);
    } finally {
      imports -= 1;
    }
    return reply;
  });
}

async function exportTo(
  request: FastifyRequest,
  reply: FastifyReply,
  engine: Engine,
  credential: Credential,
  prefix: string,
  stopping: AbortSignal,
): Promise<void> {
  const { raw } = reply;
  const cut = () => raw.destroy();
  const stream = createExportStream(raw, () => {
    openStream(request, reply, { 'content-disposition': 'attachment; filename="halo.ndjson"' });
    stopping.addEventListener('abort', cut);
  });
  const isHead = request.method === 'HEAD';
  try {
    await engine.export(credential, prefix, {
      begin: stream.begin,
      page: async (entries) => !isHead && stream.page(entries),
    });
    stream.end();
  } catch (error) {
    // Once the answer has begun, breaking it off is the only way to say that something is missing.
    if (!reply.sent) throw error;
    if (!isExpected(error)) request.log.error({ request_id: request.id, err: error }, 'an export broke off');
    cut();
  } finally {
    stopping.removeEventListener('abort', cut);
  }
}

async function importFrom(
  request: FastifyRequest,
  reply: FastifyReply,
  engine: Engine,
  credential: Credential,
  how: { readonly onConflict: OnConflict; readonly dryRun: boolean },
  stopping: AbortSignal,
): Promise<void> {
  // Changes nothing, and is refused as every write of this session would be.
  const nothing = { checks: [], mutations: [], dryRun: true, idempotency: undefined };
  const { revision } = await engine.commit(credential, nothing);
  openStream(request, reply, {});
  const { raw } = reply;
  const run = createImportRun({
    revision,
    commit: (entries) => engine.importPart(credential, { entries, ...how }),
    tell: (line) => {
      if (!raw.destroyed) raw.write(`${JSON.stringify(line)}\n`);
    },
    isHeard: () => !raw.writableNeedDrain,
  });
  const isWhole = await readBody(request.raw, run, stopping);
  endImport(request.raw, raw, isWhole);
}

/** Feeds the run, no faster than it commits. True when the whole body was read. */
async function readBody(body: IncomingMessage, run: ImportRun, stopping: AbortSignal): Promise<boolean> {
  // Leaving the loop must not destroy the connection, on which the last line is still to be told.
  const chunks = body.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
  let pause = Promise.resolve();
  const onPause = () => {
    pause = run.pause();
  };
  for (;;) {
    const next = await nextWithin(chunks, stopping, onPause);
    await pause;
    if (next === 'broken') return false;
    if (next instanceof HaloError) {
      await run.stop(next);
      return false;
    }
    if (next === 'end') {
      await run.finish();
      return true;
    }
    if (!(await run.push(next))) return false;
  }
}

/** The next chunk, or why there is none. Says once when it is not there soon. */
function nextWithin(
  chunks: AsyncIterator<Buffer>,
  stopping: AbortSignal,
  onPause: () => void,
): Promise<Buffer | 'end' | 'broken' | HaloError> {
  return new Promise((resolve) => {
    const settle = (outcome: Buffer | 'end' | 'broken' | HaloError): void => {
      clearTimeout(timer);
      clearTimeout(pausing);
      stopping.removeEventListener('abort', onStop);
      resolve(outcome);
    };
    const onStop = () => settle(new HaloError('unavailable', 'The server is stopping.'));
    const timer = setTimeout(() => {
      settle(new HaloError('request-timeout', 'Nothing came for a minute.'));
    }, silenceMsMax);
    const pausing = setTimeout(onPause, pauseMs);
    stopping.addEventListener('abort', onStop);
    if (stopping.aborted) onStop();
    chunks.next().then(
      (next) => settle(next.done === true ? 'end' : next.value),
      () => settle('broken'),
    );
  });
}

/**
 * Ends the answer. A sender that has not been heard out may not be reading yet: what it still sends is thrown away
 * for a while, because closing at once would reset the connection under the last line.
 */
function endImport(body: IncomingMessage, raw: ServerResponse, isWhole: boolean): void {
  if (raw.destroyed) return;
  raw.end();
  if (isWhole) return;
  body.resume();
  const cut = setTimeout(() => body.destroy(), lingerMs);
  body.once('close', () => clearTimeout(cut));
}

function openStream(request: FastifyRequest, reply: FastifyReply, headers: Record<string, string>): void {
  reply.hijack();
  const { raw } = reply;
  // Writing to a connection that broke a moment ago; what it means comes with `close`.
  raw.on('error', () => {});
  raw.writeHead(200, {
    ...fixedHeaders(request.id),
    'content-type': ndjsonType,
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    ...headers,
  });
  raw.flushHeaders();
}

function isExpected(error: unknown): boolean {
  return error instanceof HaloError && error.code !== 'internal';
}
