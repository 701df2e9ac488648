import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Halo, haloAt, type Person, pathOf } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { until } from '../until.js';
import { readMetric } from './metrics.js';
import { isWhole, quantile, report } from './results.js';

const requests = isWhole ? 3_000 : 300;
const slowSockets = 500;
const idleSockets = isWhole ? 5_000 : 1_000;
const floodedHeaders = isWhole ? 3_000 : 200;
const floodedBodies = isWhole ? 100 : 12;

/** Slow headers are given up after 20 s; the measurement has to be over by then. */
const healthyMsWithin = 15_000;
/** Far above what a healthy client waits, far below what it would if it stood in line behind the others. */
const healthyMsMax = 2_000;
/** Half a gigabyte above what it has at rest would be a flood that is kept rather than refused. */
const memoryBytesMax = 512 * 1024 * 1024;

const server = await startHalo();
const halo = haloAt(server.url);
const person = await halo.signUp();
afterAll(() => server.stop());
beforeAll(async () => {
  await healthyMs(halo, person, requests);
});

test('slow headers and slow bodies do not hold up a healthy client, and are given up', async () => {
  const quiet = await healthyMs(halo, person, requests);
  const slow = await openMany(slowSockets, (socket, n) =>
    drip(socket, n % 2 === 0 ? slowHead : slowBody(person)),
  );
  const during = await healthyMs(halo, person, requests);
  const stillOpen = slow.filter(({ closed }) => !closed).length;
  expect(stillOpen).toBe(slowSockets);
  await reportHealthy(`${slowSockets} slow sockets (headers and bodies)`, quiet, during);
  if (isWhole) {
    // Headers have 20 s and bodies 120 s, and each is looked for now and then.
    const heads = slow.filter((_, n) => n % 2 === 0);
    await until('The end of slow headers', () => heads.every(({ closed }) => closed), 60_000);
    await until('The end of slow bodies', () => slow.every(({ closed }) => closed), 150_000);
    const answered = slow.filter(({ received }) => received.startsWith('HTTP/1.1 408 ')).length;
    await report({
      what: 'Slow sockets told 408 in time',
      result: String(answered),
      of: String(slowSockets),
    });
    expect(answered).toBe(slowSockets);
  }
  for (const { socket } of slow) socket.destroy();
});

test('a flood of connections does not hold up a healthy client', async () => {
  const quiet = await healthyMs(halo, person, requests);
  const idle = await openMany(idleSockets, () => {});
  const during = await healthyMs(halo, person, requests);
  expect(idle.filter(({ closed }) => !closed)).toHaveLength(idleSockets);
  await reportHealthy(`${idleSockets} idle connections`, quiet, during);
  for (const { socket } of idle) socket.destroy();
});

test('a flood of headers is answered 431 each time', async () => {
  const quiet = await healthyMs(halo, person, requests);
  const flood = `GET /v1/keys HTTP/1.1\r\nhost: halo\r\n${'x-flood: '.padEnd(1_000, 'x')}\r\n`.repeat(40);
  const [during, answers] = await Promise.all([
    healthyMs(halo, person, requests),
    inTurns(floodedHeaders, 20, async () => {
      const one = await openOne((socket) => socket.write(flood));
      await until('The end of a flood of headers', () => one.closed);
      return one.received;
    }),
  ]);
  expect(answers.filter((answer) => !/^HTTP\/1\.1 4(31|00) /.test(answer))).toEqual([]);
  await reportHealthy(`${floodedHeaders} floods of headers, 20 at a time`, quiet, during);
});

test('a flood of bodies is answered 413 each time, and is not kept', async () => {
  const quiet = await healthyMs(halo, person, requests);
  const before = await readMetric(server.url, 'process_resident_memory_bytes');
  const [during, statuses] = await Promise.all([
    healthyMs(halo, person, requests),
    inTurns(floodedBodies, 4, () => floodBody(person)),
  ]);
  const grown = (await readMetric(server.url, 'process_resident_memory_bytes')) - before;
  expect(new Set(statuses)).toEqual(new Set([413]));
  await reportHealthy(`${floodedBodies} floods of bodies, 4 at a time`, quiet, during);
  await report({
    what: 'Memory that a flood of bodies left behind',
    result: `${(grown / 2 ** 20).toFixed(0)} MiB`,
    of: `${floodedBodies} bodies over the limit`,
  });
  expect(grown).toBeLessThan(memoryBytesMax);
});

