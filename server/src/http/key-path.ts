import { keyFault } from 'halo-contract';
import { HaloError } from '../errors.js';

export const keyPathPrefix = '/v1/keys/';

/**
 * The key that a request's URL names: everything after `/v1/keys/` up to the query, percent-decoded once. It
 * is read from the URL as it came, because routers fold, truncate or decode twice what is a legal key.
 *
 * @throws HaloError `invalid-key`
 */
export function keyOf(url: string): string {
  const query = url.indexOf('?');
  const path = url.slice(keyPathPrefix.length, query === -1 ? undefined : query);
  const key = path.includes('%') ? decode(path) : path;
  const fault = notAscii.test(path) ? 'Percent-encode the key: a URL is ASCII.' : keyFault(key);
  if (fault !== undefined) throw new HaloError('invalid-key', fault);
  return key;
}

const notAscii = /[^\x21-\x7e]/;

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new HaloError('invalid-key', 'The key is not percent-encoded UTF-8.');
  }
}
