/** A string with the instant at which it ends, in milliseconds since 1970. */
export interface NaiveItem {
  readonly value: string;
  readonly end: number;
}

export type NaiveStore = Map<string, NaiveItem>;

const never = Number.POSITIVE_INFINITY;

/**
 * What Redis does with its strings, told once more and as plainly as possible, for tests to compare with: ASCII
 * values, small numbers, correct spelling. An error is answered as its text after `-`.
 */
export function naiveRedis(store: NaiveStore, nowMs: number, args: readonly string[]): unknown {
  const [name = '', key = '', a = '', b = ''] = args;
  const item = store.get(key);
  const put = (value: string, end = never): void => {
    if (end <= nowMs) store.delete(key);
    else store.set(key, { value, end });
  };
  switch (name) {
    case 'get':
      return item?.value ?? null;
    case 'set':
      return naiveSet(store, nowMs, args);
    case 'setex':
      put(b, nowMs + Number(a) * 1_000);
      return 'OK';
    case 'setnx':
      if (item !== undefined) return 0;
      put(a);
      return 1;
    case 'getset':
      put(a);
      return item?.value ?? null;
    case 'getdel':
      store.delete(key);
      return item?.value ?? null;
    case 'append':
      put((item?.value ?? '') + a, item?.end);
      return store.get(key)?.value.length;
    case 'setrange': {
      const old = item?.value ?? '';
      if (b === '') return old.length;
      const at = Number(a);
      put(old.slice(0, at).padEnd(at, '\0') + b + old.slice(at + b.length), item?.end);
      return store.get(key)?.value.length;
    }
    case 'getrange':
      return naiveRange(item?.value ?? '', Number(a), Number(b));
    case 'incrby': {
      const text = item?.value ?? '0';
      if (String(Number(text)) !== text || !Number.isInteger(Number(text))) {
        return '-ERR value is not an integer or out of range';
      }
      put(String(Number(text) + Number(a)), item?.end);
      return Number(text) + Number(a);
    }
    case 'del':
      return args.slice(1).filter((each) => store.delete(each)).length;
    case 'exists':
      return args.slice(1).filter((each) => store.has(each)).length;
    case 'pexpire':
      return naiveExpire(store, nowMs, key, nowMs + Number(a), b);
    case 'persist':
      if (item === undefined || item.end === never) return 0;
      put(item.value);
      return 1;
    case 'pttl':
      if (item === undefined) return -2;
      return item.end === never ? -1 : item.end - nowMs;
    case 'rename':
    case 'renamenx':
      if (item === undefined) return '-ERR no such key';
      if (name === 'renamenx' && store.has(a)) return 0;
      store.delete(key);
      store.set(a, item);
      return name === 'rename' ? 'OK' : 1;
    case 'copy':
      if (item === undefined || (store.has(a) && b !== 'replace')) return 0;
      store.set(a, item);
      return 1;
    case 'msetnx':
      if (store.has(key) || store.has(b)) return 0;
      store.set(key, { value: a, end: never });
      store.set(b, { value: args[4] ?? '', end: never });
      return 1;
    default:
      throw new Error(`The model does not know ${name}.`);
  }
}

function naiveSet(store: NaiveStore, nowMs: number, args: readonly string[]): unknown {
  const [, key = '', value = '', ...options] = args;
  const old = store.get(key);
  const fits =
    (!options.includes('nx') || old === undefined) && (!options.includes('xx') || old !== undefined);
  const px = options.indexOf('px');
  let end = options.includes('keepttl') ? (old?.end ?? never) : never;
  if (px !== -1) end = nowMs + Number(options[px + 1]);
  if (fits) store.set(key, { value, end });
  if (options.includes('get')) return old?.value ?? null;
  return fits ? 'OK' : null;
}

function naiveRange(value: string, start: number, end: number): string {
  let shown = '';
  for (let index = 0; index < value.length; index += 1) {
    const behindStart = start < 0 ? index >= value.length + start : index >= start;
    const beforeEnd = end < 0 ? index <= value.length + end : index <= end;
    if (behindStart && beforeEnd) shown += value[index];
  }
  return shown;
}

function naiveExpire(store: NaiveStore, nowMs: number, key: string, end: number, flag: string): number {
  const item = store.get(key);
  if (item === undefined) return 0;
  if (flag === 'nx' && item.end !== never) return 0;
  if (flag === 'xx' && item.end === never) return 0;
  if (flag === 'gt' && end <= item.end) return 0;
  if (flag === 'lt' && end >= item.end) return 0;
  if (end <= nowMs) store.delete(key);
  else store.set(key, { value: item.value, end });
  return 1;
}
