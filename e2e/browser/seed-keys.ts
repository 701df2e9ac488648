import { commitsOf } from '../commits.js';
import type { Halo, Person } from '../halo.js';

/** As many as one commit takes. */
const keysPerCommit = 1_000;

/** Sets many keys at once, each to its own name. Returns the last revision. */
export async function seedKeys(halo: Halo, person: Person, keys: readonly string[]): Promise<number> {
  let revision = 0;
  for (let start = 0; start < keys.length; start += keysPerCommit) {
    const mutations = keys.slice(start, start + keysPerCommit).map((key) => ({ set: { key, value: key } }));
    ({ revision } = await commitsOf(halo).commit(person, ...mutations));
  }
  return revision;
}

/** Such as `a/0000` to `a/1299`. */
export function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(4, '0')}`);
}
