import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { limits } from 'halo-contract';
import type { Credential } from '../../../database/live-session.js';
import type { Engine } from '../../../engine/engine.js';
import { HaloError } from '../../../errors.js';
import type { Authenticate } from '../../authenticate.js';
import { checkEncoding } from '../../json.js';
import { fixedHeaders, refusalOf } from '../../problems.js';
import { errorJson, outcomeJson, outcomesJson, statusOf, wordsOf } from './answers.js';
import { CommandError } from './command.js';
import { parseCommand } from './parse.js';
import { parseTransaction, runPipeline } from './pipeline.js';
import { encodingOf, readRequest, refuseTokenInUrl } from './request.js';
import { createRunner } from './run.js';

export interface UpstashRoutes {
  readonly engine: Engine;
  readonly authenticate: Authenticate;
}

const methods = ['GET', 'HEAD', 'POST', 'PUT'] as const;

/** The REST protocol of Upstash's Redis at `/compat/upstash`, a translation over the engine. Every answer is in its shape. */
export async function upstashRoutes(
  app: FastifyInstance,
  { engine, authenticate }: UpstashRoutes,
): Promise<void> {
  const runner = createRunner(engine);
  const credentials = new WeakMap<FastifyRequest, Credential>();

  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: limits.bodyBytesMax },
    (_request, body, done) => done(null, body),
  );
  app.setErrorHandler((error, request, reply) => sendRefusal(error, request, reply));
  app.setNotFoundHandler(async (_request, reply) => {
    reply.header('allow', methods.join(', '));
    throw new HaloError('method-not-allowed', `Only ${methods.join(', ')} are possible here.`);
  });
  // Nobody unknown gets to fill memory with a body.
  app.addHook('onRequest', async (request) => {
    if (request.is404) return;
    refuseTokenInUrl(request.raw.url ?? '');
    credentials.set(request, await authenticate(request.raw));
    checkEncoding(request.headers['content-encoding']);
  });

  async function answer(request: FastifyRequest, credential: Credential): Promise<string> {
    const encoding = encodingOf(request.headers);
    const asked = readRequest(request.method, request.raw.url ?? '', request.body as Buffer | undefined);
    if (asked.kind === 'one') {
      return outcomeJson(await runner.one(credential, parseCommand(asked.args)), encoding);
    }
    // Commands that are wrong, or need no key, would otherwise be answered to anybody who asks in this form.
    await engine.demandLive(credential);
    return outcomesJson(
      asked.kind === 'pipeline'
        ? await runPipeline(runner, credential, asked.commands)
        : await runner.together(credential, parseTransaction(asked.commands)),
      encoding,
    );
  }

  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const credential = credentials.get(request);
    if (credential === undefined) throw new HaloError('internal', 'The request was not authenticated.');
    const body = await answer(request, credential);
    return reply.headers(answerHeaders).send(body);
  };
  for (const url of ['/', '/*']) app.route({ method: [...methods], url, exposeHeadRoute: false, handler });
}

const answerHeaders = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
} as const;

interface Refusal {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

function refuse(log: FastifyBaseLogger, error: unknown, requestId: string): Refusal {
  const headers: Record<string, string> = { ...fixedHeaders(requestId), ...answerHeaders };
  if (error instanceof CommandError) return { status: 400, headers, body: errorJson(error.message) };
  const refusal = refusalOf(error);
  const status = statusOf(refusal.code);
  if (status >= 500) log.error({ request_id: requestId, route: 'upstash', err: error }, refusal.code);
  if (status === 401) headers['www-authenticate'] = 'Bearer realm="halo"';
  if (refusal.retryAfterS !== undefined) headers['retry-after'] = String(refusal.retryAfterS);
  return { status, headers, body: errorJson(wordsOf(refusal)) };
}

function sendRefusal(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, headers, body } = refuse(request.log, error, request.id);
  // Whoever is still sending gets to read the answer only if the rest is taken in.
  reply.removeHeader('connection');
  request.raw.resume();
  return reply.code(status).headers(headers).send(body);
}

/** Answers a path that Fastify cannot decode. */
export function answerUpstashPath(cause: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const refusal = new HaloError('invalid-request', 'The path is not percent-encoded UTF-8.', { cause });
  sendRefusal(refusal, request, reply);
}

/** Answers an error where there is no route, in the shape that this protocol's clients read. */
export function writeUpstashError(
  log: FastifyBaseLogger,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  error: unknown,
): void {
  const { status, headers, body } = refuse(log, error, requestId);
  request.resume();
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
}
