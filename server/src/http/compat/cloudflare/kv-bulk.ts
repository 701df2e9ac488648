import { isUtf8 } from 'node:buffer';
import { limits } from 'halo-contract';
import { type Static, Type } from 'typebox';
import type { Mutation, SetMutation } from '../../../engine/commit.js';
import type { ListedEntry } from '../../../engine/listed-entry.js';
import { HaloError } from '../../../errors.js';
import { readBody } from '../../body.js';
import { checkEncoding, parseJson } from '../../json.js';
import { sourcesOf } from '../../json-sources.js';
import { compileValidate } from '../../validate.js';
import { deletedKeysMax, deleteKeys } from '../delete-keys.js';
import type { Answer, Call } from '../mount.js';
import { expirationOf, expiryOf } from './kv-expiry.js';
import { storedKey } from './kv-key.js';
import { unwrapMetadata, wrapMetadata } from './kv-metadata.js';
import { commitTo, folderOf } from './namespaces.js';
import { namespaceNotFound, resultAnswer } from './refusal.js';

/** The bounds of Workers KV. */
const bulkKeysMax = 10_000;
const readKeysMax = 100;
/** Bytes of values in one commit, which has one at least. */
const commitBytesMax = 8 * 1_024 * 1_024;

const validateSets = compileValidate(
  Type.Array(
    Type.Object({
      key: Type.String(),
      value: Type.String(),
      base64: Type.Optional(Type.Boolean()),
      expiration: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
      expiration_ttl: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
      metadata: Type.Optional(Type.Unknown()),
    }),
    { maxItems: bulkKeysMax },
  ),
);
type Sets = ReturnType<typeof validateSets>;
const validateKeys = compileValidate(Type.Array(Type.String(), { maxItems: bulkKeysMax }));
const BulkGet = Type.Object({
  keys: Type.Array(Type.String(), { minItems: 1, maxItems: readKeysMax }),
  type: Type.Optional(Type.Union([Type.Literal('text'), Type.Literal('json')])),
  withMetadata: Type.Optional(Type.Boolean()),
});
const validateBulkGet = compileValidate(BulkGet);

/** `metadata` stands in an item of the array. */
const metadataDepth = 2;

/** Sets up to 10,000 keys, in commits of some hundred each; nothing is written unless all of it is valid. */
export async function putBulk(call: Call, id: string): Promise<Answer> {
  const body = await readJson(call);
  const items = validateSets(parseJson(body));
  const sources = sourcesOf(body.toString(), 'metadata', metadataDepth);
  const folder = folderOf({ id });
  const sets = items.map((item, index) => at(index, () => setOf(folder, item, sources)));
  return write(
    call,
    id,
    batches(sets).map((batch) => ({
      keys: batch.map(({ key }) => key.slice(folder.length)),
      mutations: batch,
    })),
  );
}

/** Deletes up to 10,000 keys, whether they exist or not. */
export async function deleteBulk(call: Call, id: string): Promise<Answer> {
  const keys = validateKeys(parseJson(await readJson(call)));
  const folder = folderOf({ id });
  const stored = keys.map((key, index) => at(index, () => storedKey(folder, key)));
  const works: Work[] = [];
  for (let from = 0; from < keys.length; from += deletedKeysMax) {
    const to = from + deletedKeysMax;
    works.push({ keys: keys.slice(from, to), mutations: deleteKeys(stored.slice(from, to)) });
  }
  return write(call, id, works);
}

/** Up to 100 values in one snapshot, as text or as JSON. */
export async function getBulk(call: Call, id: string): Promise<Answer> {
  const asked = validateBulkGet(parseJson(await readJson(call)));
  const keys = [...new Set(asked.keys)];
  const folder = folderOf({ id });
  const stored = keys.map((key, index) => at(index, () => storedKey(folder, key)));
  const [record, ...entries] = (await call.engine.read(call.credential, [folder, ...stored])).entries;
  if (record === undefined) throw namespaceNotFound();
  const values = keys.map((key, index) => `${JSON.stringify(key)}:${foundJson(key, entries[index], asked)}`);
  return resultAnswer(`{"values":{${values.join(',')}}}`);
}

