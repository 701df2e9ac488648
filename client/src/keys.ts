import { HaloError } from './problem.js';

/**
 * Writes a key for use in a path: `/` stays, everything else that URLs treat specially is escaped. Throws `invalid-key`
 * for the two keys that cannot travel in a path.
 */
export function keyPath(key: string): string {
  if (!travelsInPath(key)) {
    const reason = 'URLs cannot carry the keys . and .., and there is no other way to ask this of them.';
    throw new HaloError('invalid-key', reason);
  }
  const path = encodeURIComponent(key).replaceAll('%2F', '/');
  // URL parsers remove the segments . and .., escaped or not, but not where an escaped slash joins them to others.
  return /(?:^|\/)\.\.?(?:\/|$)/.test(path) ? encodeURIComponent(key) : path;
}

/** Two keys cannot travel in a path at all: URL parsers remove them. Reads and commits carry them. */
export function travelsInPath(key: string): boolean {
  return key !== '.' && key !== '..';
}
