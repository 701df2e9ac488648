import { limits } from 'halo-contract';

export const jsonContentType = 'application/json';
export const textContentType = 'text/plain; charset=utf-8';
export const bytesContentType = 'application/octet-stream';

/** What most values are; any other can be typed. */
export const commonContentTypes = [
  jsonContentType,
  textContentType,
  'text/markdown',
  'text/html',
  'text/csv',
  'application/yaml',
  'application/xml',
  'image/png',
  'image/jpeg',
  'image/svg+xml',
  bytesContentType,
] as const;

/** Says why a text is no media type, or returns undefined when it is one. */
export function contentTypeFault(type: string): string | undefined {
  const isOne = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+\s*(;[\x20-\x7e]*)?$/.test(type.trim());
  return isOne && type.trim().length <= limits.contentTypeBytesMax
    ? undefined
    : 'Enter a media type, such as application/yaml.';
}
