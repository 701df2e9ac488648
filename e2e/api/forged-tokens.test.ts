import { expect, test } from 'vitest';
import { haloAt } from '../halo.js';
import { sharedHalo } from '../shared-halo.js';
import { forgeTokens, type Jwk } from './forgeries.js';
import type { Forgery } from './jwt-parts.js';

const server = sharedHalo();
const halo = haloAt(server.url);
const person = await halo.signUp();
const other = await halo.signUp();

const { keys } = (await (await halo.request('GET', '/.well-known/jwks.json')).json()) as { keys: Jwk[] };
const forgeries = forgeTokens({ token: person.accessToken, otherToken: other.accessToken, keys });

/** The status of a request with the token, or what kept it from being sent. */
async function present(token: string): Promise<number | 'unsendable'> {
  try {
    return (await halo.request('GET', '/v1/account', { token })).status;
  } catch (error) {
    // Nothing above U+00FF, and no line break, can stand in a header.
    if (error instanceof TypeError) return 'unsendable';
    throw error;
  }
}

test('no forged access token is accepted', async () => {
  const accepted: string[] = [];
  const strange: string[] = [];
  let sent = 0;
  for (const { name, token } of forgeries) {
    // Twice: what was refused once is not remembered as verified.
    const statuses = [await present(token), await present(token)];
    if (statuses.includes('unsendable')) continue;
    sent += 1;
    if (statuses.includes(200)) accepted.push(name);
    else if (statuses.some((status) => status !== 401)) strange.push(`${name}: ${statuses}`);
  }
  console.log(`Forged access tokens accepted: ${accepted.length} of ${sent}.`);
  expect([accepted, strange]).toEqual([[], []]);
  expect(sent).toBeGreaterThanOrEqual(300);
  // Proves that what they were made from is good, also after all that.
  expect(await present(person.accessToken)).toBe(200);
});

test('the corpus would find verifiers that leave something out', () => {
  const fooled = (verify: (forgery: Forgery) => boolean) => forgeries.filter(verify).length;
  const partOf = (token: string, index: number): Record<string, unknown> | undefined => {
    try {
      return JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString());
    } catch {
      return undefined;
    }
  };
  const seconds = Date.now() / 1_000;
  const trusting = ({ token }: Forgery) => Number(partOf(token, 1)?.exp) > seconds;
  const unsigned = ({ token }: Forgery) => String(partOf(token, 0)?.alg).toLowerCase() === 'none';
  const genuine = person.accessToken.split('.');
  const lenient = ({ token }: Forgery) => {
    // Decodes as Node does: skips what is not base64url, ignores spare bits and everything after three parts.
    const bytes = (text = '') => Buffer.from(text, 'base64url').toString('hex');
    return token
      .split('.')
      .slice(0, 3)
      .every((part, index) => bytes(part) === bytes(genuine[index]));
  };
  expect(fooled(trusting)).toBeGreaterThan(100);
  expect(fooled(unsigned)).toBeGreaterThan(10);
  expect(fooled(lenient)).toBeGreaterThan(5);
});

test('the forgeries are all different, and none is the genuine token', () => {
  const tokens = forgeries.map(({ token }) => token);
  expect(new Set(tokens).size).toBe(tokens.length);
  expect(tokens).not.toContain(person.accessToken);
});
