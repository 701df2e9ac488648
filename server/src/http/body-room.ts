import type { IncomingMessage } from 'node:http';
import type { Step } from './step.js';

/**
 * How much of large bodies a process holds at once. When that is full, no more is read from the connections that send
 * them, except from the one that came first: TCP then slows the others down, and nobody is refused. A body takes room
 * as it arrives, so that one that stalls takes only what has come, until its request is answered: values wait in memory
 * to be written.
 */
export interface BodyRoom {
  /** Gives room back when the request has been answered, or broken off. */
  readonly step: Step;
  /** Counts a part of a body, which has arrived. */
  take(request: IncomingMessage, bytes: number): void;
}

/** Smaller bodies are not counted: they arrive in one piece, or nearly. */
const smallBytesMax = 65_536;

/** @param bytesMax may be exceeded by one body, and by what a connection has read ahead for each */
export function createBodyRoom(bytesMax: number): BodyRoom {
  /** Those that will tell when they are answered. */
  const large = new WeakSet<IncomingMessage>();
  /** What each of them has taken, in order of their first part. */
  const taken = new Map<IncomingMessage, number>();
  const paused = new Set<IncomingMessage>();
  let bytes = 0;

  function leave(request: IncomingMessage): void {
    bytes -= taken.get(request) ?? 0;
    taken.delete(request);
    paused.delete(request);
    for (const other of paused) if (mayGoOn(other)) goOn(other);
  }

  function mayGoOn(request: IncomingMessage): boolean {
    return bytes <= bytesMax || request === taken.keys().next().value;
  }

  function goOn(request: IncomingMessage): void {
    paused.delete(request);
    request.resume();
  }

  return {
    step: (next) => (request, response) => {
      const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
      if (coding !== undefined || Number(length ?? 0) > smallBytesMax) {
        large.add(request);
        response.once('close', () => leave(request));
      }
      next(request, response);
    },
    take(request, more) {
      if (!large.has(request)) return;
      taken.set(request, (taken.get(request) ?? 0) + more);
      bytes += more;
      if (mayGoOn(request)) return;
      paused.add(request);
      request.pause();
    },
  };
}

/** For all requests of the process: ten of the largest values, and more than the writes that may be under way. */
export const bodyRoom = createBodyRoom(268_435_456);
