import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { createBodyRoom } from './body-room.js';

const roomBytes = 200_000;
const bodyBytes = 1_000_000;
const room = createBodyRoom(roomBytes);

/** By path, what has been taken of each body. */
const taken = new Map<string, number>();
const serve = room.step((request, response) => {
  const { url = '' } = request;
  request.on('data', (chunk: Buffer) => {
    taken.set(url, (taken.get(url) ?? 0) + chunk.length);
    room.take(request, chunk.length);
  });
  request.on('end', () => response.end(url));
  request.on('error', () => {});
});
const server = createServer(serve);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

interface Upload {
  readonly socket: Socket;
  readonly answered: Promise<string>;
}

function upload(path: string, bytes: number): Upload {
  const socket = connect({ host: '127.0.0.1', port }).setEncoding('latin1');
  socket.on('error', () => {});
  const answered = new Promise<string>((resolve) => socket.once('data', (text: string) => resolve(text)));
  socket.write(`PUT ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${bodyBytes}\r\n\r\n`);
  socket.write('x'.repeat(bytes));
  return { socket, answered };
}

const has = (path: string, bytes: number) =>
  expect.poll(() => taken.get(path) ?? 0, { timeout: 5_000 }).toBeGreaterThanOrEqual(bytes);

test('one body may take more than there is room for; others wait until it is answered', async () => {
  const first = upload('/first', roomBytes + 100_000);
  await has('/first', roomBytes + 100_000);
  const second = upload('/second', bodyBytes);
  await has('/second', 1);
  first.socket.write('x'.repeat(bodyBytes - roomBytes - 100_000 - 1));
  await has('/first', bodyBytes - 1);
  // It had all the time that the first one's megabyte took.
  expect(taken.get('/second')).toBeLessThan(bodyBytes / 2);
  first.socket.write('x');
  expect(await first.answered).toMatch(/^HTTP\/1\.1 200 /);
  expect(await second.answered).toMatch(/^HTTP\/1\.1 200 /);
  for (const { socket } of [first, second]) socket.destroy();
});

test('a body that is broken off gives its room back', async () => {
  const gone = upload('/gone', roomBytes + 100_000);
  await has('/gone', roomBytes + 100_000);
  const patient = upload('/patient', bodyBytes);
  await has('/patient', 1);
  gone.socket.destroy();
  expect(await patient.answered).toMatch(/^HTTP\/1\.1 200 /);
  patient.socket.destroy();
});
