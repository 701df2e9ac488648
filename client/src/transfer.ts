import { linesOf } from './lines.js';
import { HaloError } from './problem.js';
import type { Send } from './transport.js';
import type { ImportEnd, ImportFault, ImportProgress } from './wire.js';

export interface ImportOptions {
  /** What to do about a key that exists: leave it, replace it, or, by default, stop before it. */
  readonly onConflict?: 'skip' | 'replace' | 'fail';
  readonly dryRun?: boolean;
  /** Told every few hundred lines; everything up to `lines` is then durable. */
  readonly onProgress?: (progress: ImportProgress) => void;
  /** Told of each line that was refused; the import goes on. */
  readonly onFault?: (fault: ImportFault['error']) => void;
  readonly signal?: AbortSignal;
}

/** An export as bytes, one JSON document a line, in constant memory. The last line is its end and checksum. */
export async function exportStore(
  send: Send,
  options: { readonly prefix?: string; readonly signal?: AbortSignal },
): Promise<ReadableStream<Uint8Array>> {
  const { prefix, signal } = options;
  const response = await send({
    method: 'GET',
    path: '/v1/export',
    query: { prefix },
    signal,
    repeat: 'safe',
  });
  if (response.body === null) throw new HaloError('incomplete', 'The export has no content.');
  return response.body;
}

/**
 * Imports lines as `export` makes them. A stream is sent as it is read where the platform can (Node, Deno, Bun);
 * browsers take a Blob or a File.
 *
 * @returns the summary; `done` is false when the import stopped, with `error` saying why
 */
export async function importStore(
  send: Send,
  source: Blob | string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  options: ImportOptions,
): Promise<ImportEnd> {
  const response = await send({
    method: 'POST',
    path: '/v1/import',
    query: { on_conflict: options.onConflict, dry_run: options.dryRun },
    headers: { 'content-type': 'application/x-ndjson' },
    body: source,
    signal: options.signal,
    repeat: 'never',
  });
  if (response.body !== null) {
    for await (const line of linesOf(response.body)) {
      const told = JSON.parse(line) as ImportProgress | ImportFault | ImportEnd;
      if ('done' in told) return told;
      if ('error' in told) options.onFault?.(told.error);
      else options.onProgress?.(told);
    }
  }
  throw new HaloError('outcome-unknown', 'The import broke off; the last progress tells how far it got.');
}
