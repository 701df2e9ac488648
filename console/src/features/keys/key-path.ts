import { keyToPath } from 'halo-contract';

/** Returns the path of a key below `/v1/keys/`, or undefined for `.` and `..`, which no URL can carry. */
export function keyPath(key: string): string | undefined {
  return key === '.' || key === '..' ? undefined : keyToPath(key);
}
