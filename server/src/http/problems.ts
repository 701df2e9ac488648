import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyBaseLogger, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Operation, operations, type ProblemCode, problems, problemTypePrefix } from 'halo-contract';
import { HaloError } from '../errors.js';
import { headLines, type KeyAnswer, sendAnswer } from './key-answer.js';
import { keyPathPrefix, pathOf } from './key-path.js';
import { formOf } from './operation-at.js';

/** What Fastify refuses by itself, in the catalogue's words. */
const fastifyCodes: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['too-large', 'The body is larger than this operation takes.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'unsupported-media-type',
    'The Content-Type is not one this operation reads.',
  ],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid-request', 'The body is not as long as Content-Length says.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['invalid-request', 'The body is empty; it must be JSON.'],
  ECONNRESET: ['invalid-request', 'The request was broken off.'],
};

/** Sends every error as an RFC 9457 document, and answers 404 and 405 where no route matches. */
export function registerProblems(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => sendProblem(request, reply, error));
  app.setNotFoundHandler((request, reply) => {
    const allowed = methodsAt(request.raw.url ?? '/');
    // A file that is missing below a page's path is not there for any method.
    if (allowed.length === 0 || allowed.includes(request.method)) {
      return sendProblem(request, reply, new HaloError('not-found', 'There is nothing at this path.'));
    }
    reply.header('allow', allowed.join(', '));
    const detail = `${request.method} is not possible here, only ${allowed.join(', ')}.`;
    return sendProblem(request, reply, new HaloError('method-not-allowed', detail));
  });
}

/** Answers what Fastify refuses before there is a route: only paths that are not percent-encoded UTF-8. */
export function answerFrameworkError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const refusal = new HaloError('invalid-request', 'The path is not percent-encoded UTF-8.', {
    cause: error,
  });
  sendProblem(request, reply, refusal);
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const problem = problemOf(error, request.id, request.headers.authorization);
  // The route's pattern, not the URL: that would put keys into the log.
  logFailure(request.log, problem, { method: request.method, route: request.routeOptions.url });
  // Whoever is still sending gets to read the answer only if the rest is taken in: closing, as Fastify would,
  // resets the connection. How long that may go on is for the request's time limit.
  reply.removeHeader('connection');
  request.raw.resume();
  // As bytes, for Fastify would add a charset, which this media type does not have.
  return reply.code(problem.status).headers(problem.headers).send(Buffer.from(problem.body));
}

/** Answers an error where there is no Fastify. */
export function writeProblem(
  log: FastifyBaseLogger,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  error: unknown,
): void {
  request.resume();
  sendAnswer(request, response, problemAnswer(log, request, requestId, error));
}

/** The answer that an error becomes; what is the server's own fault is logged. */
export function problemAnswer(
  log: FastifyBaseLogger,
  { method, headers }: Pick<IncomingMessage, 'method' | 'headers'>,
  requestId: string,
  error: unknown,
): KeyAnswer {
  const problem = problemOf(error, requestId, headers.authorization);
  logFailure(log, problem, { method, route: keyPathPrefix });
  return {
    status: problem.status,
    head: headLines(problem.headers),
    body: Buffer.from(problem.body),
  };
}

interface ProblemAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly code: ProblemCode;
  readonly requestId: string;
  readonly error: unknown;
}

function problemOf(error: unknown, requestId: string, authorization: string | undefined): ProblemAnswer {
  const refusal = refusalOf(error);
  const { status } = problems[refusal.code];
  const headers: Record<string, string> = {
    ...fixedHeaders(requestId),
    'cache-control': 'no-store',
    'content-type': 'application/problem+json',
  };
  if (status === 401) headers['www-authenticate'] = challenge(authorization);
  if (refusal.retryAfterS !== undefined) headers['retry-after'] = String(refusal.retryAfterS);
  const body = JSON.stringify(problemDocument(refusal, requestId));
  return { status, headers, body, code: refusal.code, requestId, error };
}

function logFailure(
  log: FastifyBaseLogger,
  { status, code, requestId, error }: ProblemAnswer,
  request: { readonly method: string | undefined; readonly route: string | undefined },
): void {
  if (code === 'overloaded') logOverload(log);
  else if (status >= 500) log.error({ request_id: requestId, ...request, err: error }, code);
}

