export interface Memo<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  /** How many values are held, at most the `max` given. */
  readonly size: number;
}

/**
 * A map that forgets: it holds at most `max` values, of which those that were not asked for lately go first.
 *
 * Two generations stand in for a list in order of use. New and re-used values live in the young one; when it
 * is full, it becomes the old one and what the old one still held is dropped. Each step takes constant time,
 * where removing a Map's first key walks over all keys removed before it.
 */
export function createMemo<Value>(max: number): Memo<Value> {
  const generationMax = Math.max(1, Math.floor(max / 2));
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();

  const set = (key: string, value: Value): void => {
    if (young.size >= generationMax && !young.has(key)) {
      old = young;
      young = new Map();
    }
    old.delete(key);
    young.set(key, value);
  };

  return {
    get(key) {
      const found = young.get(key);
      if (found !== undefined) return found;
      const aged = old.get(key);
      if (aged !== undefined) set(key, aged);
      return aged;
    },
    set,
    get size() {
      return young.size + old.size;
    },
  };
}
