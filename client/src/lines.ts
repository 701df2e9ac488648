/**
 * The lines of a text stream, without their ends: LF, CRLF, or CR. A last line without an end is left out, since it
 * is what remains of one that broke off. Leaving the loop cancels the stream.
 */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  // Parts of the line so far: adding to one string would copy a long line again and again.
  let parts: string[] = [];
  let endedWithCr = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const text = decoder.decode(value, { stream: true });
      // Less than a character has come.
      if (text === '') continue;
      const pieces = (endedWithCr ? text.replace(/^\n/, '') : text).split(/\r\n|\n|\r/);
      endedWithCr = text.endsWith('\r');
      const rest = pieces.pop() ?? '';
      for (const piece of pieces) {
        parts.push(piece);
        yield parts.join('');
        parts = [];
      }
      parts.push(rest);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