const overloadLogEveryMs = 1_000;
const overload = { refused: 0, toldMs: Number.NEGATIVE_INFINITY };

/** Thousands may be refused in a second. A line with a stack for each would cost more than the refusal itself. */
function logOverload(log: FastifyBaseLogger): void {
  overload.refused += 1;
  const nowMs = performance.now();
  if (nowMs - overload.toldMs < overloadLogEveryMs) return;
  log.warn({ refused: overload.refused }, 'overloaded');
  overload.refused = 0;
  overload.toldMs = nowMs;
}

/** What every answer carries. */
export function fixedHeaders(requestId: string): Record<string, string> {
  return { 'x-request-id': requestId, 'x-content-type-options': 'nosniff' };
}

function refusalOf(error: unknown): HaloError {
  if (error instanceof HaloError) return error;
  const { code, statusCode } = (error ?? {}) as Partial<FastifyError>;
  const known = code === undefined ? undefined : fastifyCodes[code];
  if (known !== undefined) return new HaloError(known[0], known[1], { cause: error });
  if (statusCode === 404)
    return new HaloError('not-found', 'There is nothing at this path.', { cause: error });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new HaloError('invalid-request', 'The request is not valid.', { cause: error });
  }
  return new HaloError('internal', 'Something went wrong. Quote the request id when asking about it.', {
    cause: error,
  });
}

function problemDocument(refusal: HaloError, requestId: string): object {
  const { status, title } = problems[refusal.code];
  return {
    type: `${problemTypePrefix}${refusal.code}`,
    title,
    status,
    code: refusal.code,
    detail: refusal.message,
    request_id: requestId,
    ...refusal.extra,
  };
}

/** RFC 6750: a request that tried to prove itself is told that its token was the fault. */
function challenge(authorization: string | undefined): string {
  return authorization === undefined ? 'Bearer realm="halo"' : 'Bearer realm="halo", error="invalid_token"';
}

const operationRoutes = Object.values(operations).map(({ method, path }: Operation) => ({ method, path }));
const pageRoutes = ['/', '/home', '/home/{key}', '/docs', '/openapi.json', '/metrics'].map((path) => ({
  method: 'GET',
  path,
}));
const routes = [...operationRoutes, ...pageRoutes].map(({ method, path }) => ({
  method,
  form: formOf(path),
}));

function methodsAt(url: string): string[] {
  const path = pathOf(url);
  return routes
    .filter(({ form }) => form.test(path))
    .flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    .filter((method, index, methods) => methods.indexOf(method) === index);
}

/**
 * Answers an `Expect` other than `100-continue`, which Node would refuse in its own words.
 *
 * @param refuse answers in the words of another protocol, where there is one
 */
export function answerExpectation(
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  refuse: (
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
    error: HaloError,
  ) => boolean,
): void {
  const refusal = new HaloError('expectation-failed', 'Expect may only be 100-continue.');
  if (refuse(request, response, requestId, refusal)) return;
  const body = JSON.stringify(problemDocument(refusal, requestId));
  const headers = { ...fixedHeaders(requestId), 'content-type': 'application/problem+json' };
  response.writeHead(problems[refusal.code].status, headers).end(body);
}

/**
 * What Node's parser refuses before there is a request: answered on the bare socket, which is then closed.
 *
 * @returns false when there was nobody left to answer
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket, requestId: string): boolean {
  if (!socket.writable || socket.destroyed || error.code === 'ECONNRESET') {
    socket.destroy();
    return false;
  }
  const refusal = parserRefusal(error.code);
  const { status } = problems[refusal.code];
  const body = JSON.stringify(problemDocument(refusal, requestId));
  const headers = {
    ...fixedHeaders(requestId),
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head.join('')}\r\n${body}`);
  return true;
}

function parserRefusal(code: string | undefined): HaloError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new HaloError('headers-too-large', 'The request’s headers are over 16 KiB.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new HaloError('request-timeout', 'The request took too long to arrive.');
  return new HaloError('invalid-request', 'This is not an HTTP/1.1 request.');
}
