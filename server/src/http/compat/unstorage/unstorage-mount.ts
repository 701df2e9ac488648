import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import { STATUS_CODES } from 'node:http';
import { limits, problems } from 'halo-contract';
import type { Listing } from '../../../engine/lister.js';
import type { StoredValue } from '../../../engine/stored-value.js';
import { HaloError } from '../../../errors.js';
import { readBody } from '../../body.js';
import { httpDate } from '../../dates.js';
import { ttlOf } from '../../expiry.js';
import { checkEncoding } from '../../json.js';
import { fixedHeaders } from '../../problems.js';
import { contentTypeOf } from '../../value-headers.js';
import { deletedKeysMax, deleteKeys } from '../delete-keys.js';
import type { Answer, Call, Mount } from '../mount.js';
import { isNormal, namedBy } from './unstorage-key.js';

/**
 * What unstorage's `http` driver asks and its own server answers: values under paths, and a path that ends with a
 * slash or colon for all keys below it. Keys are Halo's, with slashes.
 */
export const unstorageMount: Mount = { path: '/compat/unstorage', serve, refusal };

const bytesType = 'application/octet-stream';
const textType = 'text/plain; charset=utf-8';
const methods = ['GET', 'HEAD', 'PUT', 'DELETE'];
/** Stored bytes never become a page of our origin. */
const sandbox = { 'content-security-policy': "sandbox; default-src 'none'" };
const ok: Answer = { status: 200, headers: { 'content-type': textType }, body: 'OK' };

async function serve(call: Call): Promise<Answer | undefined> {
  const { method = '' } = call.request;
  if (!methods.includes(method)) {
    throw new HaloError('method-not-allowed', `${method} is not possible here, only ${methods.join(', ')}.`);
  }
  const { name, isBase } = namedBy(call.target);
  if (isBase && (method === 'HEAD' || method === 'PUT')) {
    throw new HaloError('invalid-key', `${method} is not possible on a base, only on a key.`);
  }
  if (method === 'PUT') return put(call, name);
  if (method === 'DELETE') return isBase ? clear(call, name) : remove(call, name);
  return isBase ? list(call, name) : get(call, name);
}

async function get({ engine, request, credential }: Call, key: string): Promise<Answer> {
  const stored = await engine.get(credential, key);
  if (stored === undefined) throw new HaloError('not-found', 'There is no such key.');
  const isRaw = request.headers.accept === bytesType;
  // As text whatever it is: the client parses JSON itself, and would take bytes for a Blob.
  const headers = { ...sandbox, ...timesOf(stored), 'content-type': isRaw ? bytesType : textType };
  return { status: 200, headers, body: stored.value };
}

function timesOf({ writtenAtMs, expiresAtMs }: StoredValue): Record<string, string> {
  const times = { 'last-modified': httpDate(writtenAtMs) };
  if (expiresAtMs === null) return times;
  const leftS = Math.max(1, Math.ceil((expiresAtMs - Date.now()) / 1_000));
  return { ...times, 'x-ttl': String(leftS) };
}

async function put({ engine, request, credential, watchBody }: Call, key: string): Promise<Answer> {
  const { headers } = request;
  checkEncoding(headers['content-encoding']);
  const declared = contentTypeOf(headers['content-type']);
  const expiry = expiryOf(headers['x-ttl']);
  watchBody(request);
  const value = await readBody(request, limits.valueBytesMax);
  const contentType = typeOf(value, headers['content-type'] === undefined ? undefined : declared);
  const set = { key, value, contentType, metadata: null, expiry, condition: undefined };
  await engine.set(credential, set, false);
  return ok;
}

/** Seconds, to the millisecond; 0 is no limit, as in unstorage. */
function expiryOf(header: string | string[] | undefined): 'never' | { readonly ttlMs: number } {
  if (header === undefined || header === '') return 'never';
  if (typeof header !== 'string' || !/^\d{1,12}(\.\d{1,3})?$/.test(header)) {
    throw new HaloError('invalid-request', 'x-ttl is a number of seconds.');
  }
  return Number(header) === 0 ? 'never' : ttlOf(Number(header));
}

/** The driver declares every text to be JSON, so that the text itself is asked. */
function typeOf(value: Buffer, declared: string | undefined): string {
  if (declared !== undefined && !/^(application\/json|text\/plain)\b/i.test(declared)) return declared;
  if (!isUtf8(value)) return bytesType;
  try {
    JSON.parse(value.toString());
    return 'application/json';
  } catch {
    return textType;
  }
}

/** A key that is not there is as good as removed. */
async function remove({ engine, credential }: Call, key: string): Promise<Answer> {
  await engine.commit(credential, {
    checks: [],
    mutations: deleteKeys([key]),
    dryRun: false,
    idempotency: undefined,
  });
  return ok;
}

/** All keys below a base, a page at a time: the protocol knows no cursors. */
async function list(call: Call, base: string): Promise<undefined> {
  const { response, requestId } = call;
  let isFirst = true;
  for await (const keys of pagesBelow(call, base, limits.listMax)) {
    if (!response.headersSent) {
      response.writeHead(200, {
        ...fixedHeaders(requestId),
        'content-type': 'application/json',
        'cache-control': 'private, no-cache',
      });
      response.write('[');
    }
    // Keys that end with a dollar sign hold what unstorage notes about others.
    const text = keys.filter((key) => !key.endsWith('$')).map((key) => JSON.stringify(key));
    if (text.length === 0) continue;
    const more = response.write(`${isFirst ? '' : ','}${text.join(',')}`);
    isFirst = false;
    if (!more && !response.destroyed) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    if (response.destroyed) return;
  }
  response.end(']');
}

/** In commits of some hundred keys each; each can be undone. */
async function clear(call: Call, base: string): Promise<Answer> {
  const { engine, credential } = call;
  // Changes nothing, and is refused as every write of this session would be.
  const nothing = { checks: [], mutations: [], dryRun: true, idempotency: undefined };
  await engine.commit(credential, nothing);
  for await (const keys of pagesBelow(call, base, deletedKeysMax)) {
    if (keys.length === 0) continue;
    await engine.commit(credential, { ...nothing, mutations: deleteKeys(keys), dryRun: false });
  }
  return ok;
}

/** At least one page, so that the session is always asked about. */
async function* pagesBelow({ engine, credential }: Call, base: string, limit: number) {
  const listing: Omit<Listing, 'cursor'> & { at: undefined } = {
    prefix: base,
    start: undefined,
    end: undefined,
    delimiter: undefined,
    reverse: false,
    limit,
    values: false,
    count: false,
    at: undefined,
  };
  let cursor: string | undefined;
  do {
    const page = await engine.list(credential, { ...listing, cursor });
    yield page.entries.map(({ key }) => key).filter(isNormal);
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** The form of h3, on which unstorage's own server stands. A full account is no fault of the server here. */
function refusal(error: HaloError): Answer {
  const statusCode = error.code === 'quota-exceeded' ? 403 : problems[error.code].status;
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (statusCode === 405) headers.allow = methods.join(', ');
  const statusMessage = STATUS_CODES[statusCode] ?? '';
  const body = { statusCode, statusMessage, message: error.message, stack: [] };
  return { status: statusCode, headers, body: JSON.stringify(body) };
}
