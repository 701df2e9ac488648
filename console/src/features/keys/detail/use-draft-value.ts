import { limits } from 'halo-contract';
import { useState } from 'react';
import { formatBytes } from '../../../ui/bytes.js';
import { bytesContentType } from '../content-types.js';
import {
  type DraftFile,
  type DraftMode,
  type DraftStart,
  type DraftValue,
  inMode,
  openDraft,
} from './draft-value.js';

/** The draft of a value, in memory and nowhere else, and what can be done with it. */
export function useDraftValue(start: DraftStart) {
  const [value, setValue] = useState<DraftValue>(() => openDraft(start));
  const [contentType, setContentType] = useState(() => typeFor(start.base.contentType, start.file));
  const [fileFault, setFileFault] = useState<string>();
  // The editor begins anew when its text is not of its own making.
  const [generation, setGeneration] = useState(0);

  function become(next: DraftValue) {
    setValue(next);
    setGeneration((count) => count + 1);
  }

  return {
    value,
    contentType,
    fileFault,
    generation,
    setContentType,
    write: (text: string) => setValue((before) => ({ ...before, text })),
    switchTo(mode: DraftMode) {
      const next = inMode(value, mode);
      if (next !== undefined) become(next);
    },
    async useFile(file: File) {
      const read = await readFile(file);
      setFileFault('fault' in read ? read.fault : undefined);
      if ('fault' in read) return;
      become({ ...value, file: read.file });
      setContentType((before) => typeFor(before, read.file));
    },
    dropFile() {
      become({ ...value, file: undefined });
      setContentType(start.base.contentType);
    },
  };
}

/** Returns a file's bytes, or why it cannot be a value. */
export async function readFile(file: File): Promise<{ file: DraftFile } | { fault: string }> {
  const { name, size, type } = file;
  if (size > limits.valueBytesMax) {
    return {
      fault: `“${name}” has ${formatBytes(size)}; a value has at most ${formatBytes(limits.valueBytesMax)}.`,
    };
  }
  try {
    return { file: { name, type, bytes: new Uint8Array(await file.arrayBuffer()) } };
  } catch {
    return { fault: `“${name}” could not be read. It may have been moved or changed since it was chosen.` };
  }
}

function typeFor(contentType: string, file: DraftFile | undefined): string {
  return file === undefined ? contentType : file.type || bytesContentType;
}
