const format = new Intl.NumberFormat();

/** Returns a whole number with the reader's thousands separators. */
export function formatCount(count: number): string {
  return format.format(count);
}

/** Returns a number of things, such as `1 key` or `1,200 keys`. */
export function formatMany(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
