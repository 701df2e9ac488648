import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export interface Forgery {
  /** What was done to it. */
  readonly name: string;
  readonly token: string;
}

type Members = Readonly<Record<string, unknown>>;

export const attacker = generateKeyPairSync('ed25519');

/** A JWT taken apart. */
export interface Parts {
  readonly header: Members;
  readonly payload: Members;
  readonly texts: readonly [header: string, payload: string, signature: string];
}

export function partsOf(token: string): Parts {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const read = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString()) as Members;
  return { header: read(header), payload: read(payload), texts: [header, payload, signature] };
}

export function encode(content: unknown): string {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  return Buffer.from(text).toString('base64url');
}

/** Signed with a key of the attacker’s own; what is text stands as it is. */
export function signed(header: unknown, payload: unknown, key: KeyObject = attacker.privateKey): string {
  const text = `${encode(header)}.${encode(payload)}`;
  return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`;
}
