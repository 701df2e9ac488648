import type { Selected } from '../use-selection.js';

/** What a dialog is to do to many keys. */
export type BulkTask =
  | { readonly kind: 'delete' | 'copy' | 'move'; readonly prefix: string; readonly delimiter: string }
  | { readonly kind: 'delete-selected'; readonly selected: Selected };
