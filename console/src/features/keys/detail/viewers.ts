import { contentKind } from '../value-text.js';

/** The ways to look at a value. */
export type Viewer = 'json' | 'text' | 'hex' | 'image';

export const viewerNames: Readonly<Record<Viewer, string>> = {
  json: 'JSON',
  text: 'Text',
  hex: 'Hex',
  image: 'Image',
};

/** Formats of pixels alone, which every browser draws and which can hold no script. */
const rasterTypes = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'image/bmp',
  'image/x-icon',
  'image/vnd.microsoft.icon',
]);

/**
 * Returns the viewers that can show a value of a content type, the one to begin with first.
 *
 * SVG begins as text. As a picture it is a document of its own with scripts switched off, see `ImageView`.
 */
export function viewersOf(contentType: string, isText: boolean): readonly [Viewer, ...Viewer[]] {
  const kind = contentKind(contentType);
  if (imageTypeOf(contentType) === 'raster') return isText ? ['image', 'text', 'hex'] : ['image', 'hex'];
  if (!isText) return ['hex'];
  if (imageTypeOf(contentType) === 'svg') return ['text', 'image', 'hex'];
  return kind === 'json' ? ['json', 'text', 'hex'] : ['text', 'json', 'hex'];
}

export function imageTypeOf(contentType: string): 'raster' | 'svg' | undefined {
  const essence = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (essence === 'image/svg+xml') return 'svg';
  return rasterTypes.has(essence) ? 'raster' : undefined;
}
