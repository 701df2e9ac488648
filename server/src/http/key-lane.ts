import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { headText, joinedBytesMax, type KeyAnswer } from './key-answer.js';
import { keyPathPrefix } from './key-path.js';
import { answerKeyRequest, type KeyRequests } from './key-requests.js';
import { createHeads, createWholeRequestReader, type Heads, type WholeRequest } from './whole-request.js';

/**
 * Serves plain requests for keys straight from the connection, without the objects and events that Node's HTTP server
 * makes for each request. Every connection begins here, and
 * stays while it brings nothing but plain requests that arrive whole (`whole-request.ts`). With the first that is
 * anything else it moves to Node's server for good, which then reads that request from its first byte. So this knows
 * nothing of slow, long, compressed or malformed requests, and cannot differ from Node about where one ends.
 */
export interface KeyLane {
  /** Closes idle connections, and those at work after their answer, for which they have ten seconds. */
  close(): void;
}

export interface KeyLaneOptions extends KeyRequests {
  /** For how long a connection may say nothing before its first request, in milliseconds. */
  readonly firstMsMax: number;
  /** And after that. */
  readonly keepAliveMsMax: number;
  /** Counts a request that was answered, and in how many milliseconds. */
  readonly count: (method: string, status: number, ms: number) => void;
}

/** Less than a server that stops waits for its connections. */
const lastAnswerMsMax = 10_000;

/** Takes over the server's new connections. */
export function openKeyLane(server: Server, options: KeyLaneOptions): KeyLane {
  const [serveByNode] = server.listeners('connection') as ((socket: Socket) => void)[];
  if (serveByNode === undefined) throw new Error('The HTTP server does not listen for connections.');
  server.removeAllListeners('connection');
  const travellers = new Set<Traveller>();
  let closing = false;
  const lane = {
    options,
    heads: createHeads(),
    leave: (traveller: Traveller) => travellers.delete(traveller),
    moveToNode: (socket: Socket) => serveByNode.call(server, socket),
    isClosing: () => closing,
  };
  server.on('connection', (socket: Socket) => {
    if (closing) socket.destroy();
    else travellers.add(admit(socket, lane));
  });
  return {
    close() {
      closing = true;
      for (const traveller of travellers) traveller.close();
      const cut = setTimeout(() => {
        for (const { socket } of travellers) socket.destroy();
      }, lastAnswerMsMax);
      cut.unref();
    },
  };
}

/** A connection in the lane. */
interface Traveller {
  readonly socket: Socket;
  /** Ends it, unless it waits for an answer, after which it ends. */
  close(): void;
}

interface Lane {
  readonly options: KeyLaneOptions;
  readonly heads: Heads;
  leave(traveller: Traveller): void;
  moveToNode(socket: Socket): void;
  isClosing(): boolean;
}

function admit(socket: Socket, { options, heads, leave, moveToNode, isClosing }: Lane): Traveller {
  const read = createWholeRequestReader(keyPathPrefix, heads);
  const keepAliveS = Math.floor(options.keepAliveMsMax / 1_000);
  /** Received and not yet looked at. */
  let waiting: Buffer | undefined;
  let isBusy = false;
  let hasServed = false;
  let hasEnded = false;

  function onData(bytes: Buffer): void {
    if (!isBusy) {
      serve(bytes);
      return;
    }
    // A client that does not wait for its answers is served in order, and read no faster than it is answered.
    waiting = waiting === undefined ? bytes : Buffer.concat([waiting, bytes]);
    socket.pause();
  }

  function serve(bytes: Buffer): void {
    const request = read(bytes, 0);
    if (request === undefined) {
      move(bytes);
      return;
    }
    isBusy = true;
    const beganMs = performance.now();
    waiting = request.end < bytes.length ? bytes.subarray(request.end) : undefined;
    // What waits may have to move to Node's server, which takes no connection whose end was already told.
    if (waiting !== undefined) socket.pause();
    void answer(request).then((answered) => {
      options.count(request.method, answered.status, performance.now() - beganMs);
      send(answered, request.method === 'HEAD');
    });
  }

  function answer({ method, url, headers, body }: WholeRequest): Promise<KeyAnswer> {
    const readBody = () => Promise.resolve(body);
    return answerKeyRequest(options, { method, url, headers, readBody }, options.nextRequestId());
  }

  function send(answered: KeyAnswer, isHead: boolean): void {
    const isLast = isClosing() || (hasEnded && waiting === undefined);
    const head = headText(answered, isLast ? undefined : keepAliveS);
    const body = isHead ? undefined : answered.body;
    let isTaken: boolean;
    if (body === undefined) isTaken = socket.write(head, 'latin1');
    else if (body.length <= joinedBytesMax) isTaken = socket.write(head + body.toString('latin1'), 'latin1');
    else {
      socket.cork();
      socket.write(head, 'latin1');
      isTaken = socket.write(body);
      socket.uncork();
    }
    if (!hasServed) socket.setTimeout(options.keepAliveMsMax);
    hasServed = true;
    if (isLast) {
      socket.end();
      return;
    }
    if (isTaken) goOn();
    else socket.once('drain', goOn);
  }

  function goOn(): void {
    isBusy = false;
    if (socket.destroyed) return;
    if (isClosing()) socket.end();
    else if (waiting !== undefined) serve(waiting);
    else socket.resume();
  }

  /** From its first byte, the request is Node's. */
  function move(bytes: Buffer): void {
    forget();
    socket.setTimeout(0);
    socket.pause();
    socket.unshift(bytes);
    moveToNode(socket);
    socket.resume();
  }

  function onTimeout(): void {
    // One who does not take the answer is not waited for either.
    if (isBusy && !socket.writableNeedDrain) return;
    if (hasServed) socket.destroy();
    else {
      forget();
      socket.setTimeout(0);
      moveToNode(socket);
    }
  }

  /** The client sends no more; what it has asked is answered. */
  function onEnd(): void {
    hasEnded = true;
    if (!isBusy) socket.end();
  }

  function forget(): void {
    leave(traveller);
    socket.off('data', onData);
    socket.off('end', onEnd);
    socket.off('timeout', onTimeout);
    socket.off('error', ignore);
    socket.off('close', forget);
  }

  const traveller = {
    socket,
    close: () => {
      if (!isBusy) socket.end();
    },
  };
  socket.setNoDelay(true);
  socket.setTimeout(options.firstMsMax);
  socket.on('data', onData);
  socket.on('end', onEnd);
  socket.on('timeout', onTimeout);
  // It is closed then, and nobody else needs to know.
  socket.on('error', ignore);
  socket.on('close', forget);
  return traveller;
}

function ignore(): void {}
