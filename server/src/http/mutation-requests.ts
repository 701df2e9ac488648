import { keyFault, limits, mutationSchemas } from 'halo-contract';
import type { Static } from 'typebox';
import type { Check, Commit, Mutation, SetMutation } from '../engine/commit.js';
import { isInteger64 } from '../engine/mutations.js';
import { HaloError } from '../errors.js';
import { expiryOf, parseInstant, ttlOf } from './expiry.js';
import { compileValidate, type Validate } from './validate.js';
import { checkMetadata, contentTypeOf } from './value-headers.js';

type Schemas = typeof mutationSchemas;
type Name = keyof Schemas;
type Body<Kind extends Name> = Static<Schemas[Kind]>;

const names = Object.keys(mutationSchemas) as Name[];
const validates = Object.fromEntries(
  names.map((name) => [name, compileValidate(mutationSchemas[name])]),
) as unknown as { readonly [Kind in Name]: Validate<Schemas[Kind]> };

const textType = 'text/plain; charset=utf-8';
const bytesType = 'application/octet-stream';

/**
 * Turns one mutation of a request into one of the engine.
 *
 * @param metadata the source texts of the request's metadata, in order; the mutation takes its own from the front
 * @throws HaloError `invalid-request`, `invalid-key`, `invalid-value`, `too-large`, with a pointer into the request
 */
export function parseMutation(value: unknown, index: number, metadata: string[]): Mutation {
  const pointer = `/mutations/${index}`;
  const members =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  const name = names.find((known) => known === members[0]);
  if (name === undefined || members.length !== 1) {
    throw refusal('invalid-request', pointer, `must have exactly one member: ${names.join(', ')}`);
  }
  try {
    return build(name, (value as Record<Name, unknown>)[name], metadata);
  } catch (error) {
    throw error instanceof HaloError ? inside(error, `${pointer}/${name}`) : error;
  }
}

function build(name: Name, body: unknown, metadata: string[]): Mutation {
  switch (name) {
    case 'set':
      return buildSet(validates.set(body), metadata);
    case 'delete':
      return { kind: name, key: checkKey(validates.delete(body).key, '/key'), condition: undefined };
    case 'add': {
      const { key, by } = validates.add(body);
      return { kind: name, key: checkKey(key, '/key'), operand: parseInteger(by, '/by') };
    }
    case 'min':
    case 'max': {
      const { key, value } = validates[name](body);
      return { kind: name, key: checkKey(key, '/key'), operand: parseInteger(value, '/value') };
    }
    case 'touch':
      return buildTouch(validates.touch(body));
    case 'restore': {
      const { key, revision } = validates.restore(body);
      return { kind: name, key: checkKey(key, '/key'), revision };
    }
    case 'copy':
    case 'move':
    case 'copy_prefix':
    case 'move_prefix': {
      const { from, to } = validates[name](body);
      return { kind: name, from: checkKey(from, '/from'), to: checkKey(to, '/to') };
    }
    case 'delete_prefix':
      return { kind: name, prefix: checkKey(validates.delete_prefix(body).prefix, '/prefix') };
  }
}

/**
 * A `set` that stands by itself, such as a line of an import; pointers lead from its root.
 *
 * @param metadata likewise
 * @throws HaloError `invalid-request`, `invalid-key`, `invalid-value`, `too-large`, `unsupported-media-type`
 */
export function parseSet(body: unknown, metadata: string[]): SetMutation {
  return buildSet(validates.set(body), metadata);
}

function buildSet(body: Body<'set'>, metadata: string[]): SetMutation {
  const { key, value, value_base64, content_type, ttl, expires_at } = body;
  if ((value === undefined) === (value_base64 === undefined)) {
    throw refusal('invalid-request', '', 'needs value or value_base64, not both');
  }
  const bytes = value === undefined ? parseBase64(value_base64 ?? '') : parseText(value);
  if (bytes.length > limits.valueBytesMax) throw refusal('too-large', '/value', 'is larger than 25 MiB');
  const source = body.metadata == null ? undefined : metadata.shift();
  if (body.metadata === null) metadata.shift();
  return {
    kind: 'set',
    key: checkKey(key, '/key'),
    value: bytes,
    contentType: contentTypeOf(content_type ?? (value === undefined ? bytesType : textType)),
    metadata: source === undefined ? null : checkMetadata(Buffer.from(source)),
    expiry: typeof ttl === 'number' ? expiryOfTtl(ttl, expires_at) : expiryOf(ttl, expires_at),
    condition: undefined,
  };
}

function expiryOfTtl(ttl: number, expiresAt: string | undefined): ReturnType<typeof ttlOf> {
  if (expiresAt !== undefined) throw refusal('invalid-request', '/ttl', 'and expires_at exclude each other');
  return ttlOf(ttl);
}

function buildTouch(body: Body<'touch'>): Mutation {
  const key = checkKey(body.key, '/key');
  const { ttl, expires_at: expiresAt } = body;
  if ((ttl === undefined) === (expiresAt === undefined)) {
    throw refusal('invalid-request', '', 'needs ttl or expires_at, not both');
  }
  if (ttl != null) return { kind: 'touch', key, expiry: ttlOf(ttl) };
  if (expiresAt != null) return { kind: 'touch', key, expiry: { atMs: parseInstant(expiresAt) } };
  return { kind: 'touch', key, expiry: 'never' };
}

/** @throws HaloError `invalid-key` */
export function parseCheck({ key, revision }: Check, index: number): Commit['checks'][number] {
  return { key: checkKey(key, `/checks/${index}/key`), revision };
}

function checkKey(key: string, pointer: string): string {
  const fault = keyFault(key);
  if (fault !== undefined) throw new HaloError('invalid-key', fault, { extra: { pointer } });
  return key;
}

function parseInteger(text: string, pointer: string): bigint {
  if (isInteger64(text)) return BigInt(text);
  throw refusal('invalid-request', pointer, 'must be a signed 64-bit integer in decimal');
}

function parseText(text: string): Buffer {
  if (!text.isWellFormed()) throw refusal('invalid-value', '/value', 'may not contain lone surrogates');
  return Buffer.from(text);
}

/** RFC 4648 section 4, with padding: anything else would be guessed at. */
function parseBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') === text) return bytes;
  throw refusal('invalid-value', '/value_base64', 'must be base64 with padding');
}

function refusal(code: HaloError['code'], pointer: string, fault: string): HaloError {
  return new HaloError(code, `${pointer === '' ? 'The mutation' : pointer} ${fault}.`, {
    extra: { pointer },
  });
}

/** The same refusal with its pointer taken from the whole request. */
function inside(error: HaloError, pointer: string): HaloError {
  const within = typeof error.extra?.pointer === 'string' ? error.extra.pointer : '';
  return new HaloError(error.code, error.message, {
    extra: { ...error.extra, pointer: `${pointer}${within}` },
  });
}
