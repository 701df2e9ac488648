import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';
import { DeleteQuery, GetQuery, limits, PutQuery } from 'halo-contract';
import type { Credential } from '../database/live-session.js';
import type { Engine } from '../engine/engine.js';
import { HaloError } from '../errors.js';
import type { Authenticate } from './authenticate.js';
import { readBody } from './body.js';
import { conditionOf } from './conditions.js';
import { expiryOf } from './expiry.js';
import { checkHost } from './host.js';
import { checkEncoding } from './json.js';
import { type KeyAnswer, sendAnswer } from './key-answer.js';
import { keyOf, keyPathPrefix, pathOf } from './key-path.js';
import { problemAnswer } from './problems.js';
import { compileQuery } from './query.js';
import { valueAnswer } from './value-answer.js';
import { contentTypeOf, metadataOf } from './value-headers.js';

/**
 * Values under keys, `/v1/keys/{key}`: raw bytes in and out. These are the hottest requests by far, and are served
 * before Fastify, which took a third of the time, and whose router folds what are distinct keys. Most of them do
 * not even come by Node's HTTP server (`key-lane.ts`).
 */
export interface KeyRequests {
  readonly logger: FastifyBaseLogger;
  readonly engine: Engine;
  readonly authenticate: Authenticate;
  readonly nextRequestId: () => string;
  /** Limits how long the body takes to arrive. */
  readonly watchBody: (request: IncomingMessage) => void;
}

/** What was asked, wherever it came from. */
export interface KeyRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** To be called once, by whoever has proved who they are. */
  readonly readBody: () => Promise<Buffer>;
}

type Serve = (options: KeyRequests, request: KeyRequest, requestId: string) => Promise<KeyAnswer>;

const readPutQuery = compileQuery(PutQuery);
const readDeleteQuery = compileQuery(DeleteQuery);
const readGetQuery = compileQuery(GetQuery);

const verbs: Readonly<Record<string, Serve>> = { GET: get, HEAD: get, PUT: put, DELETE: remove };

/** @returns whether the request is one of these, and so will be answered */
export function serveKeyRequest(
  options: KeyRequests,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const { method = '', url = '', headers } = request;
  if (!url.startsWith(keyPathPrefix) && !pathOf(url).startsWith(keyPathPrefix)) return false;
  if (verbs[method] === undefined) return false;
  const requestId = options.nextRequestId();
  const body = () => {
    options.watchBody(request);
    return readBody(request, limits.valueBytesMax);
  };
  const check = () => checkHost(request);
  answerKeyRequest(options, { method, url, headers, readBody: body }, requestId, check)
    .then((answer) => {
      // Whoever is still sending gets to read the answer only if the rest is taken in.
      request.resume();
      sendAnswer(request, response, answer);
    })
    .catch((error: unknown) => {
      options.logger.error({ request_id: requestId, err: error }, 'an answer could not be sent');
      response.destroy();
    });
  return true;
}

/**
 * Answers a request for a key, also with a refusal: the promise never rejects.
 *
 * @param check what else has to hold; throws HaloError
 */
export async function answerKeyRequest(
  options: KeyRequests,
  request: KeyRequest,
  requestId: string,
  check?: () => void,
): Promise<KeyAnswer> {
  try {
    check?.();
    return await (verbs[request.method] ?? get)(options, request, requestId);
  } catch (error) {
    return problemAnswer(options.logger, request, requestId, error);
  }
}

function get(options: KeyRequests, request: KeyRequest, requestId: string): Promise<KeyAnswer> {
  const { engine } = options;
  const { url, headers } = request;
  const key = keyOf(url);
  // Only a request with a query pays for reading one.
  const revision = url.includes('?') ? readGetQuery(url).revision : undefined;
  const condition = conditionOf(undefined, headers['if-none-match']);
  const read = (credential: Credential) =>
    revision === undefined ? engine.get(credential, key) : engine.getAt(credential, key, revision);
  return whenAuthentic(options, request, read).then((stored) => {
    if (stored === undefined) throw new HaloError('not-found', 'There is no such key.');
    const { noneMatch } = condition ?? {};
    const unchanged = noneMatch === '*' || noneMatch?.includes(stored.revision) === true;
    return valueAnswer(requestId, stored, unchanged);
  });
}

async function put(options: KeyRequests, request: KeyRequest, requestId: string): Promise<KeyAnswer> {
  const { url, headers } = request;
  const key = keyOf(url);
  const { ttl, expires_at, dry_run } = url.includes('?') ? readPutQuery(url) : {};
  checkEncoding(headers['content-encoding']);
  const contentType = contentTypeOf(headers['content-type']);
  const metadata = metadataOf(singleHeader(request, 'halo-metadata'));
  const expiry = expiryOf(ttl, expires_at);
  const condition = conditionOf(headers['if-match'], headers['if-none-match']);
  // Nobody unknown gets to fill memory with a body.
  const credential = await options.authenticate(request);
  const value = await request.readBody();
  const set = { key, value, contentType, metadata, expiry, condition };
  const { revision, created } = await options.engine.set(credential, set, dry_run ?? false);
  const content = { key, revision, created };
  return jsonAnswer(created ? 201 : 200, requestId, content, `etag: "${revision}"\r\n`);
}

async function remove(options: KeyRequests, request: KeyRequest, requestId: string): Promise<KeyAnswer> {
  const { url, headers } = request;
  const key = keyOf(url);
  const { dry_run } = readDeleteQuery(url);
  const condition = conditionOf(headers['if-match'], headers['if-none-match']);
  const credential = await options.authenticate(request);
  const { revision } = await options.engine.delete(credential, { key, condition }, dry_run ?? false);
  return jsonAnswer(200, requestId, { key, revision });
}

/** A token that was verified before is known at once, and spares the hottest path a turn of promises. */
function whenAuthentic<Result>(
  { authenticate }: KeyRequests,
  request: KeyRequest,
  then: (credential: Credential) => Promise<Result>,
): Promise<Result> {
  const credential = authenticate(request);
  return credential instanceof Promise ? credential.then(then) : then(credential);
}

/** @param more header lines */
function jsonAnswer(status: number, requestId: string, content: object, more = ''): KeyAnswer {
  const type = 'content-type: application/json; charset=utf-8\r\n';
  const head = `x-request-id: ${requestId}\r\nx-content-type-options: nosniff\r\n${more}${type}`;
  return { status, head, body: Buffer.from(JSON.stringify(content)) };
}

function singleHeader({ headers }: KeyRequest, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
