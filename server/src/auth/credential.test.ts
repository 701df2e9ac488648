import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { HaloError } from '../errors.js';
import { createCredentialReader } from './credential.js';
import { deriveSecrets } from './secrets.js';
import {
  encodeApiToken,
  encodeRefreshToken,
  hashSessionToken,
  newSecret,
  newSessionId,
} from './session-token.js';
import { createTokens, type Tokens } from './tokens.js';

let tokens: Tokens;
let readCredential: ReturnType<typeof createCredentialReader>;
let accessToken: string;
const session = { accountId: '42', sessionId: newSessionId() };
const apiToken = encodeApiToken({ ...session, secret: newSecret() });
const refreshToken = encodeRefreshToken({ ...session, secret: newSecret() }, createSecretKey(newSecret()));

beforeAll(async () => {
  tokens = createTokens(await deriveSecrets(['a secret of at least 32 bytes, for tests']));
  readCredential = createCredentialReader(tokens);
  accessToken = (await tokens.issue(session)).token;
});

async function outcomeOf(header: string | undefined): Promise<unknown> {
  try {
    return await readCredential(header);
  } catch (error) {
    return error;
  }
}

describe('a reader of credentials', () => {
  test('takes an access token, at once when it was seen before', async () => {
    const first = await readCredential(`Bearer ${accessToken}`);
    expect(first).toMatchObject({ ...session, secretHash: undefined });
    expect(readCredential(`bEARER ${accessToken}`)).toBe(first);
  });

  test('takes an API token, at once', () => {
    const expected = { ...session, secretHash: hashSessionToken(apiToken) };
    const first = readCredential(`Bearer ${apiToken}`);
    expect(first).toEqual(expected);
    expect(readCredential(`bearer ${apiToken}`)).toBe(first);
  });

  test('refuses everything else', async () => {
    const headers = [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      apiToken,
      accessToken,
      `Bearer  ${apiToken}`,
      ` Bearer ${apiToken}`,
      `Bearer\t${apiToken}`,
      `Bearer ${apiToken} `,
      `Bearer ${apiToken}=`,
      `Bearer ${apiToken}, Bearer ${apiToken}`,
      `Bearer ${apiToken.toUpperCase()}`,
      `Basic ${apiToken}`,
      `Bearer ${refreshToken}`,
      `Bearer ${refreshToken.replace('halort_', 'halo_')}`,
      `Bearer  ${accessToken}`,
      `Bearer ${accessToken} `,
      `Bearer "${accessToken}"`,
      `Bearer ${accessToken}, Bearer ${accessToken}`,
      'Bearer halo_',
      'Bearer __proto__',
      'Bearer toString',
    ];
    for (const header of headers) {
      const outcome = await outcomeOf(header);
      expect(outcome, String(header)).toBeInstanceOf(HaloError);
      expect(outcome).toMatchObject({ code: 'unauthenticated' });
      for (const secret of [apiToken, accessToken, refreshToken]) {
        expect((outcome as HaloError).message).not.toContain(secret);
      }
    }
  });

  test('survives any header whatsoever', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 2_000 }),
      fc.string({ unit: fc.constantFrom('.', '_', '-', 'e', 'y', 'J', 'A', '=', ' '), maxLength: 400 }),
      fc.base64String({ maxLength: 400 }),
      fc
        .tuple(fc.json(), fc.json(), fc.base64String())
        .map(([head, body, signature]) =>
          [head, body, signature].map((part) => Buffer.from(part).toString('base64url')).join('.'),
        ),
    );
    const prefix = fc.constantFrom('', 'Bearer ', 'bearer ', 'Bearer halo_', 'Bearer halort_', 'Bearer eyJ');
    await fc.assert(
      fc.asyncProperty(prefix, text, async (start, rest) => {
        expect(await outcomeOf(start + rest)).toMatchObject({ code: 'unauthenticated' });
      }),
      { numRuns: 3_000 },
    );
  });
});
