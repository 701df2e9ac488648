import { readJson } from 'halo-client';
import type {
  ApiToken,
  CreatedToken,
  PasswordChange,
  Session,
  SessionList,
  TokenList,
  TokenRequest,
} from 'halo-contract';
import { session } from '../../session/browser-session.js';

/** Without their secrets, the newest first. */
export async function listTokens(signal: AbortSignal): Promise<readonly ApiToken[]> {
  const response = await session.request({ method: 'GET', path: '/v1/tokens', signal });
  return (await readJson<TokenList>(response)).tokens;
}

/** The answer holds the secret: it belongs in no cache. */
export async function createToken(body: TokenRequest, signal: AbortSignal): Promise<CreatedToken> {
  return readJson(await session.request({ method: 'POST', path: '/v1/tokens', body, signal }));
}

export async function revokeToken(id: string): Promise<void> {
  await session.request({ method: 'DELETE', path: `/v1/tokens/${encodeURIComponent(id)}` });
}

/** The most recently used first. */
export async function listSessions(signal: AbortSignal): Promise<readonly Session[]> {
  const response = await session.request({ method: 'GET', path: '/v1/sessions', signal });
  return (await readJson<SessionList>(response)).sessions;
}

export async function endSession(id: string): Promise<void> {
  await session.request({ method: 'DELETE', path: `/v1/sessions/${encodeURIComponent(id)}` });
}

export async function endOtherSessions(): Promise<void> {
  await session.request({ method: 'DELETE', path: '/v1/sessions' });
}

export async function changePassword(body: PasswordChange): Promise<void> {
  await session.request({ method: 'POST', path: '/v1/account/password', body, repeat: 'never' });
}
