import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { answerClientError } from './problems.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How long the body of a request may take to arrive, where that is not the limit for all. */
    bodyMsMax?: number;
  }
}

export interface BodyTimeoutOptions {
  /** How often to look, and by how much a body may overrun its time. */
  readonly everyMs: number;
  readonly nextRequestId: () => string;
}

export interface BodyTimeout {
  /** Gives the body of a request, if it has one, this long to arrive. */
  watch(request: IncomingMessage, msMax: number): void;
  stop(): void;
}

interface Watched {
  readonly request: IncomingMessage;
  readonly msMax: number;
  /** When it was first looked at. */
  sinceMs: number | undefined;
}

/**
 * Limits how long the bodies of requests take, request by request: Node has one limit for the whole server, and
 * an import may take an hour. A body that is late is answered 408, as Node would.
 *
 * No request has a timer of its own, which would cost as much as reading its headers. Now and then all connections
 * whose last request had a body are looked at, and forgotten when it has arrived.
 */
export function createBodyTimeout({ everyMs, nextRequestId }: BodyTimeoutOptions): BodyTimeout {
  const last = new Map<Socket, Watched>();

  const timer = setInterval(() => {
    const nowMs = performance.now();
    for (const [socket, watched] of last) {
      watched.sinceMs ??= nowMs;
      const isOver = watched.request.complete || socket.destroyed;
      const isLate = nowMs - watched.sinceMs >= watched.msMax;
      if (isOver || isLate) last.delete(socket);
      if (isLate && !isOver) refuse(socket);
    }
  }, everyMs);
  timer.unref();

  function refuse(socket: Socket): void {
    const error = Object.assign(new Error('The body is late.'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    answerClientError(error, socket, nextRequestId());
  }

  return {
    watch: (request, msMax) => {
      const { headers, socket } = request;
      const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
      if (hasBody) last.set(socket, { request, msMax, sinceMs: undefined });
    },
    stop: () => clearInterval(timer),
  };
}
