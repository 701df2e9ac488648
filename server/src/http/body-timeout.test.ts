import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { fastify } from 'fastify';
import { afterAll, expect, test } from 'vitest';
import { createBodyTimeout } from './body-timeout.js';

const patientMs = 60_000;
const app = fastify();
const timeout = createBodyTimeout({ everyMs: 10, nextRequestId: () => 'the-id' });
app.addHook('onRequest', async ({ raw, routeOptions }) =>
  timeout.watch(raw, routeOptions.config.bodyMsMax ?? 50),
);
app.addContentTypeParser('text/plain', { parseAs: 'string' }, (_request, body, done) => done(null, body));
app.post('/hasty', async (request) => request.body);
app.post('/patient', { config: { bodyMsMax: patientMs } }, async (request) => request.body);
await app.listen({ host: 'localhost', port: 0 });
const { port } = app.server.address() as AddressInfo;
afterAll(async () => {
  timeout.stop();
  await app.close();
});

/** Sends the head of a request and part of its body. */
function begin(path: string) {
  const socket = connect({ host: 'localhost', port });
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  const head = ['Host: a', 'Content-Type: text/plain', 'Content-Length: 4', 'Connection: close', '', 'ab'];
  socket.write(`POST ${path} HTTP/1.1\r\n${head.join('\r\n')}`);
  return { socket, answer: () => answer, ended: once(socket, 'close') };
}

test('answers 408 when a body stalls, and lets go of the connection', async () => {
  const { answer, ended } = begin('/hasty');
  await ended;
  expect(answer()).toMatch(/^HTTP\/1\.1 408 /);
  expect(answer()).toContain('"code":"request-timeout"');
  expect(answer()).toContain('"request_id":"the-id"');
});

test('gives a route the time that it asks for', async () => {
  const patient = begin('/patient');
  // By then the time of the others is over.
  await begin('/hasty').ended;
  await begin('/hasty').ended;
  expect(patient.answer()).toBe('');
  patient.socket.write('cd');
  await patient.ended;
  expect(patient.answer()).toMatch(/^HTTP\/1\.1 200 .*abcd$/s);
});

test('leaves alone what has arrived', async () => {
  const whole = begin('/hasty');
  whole.socket.write('cd');
  await whole.ended;
  await begin('/hasty').ended;
  expect(whole.answer()).toMatch(/^HTTP\/1\.1 200 .*abcd$/s);
});
