import { limits } from 'halo-contract';
import { Type } from 'typebox';
import { compileQuery } from '../../query.js';
import type { Answer, Call } from '../mount.js';
import { expirationOf } from './kv-expiry.js';
import { unwrapMetadata } from './kv-metadata.js';
import { findNamespace, firstKeyIn, folderOf } from './namespaces.js';
import { resultAnswer } from './refusal.js';

/** The bounds of Workers KV. */
const readKeysQuery = compileQuery(
  Type.Object({
    prefix: Type.Optional(Type.String()),
    limit: Type.Optional(Type.Integer({ minimum: 10, maximum: limits.listMax })),
    cursor: Type.Optional(Type.String()),
  }),
);

/** A page of a namespace's keys, in UTF-8 byte order. On the last page the cursor is empty. */
export async function listKeys(call: Call, id: string): Promise<Answer> {
  const { prefix = '', limit = limits.listMax, cursor = '' } = readKeysQuery(call.target);
  const folder = folderOf(await findNamespace(call, id));
  const page = await call.engine.list(call.credential, {
    prefix: `${folder}${prefix}`,
    start: firstKeyIn(folder),
    end: undefined,
    delimiter: undefined,
    reverse: false,
    limit,
    cursor: cursor === '' ? undefined : cursor,
    values: false,
    count: false,
    at: undefined,
  });
  const keys = page.entries.map(({ key, expiresAt, metadata }) => {
    const expiration = expiresAt === null ? '' : `,"expiration":${expirationOf(Date.parse(expiresAt))}`;
    const noted = metadata === null ? '' : `,"metadata":${unwrapMetadata(metadata)}`;
    return `{"name":${JSON.stringify(key.slice(folder.length))}${expiration}${noted}}`;
  });
  const info = { count: keys.length, cursor: page.cursor ?? '' };
  return resultAnswer(`[${keys.join(',')}]`, { result_info: info });
}
