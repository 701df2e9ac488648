import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { operations } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { openChanges } from '../event-source.js';
import { haloAt, pathOf } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { expectProblem } from '../problem.js';
import { until } from '../until.js';

/** Long enough for all that the test does meanwhile, on a slow machine too. */
const stopDelayS = 10;
/** What requests in flight have, the delay before that, and an orderly end of PostgreSQL. */
const endMsMax = (stopDelayS + 15 + 10) * 1_000;

const server = await startHalo({ env: { HALO_STOP_DELAY: String(stopDelayS) } });
const halo = haloAt(server.url);
afterAll(() => server.stop());

test('a server that is told to stop says so first, serves on, and leaves nobody without an answer', {
  timeout: endMsMax + 30_000,
}, async () => {
  const person = await halo.signUp();
  const stream = await openChanges(server.url, person);
  const kept = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (path: string): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${person.accessToken}` };
      httpRequest(`${server.url}${path}`, { agent: kept, headers }, resolve).once('error', reject).end();
    });
  await halo.set(person, 'key', 'before');
  const began = performance.now();
  const exit = server.terminate();

  const { path } = operations.ready;
  const refusal = await until('A server that is not ready', async () => {
    const response = await halo.request('GET', path);
    return response.status !== 200 && response;
  });
  await expectProblem(refusal, 'unavailable');
  expect((await halo.request('GET', operations.live.path)).status).toBe(200);
  expect((await halo.set(person, 'key', 'meanwhile')).revision).toBe(2);
  await stream.event('The commit', ({ id }) => id === '2');
  expect(stream.isClosed()).toBe(false);

  // Somebody asks on and on, over one connection: each answer is whole, and the last says that the connection ends.
  const answers: { status: number | undefined; body: string; connection: string | undefined }[] = [];
  const refused = await until(
    'The end of the connection',
    async () => {
      const response = await ask(pathOf('key')).catch((error: NodeJS.ErrnoException) => error);
      if (response instanceof Error) return response;
      const { statusCode: status, headers } = response;
      answers.push({ status, body: await text(response), connection: headers.connection });
      return undefined;
    },
    endMsMax,
  );
  expect(refused.code).toMatch(/^ECONN(REFUSED|RESET)$/);
  expect(new Set(answers.map(({ status, body }) => `${status} ${body}`))).toEqual(new Set(['200 meanwhile']));
  await stream.event('The farewell', ({ event }) => event === 'end');
  expect(stream.events.at(-1)).toMatchObject({ event: 'end', data: { code: 'unavailable' } });
  expect(await exit).toBe(0);
  expect(performance.now() - began).toBeLessThan(endMsMax);
  kept.destroy();
});
