/** Returns a file name for a key's value: its last segment, without what file systems refuse. */
export function downloadName(key: string): string {
  const last = key.split('/').findLast((segment) => segment !== '') ?? '';
  const name = last
    .replace(/[\p{Cc}<>:"\\|?*]/gu, '_')
    .replace(/^\.+|[. ]+$/g, '')
    .slice(0, 100);
  return name === '' ? 'value' : name;
}
