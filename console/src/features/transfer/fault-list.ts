/** A line that was not imported. */
export interface LineFault {
  readonly line: number;
  readonly code: string;
  readonly reason: string;
  /** What the line says; undefined when it is too long to be kept. */
  readonly text: string | undefined;
}

/** The lines that were not imported, as far as they are known one by one; bounded, whatever the file. */
export interface FaultList {
  readonly all: readonly LineFault[];
  add(line: number, code: string, reason: string, bytes: Uint8Array): void;
}

const faultsMax = 10_000;
const textBytesMax = 64 * 1024;
const allTextBytesMax = 16 * 1024 * 1024;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export function createFaultList(): FaultList {
  const all: LineFault[] = [];
  let textBytes = 0;
  return {
    all,
    add: (line, code, reason, bytes) => {
      if (all.length >= faultsMax) return;
      const isKept = bytes.length > 0 && bytes.length <= textBytesMax && textBytes < allTextBytesMax;
      if (isKept) textBytes += bytes.length;
      const text = isKept ? decoder.decode(bytes).replace(/\r?\n$/, '') : undefined;
      all.push({ line, code, reason, text });
    },
  };
}

/**
 * Returns the faults as NDJSON, a fault a line, with the line as it stood in `text`, so that what was wrong can
 * be mended and imported again by itself.
 */
export function faultFile(faults: readonly LineFault[]): Blob {
  const parts = faults.map(
    ({ line, code, reason, text }) => `${JSON.stringify({ line, code, reason, text: text ?? null })}\n`,
  );
  return new Blob(parts, { type: 'application/x-ndjson' });
}
