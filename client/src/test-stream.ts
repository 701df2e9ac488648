/** A text as a stream of chunks of these many bytes; the last chunk is what is left. */
export function streamOf(text: string, sizes: Iterator<number>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const bytes = new TextEncoder().encode(text);
  let start = 0;
  return new ReadableStream({
    pull(controller) {
      if (start >= bytes.length) {
        controller.close();
        return;
      }
      const { value = bytes.length } = sizes.next();
      controller.enqueue(bytes.slice(start, start + value));
      start += value;
    },
  });
}
