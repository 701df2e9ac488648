import { visibleKey } from '../../../ui/visible-key.js';

/** Shown for the name of a key that ends where its folder does, and of a folder between two delimiters. */
export const emptyName = '(empty name)';

/** Returns a name for display; spaces at its ends, which nobody would see, become open boxes. */
export function segmentText(name: string): string {
  return visibleKey(name).replace(/^ +| +$/g, (spaces) => '\u2423'.repeat(spaces.length));
}
