import { keyFault } from 'halo-contract';
import { HaloError } from '../errors.js';

export const keyPathPrefix = '/v1/keys/';

/**
 * The key that a request's URL names: everything after the prefix up to the query, percent-decoded once. It is
 * read from the URL as it came, because routers fold, truncate or decode twice what is a legal key.
 *
 * @param prefix the path before the key, with its last slash
 * @throws HaloError `invalid-key`
 */
export function keyOf(url: string, prefix: string = keyPathPrefix): string {
  const target = pathOf(url);
  // The router also matches escaped forms of the prefix, after which it would be unclear where the key begins.
  if (!target.startsWith(prefix)) throw new HaloError('invalid-key', `Write ${prefix} without escapes.`);
  const path = target.slice(prefix.length);
  const key = path.includes('%') ? decode(path) : path;
  const fault = notAscii.test(path) ? 'Percent-encode the key: a URL is ASCII.' : keyFault(key);
  if (fault !== undefined) throw new HaloError('invalid-key', fault);
  return key;
}

/** The path of a request target, which RFC 9112 section 3.2.2 allows to be an absolute URL. */
export function pathOf(url: string): string {
  const target = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?]*/i, '');
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

/** Whether a request's URL is the path or below it. */
export function isBelow(url: string, path: string): boolean {
  const target = pathOf(url);
  return target.startsWith(path) && (target.length === path.length || target[path.length] === '/');
}

const notAscii = /[^\x21-\x7e]/;

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new HaloError('invalid-key', 'The key is not percent-encoded UTF-8.');
  }
}
