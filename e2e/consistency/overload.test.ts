import { connect } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { haloAt, pathOf } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { expectProblem } from '../problem.js';
import { until } from '../until.js';
import { startDebianPostgres } from './debian-postgres.js';

const postgres = await startDebianPostgres();
const server = await startHalo({
  env: { DATABASE_URL: postgres.databaseUrl, HALO_SECRET: 'a secret of thirty-two bytes at least' },
});
const halo = haloAt(server.url);
afterAll(async () => {
  await server.stop();
  await postgres.stop();
});

/**
 * More than Halo queues and carries at once, over connections that do not wait for answers. `TE` leaves them to Node's
 * server, which takes many requests of a connection at once; Halo's own lane takes one after the other.
 */
const writes = 12_000;
/** And so many again, when it has begun to refuse. */
const more = 400;
const connections = 40;

test('what is too much is refused at once, in words, and what was taken is carried out once', {
  timeout: 120_000,
}, async () => {
  const person = await halo.signUp();
  const other = await halo.signUp();
  await halo.set(other, 'key', 'value');
  const held = await postgres.hold('lock table stores in exclusive mode');
  const answers = Array.from({ length: connections }, () => '');
  const sockets = answers.map((_, index) => {
    const socket = connect(server.port, 'localhost').setEncoding('latin1');
    socket.on('data', (text: string) => {
      answers[index] += text;
    });
    return socket;
  });
  try {
    const send = (from: number, to: number): void => {
      sockets.forEach((socket, first) => {
        const requests: string[] = [];
        for (let index = from + first; index < to; index += connections) {
          requests.push(
            `PUT ${pathOf(`key ${index}`)} HTTP/1.1\r\nHost: localhost\r\nTE: trailers\r\nAuthorization: Bearer ${person.accessToken}\r\n` +
              'Content-Length: 5\r\n\r\nvalue',
          );
        }
        socket.write(requests.join(''));
      });
    };
    send(0, writes);
    // Nothing can be written meanwhile: whoever gets an answer has not waited for the queue.
    const refusal = await until('A refusal', async () => {
      const abort = AbortSignal.timeout(1_000);
      return fetch(`${server.url}${pathOf('one more')}`, {
        ...{ method: 'PUT', body: 'x', signal: abort },
        headers: { authorization: `Bearer ${other.accessToken}` },
      }).catch(() => undefined);
    });
    expect(refusal.headers.get('retry-after')).toBe('1');
    await expectProblem(refusal, 'overloaded');
    send(writes, writes + more);
    // Reads have a queue of their own.
    expect((await halo.read(other, 'key')).toString()).toBe('value');
    expect((await halo.request('GET', '/health/ready')).status).toBe(200);
  } finally {
    await held.letGo();
  }
  const countOf = (pattern: RegExp): number => answers.join('\n').match(pattern)?.length ?? 0;
  await until('Every answer', () => countOf(/HTTP\/1\.1 /g) === writes + more, 60_000);
  for (const socket of sockets) socket.destroy();
  const [created, refused] = [countOf(/HTTP\/1\.1 201 /g), countOf(/HTTP\/1\.1 503 /g)];
  expect(created + refused).toBe(writes + more);
  expect(refused).toBeGreaterThan(0);
  expect(countOf(/^retry-after: 1\r$/gim)).toBe(refused);
  expect(countOf(/"code":"overloaded"/g)).toBe(refused);
  // Each write that was answered was made, and none that was refused.
  expect((await halo.page(person)).revision).toBeLessThanOrEqual(created);
  expect((await halo.account(person)).usage.keys).toBe(created);
});
