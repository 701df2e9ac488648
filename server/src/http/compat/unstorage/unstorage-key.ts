import { keyFault } from 'halo-contract';
import { HaloError } from '../../../errors.js';
import { pathOf } from '../../key-path.js';

/** What a path names: a key, or everything below a base. */
export interface Named {
  /** As Halo stores it, with slashes; for a base empty, or with one at the end. */
  readonly name: string;
  readonly isBase: boolean;
}

/**
 * Reads the key of a path as unstorage's own server does: `:`, `/` and `\` are one separator, repeated ones count
 * once, and a path that ends with one names a base. Each segment is percent-decoded, which is what the driver encodes.
 *
 * @param target the path below the mount, with or without a query
 * @throws HaloError `invalid-key`
 */
export function namedBy(target: string): Named {
  const path = pathOf(target);
  const isBase = path.endsWith('/') || path.endsWith(':');
  const decoded = decode(path);
  if (notAscii.test(path)) throw new HaloError('invalid-key', 'Percent-encode the key: a URL is ASCII.');
  const key = decoded.replace(/[:/\\]+/g, '/').replace(/^\/|\/$/g, '');
  if (key === '' && isBase) return { name: '', isBase };
  const fault = isNormal(key) ? keyFault(isBase ? `${key}/` : key) : 'Such a key cannot be named here.';
  if (fault !== undefined) throw new HaloError('invalid-key', fault);
  return { name: isBase ? `${key}/` : key, isBase };
}

/** Whether unstorage can name a key of Halo's; what it cannot is neither listed nor cleared. */
export function isNormal(key: string): boolean {
  // unstorage cuts keys at a question mark.
  if (/[:\\?\0]/.test(key)) return false;
  return key.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}

const notAscii = /[^\x21-\x7e]/;

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new HaloError('invalid-key', 'The key is not percent-encoded UTF-8.');
  }
}
