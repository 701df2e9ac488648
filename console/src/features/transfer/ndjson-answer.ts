import { HaloError } from 'halo-client';
import { createLineBlocks, linesIn } from './line-blocks.js';

/**
 * Gives the lines of an NDJSON answer as they come.
 *
 * @throws HaloError when the answer breaks off; the signal's reason
 */
export async function* readAnswer<Line>(response: Response, signal: AbortSignal): AsyncGenerator<Line> {
  const decoder = new TextDecoder();
  const blocks = createLineBlocks();
  const parse = function* (block: Uint8Array<ArrayBuffer>): Generator<Line> {
    for (const line of linesIn(block)) if (line.length > 0) yield JSON.parse(decoder.decode(line)) as Line;
  };
  for await (const chunk of readBody(response, signal)) {
    blocks.add(chunk);
    if (blocks.hasLine) yield* parse(blocks.take());
  }
  yield* parse(blocks.rest());
}

/** Gives the body of an answer, chunk by chunk; to stop early cancels the request. Throws likewise. */
export async function* readBody(response: Response, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (cause) {
    signal.throwIfAborted();
    throw new HaloError('incomplete', 'The answer broke off.', { status: response.status, cause });
  } finally {
    // Of a body that was read to its end, or has broken off, nothing is left to cancel.
    await reader.cancel().catch(() => {});
  }
}
