import { afterAll, expect, test } from 'vitest';
import { haloAt } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { securityOf } from '../security.js';

const server = await startHalo({ env: { HALO_RATE_LIMIT: '6/3600' } });
const halo = haloAt(server.url);
afterAll(() => server.stop());

test.each([
  [
    'cloudflare',
    '/accounts/me/storage/kv/namespaces/none/values/key',
    { success: false, errors: [{ code: 429 }] },
  ],
  ['unstorage', '/no/such/key', { statusCode: 429, statusMessage: 'Too Many Requests' }],
])('an API token is held to the rate limit, in the words of %s', async (name, path, refusal) => {
  const owner = await halo.signUp();
  const { token } = await securityOf(halo).createToken(owner);
  const headers = { authorization: `Bearer ${token}` };
  const statuses: number[] = [];
  let last: Response | undefined;
  for (let asked = 0; asked < 8 && last?.status !== 429; asked += 1) {
    last = await fetch(`${server.url}/compat/${name}${path}`, { headers });
    statuses.push(last.status);
  }
  // Making the token took one; the first answer of 404 proves it, and so is counted.
  expect(statuses).toEqual([404, 404, 404, 404, 404, 429]);
  expect(last?.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(last?.headers.get('content-type')).toBe('application/json');
  expect(await last?.json()).toMatchObject(refusal);
});
