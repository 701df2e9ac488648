import { fromBase64, toBase64 } from './base64.js';
import { readBytes } from './transport.js';
import type { ValuedEntry } from './wire.js';

/** A value as it is stored, with all that belongs to it. */
export interface Value {
  readonly key: string;
  readonly revision: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  /** As it was set; undefined: none. */
  readonly metadata: Record<string, unknown> | undefined;
  readonly createdAt: Date;
  /** From a header of a plain get it is known to the second. */
  readonly updatedAt: Date;
  readonly expiresAt: Date | undefined;
  /** The bytes as UTF-8. */
  text(): string;
  /** The bytes as JSON. Throws SyntaxError. */
  json<Content = unknown>(): Content;
}

/**
 * What can be set: a string is stored as text; a Blob, an ArrayBuffer and what looks at one, such as a Uint8Array, as
 * the bytes that they are; and everything else as the JSON that `JSON.stringify` makes of it. A Blob's own type is its
 * content type.
 */
export type Settable = string | number | boolean | null | object;

const textType = 'text/plain; charset=utf-8';
const jsonType = 'application/json';
const bytesType = 'application/octet-stream';

/** The content and its type, as it travels. */
export function contentOf(value: Settable): {
  readonly body: string | Uint8Array<ArrayBuffer> | ArrayBuffer | Blob;
  readonly contentType: string;
} {
  if (typeof value === 'string') return { body: value, contentType: textType };
  if (value instanceof Blob) return { body: value, contentType: value.type === '' ? bytesType : value.type };
  if (value instanceof ArrayBuffer) return { body: value, contentType: bytesType };
  if (ArrayBuffer.isView(value)) return { body: bytesOf(value), contentType: bytesType };
  const text = JSON.stringify(value);
  if (text === undefined) throw new TypeError('A value is text, bytes, or what JSON can hold.');
  return { body: text, contentType: jsonType };
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** A value inside JSON: as text or in base64. Throws TypeError for a Blob, which has to be read first. */
export function inlineContentOf(value: Settable): {
  readonly value?: string;
  readonly value_base64?: string;
  readonly content_type: string;
} {
  const { body, contentType: content_type } = contentOf(value);
  if (typeof body === 'string') return { value: body, content_type };
  if (body instanceof Blob) throw new TypeError('A Blob cannot be part of a commit: read its bytes first.');
  const bytes = body instanceof ArrayBuffer ? new Uint8Array(body) : body;
  return { value_base64: toBase64(bytes), content_type };
}

/** The value of a plain get: headers and bytes. */
export async function valueOfResponse(key: string, response: Response): Promise<Value> {
  const header = (name: string) => response.headers.get(name) ?? undefined;
  const metadata = header('halo-metadata');
  const expiresAt = header('halo-expires-at');
  return createValue({
    key,
    revision: Number(header('halo-revision')),
    bytes: await readBytes(response),
    contentType: header('content-type') ?? bytesType,
    metadata: metadata === undefined ? undefined : (JSON.parse(metadata) as Record<string, unknown>),
    createdAt: new Date(header('halo-created-at') ?? Number.NaN),
    updatedAt: new Date(header('last-modified') ?? Number.NaN),
    expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
  });
}

/** The value of an entry in a list, a snapshot or a read; undefined when it was left out. */
export function valueOfEntry(entry: ValuedEntry): Value | undefined {
  const { key, revision, value, value_base64, content_type, metadata, created_at, updated_at, expires_at } =
    entry;
  const bytes =
    value !== undefined
      ? new TextEncoder().encode(value)
      : value_base64 !== undefined
        ? fromBase64(value_base64)
        : undefined;
  if (bytes === undefined) return undefined;
  return createValue({
    key,
    revision,
    bytes,
    contentType: content_type,
    metadata: metadata ?? undefined,
    createdAt: new Date(created_at),
    updatedAt: new Date(updated_at),
    expiresAt: expires_at === null ? undefined : new Date(expires_at),
  });
}

function createValue(stored: Omit<Value, 'text' | 'json'>): Value {
  const text = () => new TextDecoder('utf-8', { ignoreBOM: true }).decode(stored.bytes);
  return { ...stored, text, json: <Content>() => JSON.parse(text()) as Content };
}
