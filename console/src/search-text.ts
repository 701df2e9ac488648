/**
 * Returns the query of a location as names and strings. The router's own reading would turn the key `1`
 * into a number and `{}` into an object: here every value is text, and stays it.
 */
export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

/** Returns names and strings as a query with its `?`, leaving out what is undefined. */
export function stringifySearch(search: Record<string, unknown>): string {
  const pairs = Object.entries(search).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value]] : [],
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`;
}
