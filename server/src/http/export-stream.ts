import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { ExportSink } from '../engine/export.js';
import type { ListedEntry } from '../engine/listed-entry.js';
import { drains } from './event-stream.js';

/** How long a reader may take for a page: 25 MiB over two megabits a second, like the body of a request. */
const pageMsMax = 120_000;
/** Written at once, between looks at whether the reader keeps up. */
const pieceBytes = 256 * 1024;

/**
 * The lines of an export, written no faster than they are read. A reader that is too slow is cut off: the missing
 * end line tells.
 *
 * @param open writes the head of the answer, when it is certain that there is something to answer
 */
export function createExportStream(response: ServerResponse, open: () => void): ExportSink & { end(): void } {
  const hash = createHash('sha256');
  let keys = 0;
  let pending: string[] = [];
  let pendingLength = 0;

  async function flush(deadline: number): Promise<boolean> {
    const piece = Buffer.from(pending.join(''));
    pending = [];
    pendingLength = 0;
    hash.update(piece);
    for (let start = 0; start < piece.length; start += pieceBytes) {
      if (response.destroyed) return false;
      if (response.write(piece.subarray(start, start + pieceBytes))) continue;
      if (!(await drains(response, Math.max(deadline - performance.now(), 0)))) {
        response.destroy();
        return false;
      }
    }
    return !response.destroyed;
  }

  return {
    begin: (revision) => {
      open();
      const exportedAt = new Date().toISOString();
      response.write(`${JSON.stringify({ halo: 1, revision, exported_at: exportedAt })}\n`);
    },
    page: async (entries) => {
      const deadline = performance.now() + pageMsMax;
      keys += entries.length;
      for (const entry of entries) {
        const line = `${exportLine(entry)}\n`;
        pending.push(line);
        pendingLength += line.length;
        if (pendingLength >= pieceBytes && !(await flush(deadline))) return false;
      }
      return flush(deadline);
    },
    end: () => {
      if (response.destroyed) return;
      response.end(`${JSON.stringify({ end: true, keys, sha256: hash.digest('hex') })}\n`);
    },
  };
}

/** A key with its value. The metadata goes out as the text that came in. */
function exportLine(entry: ListedEntry): string {
  const { key, contentType, metadata, createdAt, writtenAt, expiresAt, value } = entry;
  return (
    `{"key":${JSON.stringify(key)},${portableValue(value ?? Buffer.alloc(0))},` +
    `"content_type":${JSON.stringify(contentType)},"metadata":${metadata ?? 'null'},` +
    `"created_at":"${createdAt}","updated_at":"${writtenAt}",` +
    `"expires_at":${expiresAt === null ? 'null' : `"${expiresAt}"`}}`
  );
}

/** As text only if escaping does not make it longer than base64, so that every line fits what an import takes. */
function portableValue(value: Buffer): string {
  if (isUtf8(value)) {
    const text = JSON.stringify(value.toString());
    if (value.length < longFrom || Buffer.byteLength(text) <= base64Length(value.length))
      return `"value":${text}`;
  }
  return `"value_base64":"${value.toString('base64')}"`;
}

/** Short values stay legible, however much of them is escaped. */
const longFrom = 4_096;

function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}
