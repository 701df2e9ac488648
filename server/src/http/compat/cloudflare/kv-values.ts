import { limits } from 'halo-contract';
import { Type } from 'typebox';
import type { SetMutation } from '../../../engine/commit.js';
import type { StoredValue } from '../../../engine/stored-value.js';
import { HaloError } from '../../../errors.js';
import { readBody } from '../../body.js';
import { checkEncoding } from '../../json.js';
import { compileQuery } from '../../query.js';
import { contentTypeOf } from '../../value-headers.js';
import { deleteKeys } from '../delete-keys.js';
import type { Answer, Call } from '../mount.js';
import { expirationOf, expiryOf } from './kv-expiry.js';
import { type Form, isForm, readForm } from './kv-form.js';
import { storedKey } from './kv-key.js';
import { unwrapMetadata, wrapMetadata } from './kv-metadata.js';
import { commitTo, findNamespace, folderOf } from './namespaces.js';
import { keyNotFound, resultAnswer } from './refusal.js';

const readPutQuery = compileQuery(
  Type.Object({
    expiration: Type.Optional(Type.Integer({ minimum: 0 })),
    expiration_ttl: Type.Optional(Type.Integer({ minimum: 0 })),
  }),
);

/** The value with its metadata, and what surrounds the parts of a form. */
const formBytesMax = limits.valueBytesMax + 64 * 1_024;
/** What curl declares of its own accord. */
const undeclared = /^application\/x-www-form-urlencoded\b/i;

/** The bytes of a value; when it expires is told by the header `expiration`. */
export async function getValue(call: Call, id: string, key: string): Promise<Answer> {
  const { value, expiresAtMs } = await storedAt(call, id, key);
  const headers: Record<string, string> = {
    'content-type': 'application/octet-stream',
    // Stored bytes never become a page of our origin.
    'content-security-policy': "sandbox; default-src 'none'",
  };
  if (expiresAtMs !== null) headers.expiration = String(expirationOf(expiresAtMs));
  return { status: 200, headers, body: value };
}

export async function getMetadata(call: Call, id: string, key: string): Promise<Answer> {
  const { metadata } = await storedAt(call, id, key);
  return resultAnswer(unwrapMetadata(metadata));
}

/** Sets a value, sent as it is or in a form with its metadata. */
export async function putValue(call: Call, id: string, key: string): Promise<Answer> {
  const { request } = call;
  const set = { kind: 'set', key: storedKey(folderOf({ id }), key), condition: undefined } as const;
  const { expiration, expiration_ttl: ttl } = readPutQuery(call.target);
  const expiry = expiryOf(expiration, ttl);
  checkEncoding(request.headers['content-encoding']);
  call.watchBody(request);
  const { value, contentType, metadata } = await readValue(call);
  if (value.length > limits.valueBytesMax) {
    throw new HaloError('too-large', `A value may have at most ${limits.valueBytesMax} bytes.`);
  }
  const mutation: SetMutation = {
    ...set,
    value,
    contentType,
    metadata: metadata === undefined ? null : wrapMetadata(metadata),
    expiry,
  };
  await commitTo(call, id, [mutation]);
  return resultAnswer('{}');
}

/** A key that is not there is as good as deleted. */
export async function deleteValue(call: Call, id: string, key: string): Promise<Answer> {
  await commitTo(call, id, deleteKeys([storedKey(folderOf({ id }), key)]));
  return resultAnswer('{}');
}

async function storedAt(call: Call, id: string, key: string): Promise<StoredValue> {
  const wanted = storedKey(folderOf({ id }), key);
  // Both leave for PostgreSQL together.
  const reads = [findNamespace(call, id), call.engine.get(call.credential, wanted)] as const;
  const [, stored] = await Promise.all(reads);
  if (stored === undefined) throw keyNotFound();
  return stored;
}

async function readValue({ request }: Call): Promise<Form> {
  const declared = request.headers['content-type'];
  if (isForm(declared)) return readForm(await readBody(request, formBytesMax), declared);
  const contentType = contentTypeOf(undeclared.test(declared ?? '') ? undefined : declared);
  return { value: await readBody(request, limits.valueBytesMax), contentType, metadata: undefined };
}
