import Cloudflare from 'cloudflare';
import { createStorage } from 'unstorage';
import httpDriver from 'unstorage/drivers/http';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { haloAt, type Person } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { browserFetch } from './browser-fetch.js';
import { redisAt } from './upstash.js';

const app = 'https://app.example';
const server = await startHalo({ env: { HALO_CORS_ORIGINS: app } });
const halo = haloAt(server.url);
const platformFetch = globalThis.fetch;
afterAll(() => server.stop());
afterEach(() => {
  globalThis.fetch = platformFetch;
});

/** Runs a client as a page of the origin would, and returns the headers that it asked leave for. */
async function onPage(origin: string, use: () => Promise<void>): Promise<Set<string>> {
  const page = browserFetch(origin);
  // These clients take whatever fetch there is.
  globalThis.fetch = page.fetch;
  try {
    await use();
  } finally {
    globalThis.fetch = platformFetch;
  }
  return page.asked;
}

const clients: Record<string, (person: Person) => Promise<void>> = {
  '@upstash/redis': async ({ accessToken }) => {
    // As it comes: with telemetry, encoded answers, and the token that keeps its reads behind its writes.
    const redis = redisAt(server.url, accessToken, { enableTelemetry: true, enableAutoPipelining: true });
    expect(await redis.set('greeting', 'grüße', { ex: 60 })).toBe('OK');
    expect(await redis.get('greeting')).toBe('grüße');
    expect(await redis.pipeline().incr('visits').ttl('greeting').exec()).toEqual([1, expect.any(Number)]);
    expect(await redis.multi().del('greeting').exec()).toEqual([1]);
    await expect(redis.incrby('visits', 0.5)).rejects.toThrow(/integer/);
  },
  'unstorage with its http driver': async ({ accessToken }) => {
    const base = `${server.url}/compat/unstorage`;
    const storage = createStorage({
      driver: httpDriver({ base, headers: { authorization: `Bearer ${accessToken}` } }),
    });
    await storage.setItem('user:ada', { theme: 'dark' }, { ttl: 60 });
    await storage.setItemRaw('logo', new Uint8Array([255, 0]));
    expect(await storage.getItem('user:ada')).toEqual({ theme: 'dark' });
    expect(new Uint8Array((await storage.getItemRaw('logo')) as ArrayBuffer)).toEqual(
      new Uint8Array([255, 0]),
    );
    expect(await storage.getMeta('user:ada')).toMatchObject({ mtime: expect.any(Date), ttl: 60 });
    expect((await storage.getKeys()).sort()).toEqual(['logo', 'user:ada']);
    expect(await storage.getItem('none')).toBeNull();
    await storage.removeItem('logo');
    expect(await storage.hasItem('logo')).toBe(false);
    await storage.clear();
  },
  'the client of Cloudflare': async ({ accessToken, id }) => {
    const client = new Cloudflare({
      apiToken: accessToken,
      baseURL: `${server.url}/compat/cloudflare`,
      maxRetries: 0,
    });
    const account = { account_id: id };
    const space = await client.kv.namespaces.create({ ...account, title: 'cache' });
    const at = { ...account, namespace_id: space.id };
    await client.kv.namespaces.values.update('greeting', {
      ...at,
      value: 'hello',
      metadata: '{"by":"ada"}',
      expiration_ttl: 600,
    });
    const answer = await client.kv.namespaces.values.get('greeting', at);
    expect(await answer.text()).toBe('hello');
    expect(Number(answer.headers.get('expiration')) - Date.now() / 1_000).toBeGreaterThan(500);
    const found: unknown[] = [];
    for await (const key of client.kv.namespaces.keys.list(space.id, account)) found.push(key.name);
    expect(found).toEqual(['greeting']);
    await client.kv.namespaces.values.delete('greeting', at);
    await expect(client.kv.namespaces.values.get('greeting', at)).rejects.toMatchObject({
      status: 404,
    });
    await client.kv.namespaces.delete(space.id, account);
  },
};

describe.each(Object.keys(clients))('%s', (name) => {
  const use = clients[name] ?? (async () => {});

  test('works on a page of an origin that is allowed', async () => {
    const person = await halo.signUp();
    const asked = await onPage(app, () => use(person));
    // It did ask, and for more than its token, or nothing would have been tried.
    expect([...asked]).toContain('authorization');
    expect(asked.size).toBeGreaterThan(1);
  });

  test.each(['https://evil.example', 'null', `${app}.evil.example`])(
    'reaches nothing from %s',
    async (origin) => {
      const person = await halo.signUp();
      const error: unknown = await onPage(origin, () => use(person)).catch((caught: unknown) => caught);
      expect(reasonsOf(error)).toContain('The origin is not allowed.');
      expect((await halo.page(person, {})).keys).toEqual([]);
    },
  );
});

/** What clients make of a failed fetch differs; the reason is below, at some depth. */
function reasonsOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  return [error.message, ...reasonsOf(error.cause)];
}

test('refusals of each mount can be read where they may, those before the credential too', async () => {
  const page = browserFetch(app);
  for (const mount of ['upstash', 'unstorage', 'cloudflare']) {
    const path = `${server.url}/compat/${mount}/get/key`;
    const nobody = await page.fetch(path, { headers: { authorization: 'Bearer nonsense' } });
    expect([mount, nobody.status]).toEqual([mount, 401]);
    expect(nobody.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(nobody.headers.has('x-request-id')).toBe(true);
    const foreign = browserFetch('https://evil.example').fetch(path);
    await expect(foreign).rejects.toThrow('Failed to fetch');
  }
});
