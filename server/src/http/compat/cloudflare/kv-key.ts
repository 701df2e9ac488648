import { keyFault, utf8Bytes } from 'halo-contract';
import { HaloError } from '../../../errors.js';
import { KvRefusal } from './refusal.js';

/** Of UTF-8, as in Workers KV. */
const keyBytesMax = 512;

/**
 * The key that Halo stores for one of a namespace.
 *
 * @param folder of the namespace, with a slash at the end
 * @throws HaloError `invalid-key`, with status 414 for a key of more than 512 bytes
 */
export function storedKey(folder: string, key: string): string {
  const fault = key === '.' || key === '..' ? `Illegal key name "${key}".` : keyFault(key);
  const bytes = utf8Bytes(key);
  if (bytes > keyBytesMax) {
    const detail = `UTF-8 encoded length of ${bytes} exceeds key length limit of ${keyBytesMax}.`;
    throw new KvRefusal('invalid-key', 414, detail, 414);
  }
  if (fault !== undefined) throw new HaloError('invalid-key', fault);
  return `${folder}${key}`;
}

/**
 * The key that the end of a path names. Slashes need no escapes.
 *
 * @throws HaloError `invalid-key`
 */
export function keyIn(path: string): string {
  if (/[^\x21-\x7e]/.test(path))
    throw new HaloError('invalid-key', 'Percent-encode the key: a URL is ASCII.');
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new HaloError('invalid-key', 'Could not URL-decode the key name.', { cause });
  }
}
