/** What ends the name of a group, unless the person chooses otherwise. */
export const defaultDelimiter = '/';

/** The delimiters that are in use the most, to choose from. */
export const delimiters = ['/', ':', '.', '-'] as const;

/** The server takes no longer ones. */
const delimiterLengthMax = 16;

/** Says why a text cannot be a delimiter, or returns undefined when it can. */
export function delimiterFault(text: string): string | undefined {
  if (text === '') return 'Enter at least one character.';
  if ([...text].length > delimiterLengthMax) return `Enter at most ${delimiterLengthMax} characters.`;
  if (text.includes('\0') || !text.isWellFormed()) return 'No key contains these characters.';
  return undefined;
}

/**
 * Returns the group that a key with the prefix belongs to, up to and including the delimiter, or undefined
 * when the key stands for itself. An empty delimiter makes no groups.
 */
export function groupOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '') return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at === -1 ? undefined : key.slice(0, at + delimiter.length);
}

/** Returns the groups below the prefix that lead to a key, the outermost first; none if it lies elsewhere. */
export function groupsOf(key: string, prefix: string, delimiter: string): readonly string[] {
  const groups: string[] = [];
  if (!key.startsWith(prefix)) return groups;
  for (let group = groupOf(key, prefix, delimiter); group !== undefined; ) {
    groups.push(group);
    group = groupOf(key, group, delimiter);
  }
  return groups;
}

/** Returns how much of the names in a list with this prefix its heading tells already. */
export function sharedLength(prefix: string, delimiter: string): number {
  const at = delimiter === '' ? -1 : prefix.lastIndexOf(delimiter);
  return at === -1 ? 0 : at + delimiter.length;
}