function foundJson(key: string, entry: ListedEntry | undefined, asked: Static<typeof BulkGet>): string {
  if (entry?.value === undefined) return 'null';
  const value = asked.type === 'json' ? jsonOf(key, entry.value) : JSON.stringify(textOf(key, entry.value));
  if (asked.withMetadata !== true) return value;
  const { expiresAt, metadata } = entry;
  const expiration = expiresAt === null ? '' : `,"expiration":${expirationOf(Date.parse(expiresAt))}`;
  return `{"value":${value},"metadata":${unwrapMetadata(metadata)}${expiration}}`;
}

function textOf(key: string, value: Buffer): string {
  if (isUtf8(value)) return value.toString();
  throw new HaloError('invalid-value', `The value of ${JSON.stringify(key)} is not text: get it by itself.`);
}

function jsonOf(key: string, value: Buffer): string {
  const text = textOf(key, value);
  try {
    JSON.parse(text);
    return text;
  } catch {
    throw new HaloError('invalid-value', `The value of ${JSON.stringify(key)} is not JSON.`);
  }
}

function setOf(folder: string, item: Sets[number], sources: string[]): SetMutation {
  const source = item.metadata === undefined ? undefined : sources.shift();
  const value = item.base64 === true ? bytesOf(item.value) : Buffer.from(wellFormed(item.value));
  if (value.length > limits.valueBytesMax) {
    throw new HaloError('too-large', `a value may have at most ${limits.valueBytesMax} bytes.`);
  }
  return {
    kind: 'set',
    key: storedKey(folder, item.key),
    value,
    contentType: item.base64 === true ? 'application/octet-stream' : 'text/plain; charset=utf-8',
    metadata: source === undefined ? null : wrapMetadata(source.trim()),
    expiry: expiryOf(item.expiration, item.expiration_ttl),
    condition: undefined,
  };
}

function wellFormed(text: string): string {
  if (text.isWellFormed()) return text;
  throw new HaloError('invalid-value', 'the value may not contain lone surrogates.');
}

/** RFC 4648 section 4; what else Node would guess at is refused. */
function bytesOf(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') === text) return bytes;
  throw new HaloError('invalid-value', 'the value must be base64 with padding.');
}

/** Says in which item of the array the fault is. */
function at<Result>(index: number, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof HaloError)) throw error;
    throw new HaloError(error.code, `Item ${index}: ${error.message}`, { cause: error });
  }
}

function batches(sets: readonly SetMutation[]): SetMutation[][] {
  const found: SetMutation[][] = [];
  let bytes = 0;
  for (const set of sets) {
    const last = found.at(-1);
    if (
      last !== undefined &&
      last.length < limits.mutationsMax &&
      bytes + set.value.length <= commitBytesMax
    ) {
      last.push(set);
      bytes += set.value.length;
    } else {
      found.push([set]);
      bytes = set.value.length;
    }
  }
  return found;
}

interface Work {
  /** As the client calls them. */
  readonly keys: readonly string[];
  readonly mutations: readonly Mutation[];
}

/** What has been committed when a commit fails is not taken back: the rest is named, to be tried again. */
async function write(call: Call, id: string, works: readonly Work[]): Promise<Answer> {
  if (works.length === 0) await commitTo(call, id, []);
  let count = 0;
  for (const [index, { keys, mutations }] of works.entries()) {
    try {
      await commitTo(call, id, mutations);
      count += keys.length;
    } catch (error) {
      if (index === 0 || !(error instanceof HaloError) || error.code === 'internal') throw error;
      const failed = works.slice(index).flatMap(({ keys }) => keys);
      return bulkAnswer(count, failed, [{ code: error.status, message: error.message }]);
    }
  }
  return bulkAnswer(count, [], []);
}

function bulkAnswer(count: number, failed: readonly string[], messages: readonly object[]): Answer {
  const result = { successful_key_count: count, unsuccessful_keys: failed };
  return resultAnswer(JSON.stringify(result), { messages });
}

async function readJson({ request, watchBody }: Call): Promise<Buffer> {
  checkEncoding(request.headers['content-encoding']);
  watchBody(request);
  return readBody(request, limits.bodyBytesMax);
}
