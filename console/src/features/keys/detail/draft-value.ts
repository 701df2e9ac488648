import type { Snapshot } from '../snapshot.js';
import { decodeText, sameBytes } from '../value-text.js';
import { bytesOfHex, type HexFault, hexOf } from './hex-text.js';

/** How a value is being written. */
export type DraftMode = 'text' | 'hex';

export interface DraftStart {
  /** The key as it was when editing began. */
  readonly base: Snapshot;
  readonly mode: DraftMode;
  /** Takes the place of the value. */
  readonly file?: DraftFile;
}

export interface DraftFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** As the browser knows it by the file's name; empty if it does not. */
  readonly type: string;
}

/** A value as it is being written: a text in one of the modes, or a file. */
export interface DraftValue {
  readonly mode: DraftMode;
  readonly text: string;
  /** The bytes that `opened` was made from; what is not typed over is saved as these. */
  readonly source: Uint8Array<ArrayBuffer>;
  /** What the editor began with. */
  readonly opened: string;
  readonly file: DraftFile | undefined;
}

/** Returns the draft that editing begins with. */
export function openDraft({ base, mode, file }: DraftStart): DraftValue {
  const source = base.body ?? new Uint8Array();
  const opened = textIn(mode, source) ?? '';
  return { mode, text: opened, source, opened, file };
}

/** Returns the bytes of a draft, or what is wrong with its hex. Untouched, they are the very bytes that came. */
export function draftBytes(draft: DraftValue): { bytes: Uint8Array<ArrayBuffer> } | { fault: HexFault } {
  if (draft.file !== undefined) return { bytes: draft.file.bytes };
  if (draft.text === draft.opened) return { bytes: draft.source };
  return draft.mode === 'hex' ? bytesOfHex(draft.text) : { bytes: new TextEncoder().encode(draft.text) };
}

/** Returns the draft written the other way, or undefined when it cannot be. */
export function inMode(draft: DraftValue, mode: DraftMode): DraftValue | undefined {
  const now = draftBytes(draft);
  if ('fault' in now) return undefined;
  const opened = textIn(mode, now.bytes);
  return opened === undefined
    ? undefined
    : { mode, text: opened, opened, source: now.bytes, file: undefined };
}

/** Returns whether saving a draft would change the value. */
export function isChanged(draft: DraftValue, { body }: Snapshot): boolean {
  if (draft.file !== undefined) return true;
  // Typing compares a text; only after a change of mode there are bytes to compare.
  const untouched = draft.text === draft.opened;
  if (draft.source === body) return !untouched;
  const now = draftBytes(draft);
  return 'fault' in now || body === undefined || !sameBytes(now.bytes, body);
}

function textIn(mode: DraftMode, bytes: Uint8Array): string | undefined {
  return mode === 'hex' ? hexOf(bytes) : decodeText(bytes);
}
