import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Workload } from './workload.js';

/**
 * Load that does not wait for answers: so many requests a second arrive, whatever the server gives. Each connection
 * waits for its own answer, as clients do, and there are enough of them that those which are waiting keep none of the
 * others from asking. Generators with few connections can never ask for more than a server gives.
 */
export interface FloodPressure {
  /** How many requests may be on their way at once. */
  readonly connections: number;
  /** Requests a second; Infinity: as many as there are connections that wait for nothing. */
  readonly rate: number;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

export interface FloodOutcome {
  readonly seconds: number;
  readonly sent: number;
  /** What was due and could not be sent, since every connection was waiting. */
  readonly heldBack: number;
  /** How many answers had each status, until the end of the time. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Until the answers of 503 came, from the least to the most. */
  readonly refusedMs: readonly number[];
  /** Answers that came later, within the patience below. */
  readonly late: number;
  /** What was never answered. */
  readonly lost: number;
}

/** The clock's ticks are coarser than this on a busy machine; what was due is then sent at once. */
const tickMs = 2;
/** Above what a full queue takes. */
const lateMsMax = 20_000;
/** A kernel takes so many new connections at once, and queues no more. */
const openingsMax = 100;
const refused = 503;

/** Sends the flood and counts what comes back. Ends by itself. */
export async function runFlood(workload: Workload, pressure: FloodPressure): Promise<FloodOutcome> {
  const { connections, rate, seconds, signal } = pressure;
  const request = requestOf(workload);
  const statuses = new Map<number, number>();
  const refusedMs: number[] = [];
  let [isOver, sent, answered, late, due, heldBack] = [false, 0, 0, 0, 0, 0];
  const idle: Client[] = [];
  const take = (client: Client, status: number): void => {
    idle.push(client);
    answered += 1;
    if (isOver) late += 1;
    else statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status === refused) refusedMs.push(performance.now() - client.sentMs);
  };
  const clients = await openAll(workload.origin, connections, take);
  idle.push(...clients);
  try {
    const began = performance.now();
    const elapsedMs = (): number => performance.now() - began;
    while (elapsedMs() < seconds * 1_000) {
      signal.throwIfAborted();
      const isOpen = rate !== Number.POSITIVE_INFINITY;
      const wanted = isOpen ? Math.floor((elapsedMs() / 1_000) * rate) - due : idle.length;
      const now = Math.min(wanted, idle.length);
      due += wanted;
      heldBack += wanted - now;
      for (const client of idle.splice(idle.length - now)) {
        client.sentMs = performance.now();
        client.socket.write(request());
      }
      sent += now;
      await delay(tickMs);
    }
    isOver = true;
    const took = elapsedMs() / 1_000;
    const deadline = performance.now() + lateMsMax;
    while (answered < sent && performance.now() < deadline) await delay(tickMs);
    refusedMs.sort((a, b) => a - b);
    return { seconds: took, sent, heldBack, statuses, refusedMs, late, lost: sent - answered };
  } finally {
    for (const { socket } of clients) socket.destroy();
  }
}

interface Client {
  readonly socket: Socket;
  sentMs: number;
}

async function openAll(
  origin: string,
  count: number,
  take: (client: Client, status: number) => void,
): Promise<Client[]> {
  const clients: Client[] = [];
  while (clients.length < count) {
    const openings = Math.min(openingsMax, count - clients.length);
    clients.push(...(await Promise.all(Array.from({ length: openings }, () => open(origin, take)))));
  }
  return clients;
}

function requestOf({ origin, method, path, keys, headers, body }: Workload): () => string {
  const lines = [`Host: ${new URL(origin).host}`, ...Object.entries(headers).map(([k, v]) => `${k}: ${v}`)];
  if (body !== undefined) lines.push(`Content-Length: ${body.length}`);
  const after = ` HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body ?? ''}`;
  return () => `${method} ${path}${keys === 0 ? '' : Math.floor(Math.random() * keys)}${after}`;
}

const mark = Buffer.from('HTTP/1.1 ');
const statusLength = 3;

function open(origin: string, take: (client: Client, status: number) => void): Promise<Client> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const client = { socket, sentMs: 0 };
    socket.once('connect', () => resolve(client)).on('error', reject);
    socket.on(
      'data',
      createStatusReader((status) => take(client, status)),
    );
  });
}

/** Finds the status lines in a stream of answers. None of these carries the mark in its body. */
export function createStatusReader(take: (status: number) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (;;) {
      const found = bytes.indexOf(mark, from);
      if (found === -1 || found + mark.length + statusLength > bytes.length) {
        // A mark may have begun in the last bytes.
        rest = bytes.subarray(found === -1 ? Math.max(from, bytes.length - mark.length + 1) : found);
        return;
      }
      const start = found + mark.length;
      take(Number(bytes.toString('latin1', start, start + statusLength)));
      from = start + statusLength;
    }
  };
}
