import { createHalo, type Watched } from 'halo-client';
import { afterAll, expect, test } from 'vitest';
import { goodPassword, newName } from '../halo.js';
import { type HaloServer, makeDataDirectory, removeDataDirectory, startHalo } from '../halo-server.js';
import { until } from '../until.js';

const data = await makeDataDirectory();
let server: HaloServer = await startHalo({ data });
afterAll(async () => {
  await server.stop();
  await removeDataDirectory(data);
});

/** Kills the server with whatever is under way, and starts one in its place. */
async function replaceServer(): Promise<void> {
  const { port } = server;
  await server.kill9();
  server = await startHalo({ data, env: { PORT: String(port) } });
}

test('a watcher and a writer outlive a server that is killed: no gap, no duplicate, nothing done twice', async () => {
  // As patient as a restart may take on a busy machine.
  const halo = createHalo({ url: server.url, retries: 60 });
  await halo.signUp({ name: newName(), password: goodPassword });
  const idler = createHalo({
    url: server.url,
    ...(halo.session === undefined ? {} : { session: halo.session }),
  });
  const stopping = new AbortController();
  const seen: Watched[] = [];
  const seenIdly: Watched[] = [];
  const watches = [
    [halo.watch({ since: 0, signal: stopping.signal }), seen] as const,
    // One who has been told nothing when the connection breaks must not miss what happens meanwhile either.
    [idler.watch({ prefix: 'late', signal: stopping.signal }), seenIdly] as const,
  ].map(async ([watch, into]) => {
    for await (const one of watch) into.push(one);
  });
  for (let n = 0; n < 20; n += 1) await halo.commit().add('count', 1).run();
  await until('What was committed', () => seen.length === 20);

  const writing = (async () => {
    for (let n = 0; n < 30; n += 1) await halo.commit().add('count', 1).run();
    await halo.set('late', 'told');
  })();
  await until('Some of what is committed next', () => seen.length > 22);
  await replaceServer();
  await writing;

  expect(await halo.getText('count')).toBe('50');
  await until('The last commit', () => seen.length >= 51 && seenIdly.length > 0);
  expect(seen.map(({ revision }) => revision)).toEqual(Array.from({ length: 51 }, (_, n) => n + 1));
  expect(seenIdly).toMatchObject([{ revision: 51, changes: [{ key: 'late' }] }]);
  stopping.abort();
  for (const watch of watches) await expect(watch).rejects.toMatchObject({ name: 'AbortError' });
}, 60_000);
