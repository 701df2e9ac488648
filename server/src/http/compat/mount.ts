import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';
import type { Credential } from '../../database/live-session.js';
import type { Engine } from '../../engine/engine.js';
import { HaloError } from '../../errors.js';
import type { Authenticate } from '../authenticate.js';
import { checkHost } from '../host.js';
import { isBelow } from '../key-path.js';
import { fixedHeaders } from '../problems.js';

/**
 * Another store's protocol below a path of its own. Mounts are served from Node's own objects, before Fastify: so
 * that everything below their path, what no router would match included, is answered in their protocol's words.
 */
export interface Mount {
  /** Without a slash at the end. */
  readonly path: string;
  /** Answers what is refused whoever asks, before the credential is looked at. */
  admit?(request: IncomingMessage): Answer | undefined;
  /**
   * Answers a request whose credential is well formed but may not live. Whatever succeeds or answers 404 must have
   * asked PostgreSQL about it, for that is what the rate limit takes as proof.
   *
   * @returns undefined when it has written the answer itself
   */
  serve(call: Call): Promise<Answer | undefined>;
  /** The protocol's own form of a refusal. */
  refusal(error: HaloError): Answer;
}

export interface Call {
  readonly engine: Engine;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly credential: Credential;
  /** The target below the mount: empty, or with a slash first, and with the query. */
  readonly target: string;
  /** Limits how long the body takes to arrive; to be called before it is read. */
  readonly watchBody: (request: IncomingMessage) => void;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export interface MountsOptions {
  readonly engine: Engine;
  readonly authenticate: Authenticate;
  readonly nextRequestId: () => string;
  readonly watchBody: (request: IncomingMessage) => void;
  readonly logger: FastifyBaseLogger;
}

export interface Mounts {
  readonly paths: readonly string[];
  /** @returns whether the request is below a mount, and so will be answered */
  serve(request: IncomingMessage, response: ServerResponse): boolean;
  /**
   * Answers what was refused before the request got here.
   *
   * @returns false when the request is below no mount
   */
  refuse(request: IncomingMessage, response: ServerResponse, requestId: string, error: unknown): boolean;
}

export function createMounts(options: MountsOptions, mounts: readonly Mount[]): Mounts {
  const { engine, authenticate, nextRequestId, watchBody, logger } = options;
  const mountAt = (url: string) => mounts.find(({ path }) => isBelow(url, path));

  function refuse(
    mount: Mount,
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
    error: unknown,
  ): void {
    const refusal = error instanceof HaloError ? error : internal(error);
    const answer = mount.refusal(refusal);
    if (answer.status >= 500) {
      logger.error(
        { request_id: requestId, method: request.method, route: mount.path, err: error },
        refusal.code,
      );
    }
    if (response.headersSent) {
      // Once an answer has begun, breaking it off is the only way to say that something is missing.
      response.destroy();
      return;
    }
    const headers: Record<string, string> = { ...answer.headers, 'cache-control': 'no-store' };
    if (answer.status === 401) headers['www-authenticate'] = 'Bearer realm="halo"';
    if (refusal.retryAfterS !== undefined) headers['retry-after'] = String(refusal.retryAfterS);
    // Whoever is still sending reads the answer only when the rest is taken in.
    request.resume();
    write(request, response, requestId, { ...answer, headers });
  }

  async function answer(
    mount: Mount,
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
  ): Promise<void> {
    checkHost(request);
    const refused = mount.admit?.(request);
    if (refused !== undefined) {
      request.resume();
      write(request, response, requestId, refused);
      return;
    }
    const credential = await authenticate(request);
    const target = targetBelow(request.url ?? '', mount.path);
    const answer = await mount.serve({
      engine,
      request,
      response,
      requestId,
      credential,
      target,
      watchBody,
    });
    if (answer !== undefined) write(request, response, requestId, answer);
  }

  return {
    paths: mounts.map(({ path }) => path),
    serve: (request, response) => {
      const mount = mountAt(request.url ?? '');
      if (mount === undefined) return false;
      const requestId = nextRequestId();
      answer(mount, request, response, requestId).catch((error: unknown) => {
        refuse(mount, request, response, requestId, error);
      });
      return true;
    },
    refuse: (request, response, requestId, error) => {
      const mount = mountAt(request.url ?? '');
      if (mount === undefined) return false;
      refuse(mount, request, response, requestId, error);
      return true;
    },
  };
}

function targetBelow(url: string, path: string): string {
  return url.slice(url.indexOf(path) + path.length);
}

function internal(cause: unknown): HaloError {
  const detail = 'Something went wrong. Quote the request id when asking about it.';
  return new HaloError('internal', detail, { cause });
}

function write(
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  { status, headers, body }: Answer,
): void {
  response.writeHead(status, {
    ...fixedHeaders(requestId),
    'cache-control': 'private, no-cache',
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