/** How long each of so many writes and reads took, one after another, as far as the time went. */
async function healthyMs(halo: Halo, person: Person, count: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + healthyMsWithin;
  for (let n = 0; n < count && performance.now() < end; n += 1) {
    const started = performance.now();
    if (n % 2 === 0) await halo.set(person, 'healthy', `value ${n}`);
    else expect((await halo.read(person, 'healthy')).toString()).toBe(`value ${n - 1}`);
    times.push(performance.now() - started);
  }
  return times;
}

async function reportHealthy(
  what: string,
  quiet: readonly number[],
  during: readonly number[],
): Promise<void> {
  const show = (times: readonly number[]) =>
    `p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms`;
  await report({
    what: `A healthy client beside ${what}`,
    result: `${show(during)} (before: ${show(quiet)})`,
    of: `${during.length} reads and writes, none failed`,
  });
  expect(quantile(during, 0.99)).toBeLessThan(healthyMsMax);
}

interface Opened {
  readonly socket: Socket;
  received: string;
  closed: boolean;
}

async function openOne(onConnect: (socket: Socket) => void): Promise<Opened> {
  const socket = connect({ host: 'localhost', port: server.port });
  const opened: Opened = { socket, received: '', closed: false };
  socket.setEncoding('latin1').on('data', (text: string) => {
    opened.received += text;
  });
  // A server that refuses while we still send resets the connection: what it answered before counts.
  socket.on('error', () => {});
  socket.on('close', () => {
    opened.closed = true;
  });
  await new Promise<void>((resolve) => {
    socket.once('connect', resolve).once('close', () => resolve());
  });
  onConnect(socket);
  return opened;
}

async function openMany(count: number, onConnect: (socket: Socket, n: number) => void): Promise<Opened[]> {
  return inTurns(count, 100, (n) => openOne((socket) => onConnect(socket, n)));
}

const slowHead = 'GET /v1/keys HTTP/1.1\r\nhost: halo\r\nx-slow: ';

function slowBody({ accessToken }: Person): string {
  const lines = [`PUT ${pathOf('slow')} HTTP/1.1`, 'host: halo', `authorization: Bearer ${accessToken}`];
  return `${lines.join('\r\n')}\r\ncontent-length: 1000000\r\n\r\n`;
}

/** Sends the beginning, and then one byte after another. */
function drip(socket: Socket, beginning: string): void {
  socket.write(beginning);
  const timer = setInterval(() => socket.write('x'), 500);
  socket.once('close', () => clearInterval(timer));
}

/** Sends more than any value may have, in chunks, for as long as the other side takes it. */
async function floodBody({ accessToken }: Person): Promise<number> {
  const block = Buffer.alloc(1_048_576, 'x');
  const head = [
    `PUT ${pathOf('flood')} HTTP/1.1`,
    'host: halo',
    `authorization: Bearer ${accessToken}`,
    'transfer-encoding: chunked',
  ];
  const one = await openOne((socket) => socket.write(`${head.join('\r\n')}\r\n\r\n`));
  for (let sent = 0; sent < 40 && !one.closed && one.received === ''; sent += 1) {
    one.socket.write(`${block.length.toString(16)}\r\n`);
    one.socket.write(block);
    const isTaken = one.socket.write('\r\n');
    if (!isTaken) await until('Room for more', () => one.socket.writableLength === 0 || one.closed, 60_000);
  }
  one.socket.end('0\r\n\r\n');
  await until('The answer to a flood', () => one.received !== '' || one.closed, 60_000);
  one.socket.destroy();
  return Number(one.received.slice('HTTP/1.1 '.length, 'HTTP/1.1 000'.length));
}

/** Does something so many times, so many at once. */
async function inTurns<Result>(
  count: number,
  atOnce: number,
  act: (n: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) results[n] = await act(n);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
