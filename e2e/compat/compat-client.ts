import { randomBytes } from 'node:crypto';
import type { Halo, Person } from '../halo.js';

export interface Sent {
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
}

/** Sends what is no client library's doing; `path` is taken as it is. */
export function sendTo(base: string) {
  return (method: string, path: string, { token, headers, body }: Sent = {}): Promise<Response> =>
    fetch(`${base}${path}`, {
      method,
      redirect: 'manual',
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
      ...(body === undefined ? {} : { body }),
    });
}

/** Bytes of which no text is made. */
export function someBytes(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array([0xff, 0xfe, 0x00, 0x0d, 0x0a, 0xef, 0xbb, 0xbf, ...randomBytes(length - 8)]);
}

/** The newest revision of an account. */
export async function revisionOf(halo: Halo, person: Person): Promise<number> {
  return (await halo.page(person, { limit: '1' })).revision;
}

export async function undo(halo: Halo, person: Person, revision: number): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ revision });
  const response = await halo.request('POST', '/v1/undo', { token: person.accessToken, headers, body });
  if (response.status !== 200) throw new Error(`Undo answered ${response.status}: ${await response.text()}`);
}
