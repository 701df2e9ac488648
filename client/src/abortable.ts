/**
 * The same answer, whose content ends with the signal's reason as soon as it aborts, and with it the connection.
 *
 * Handing the signal to `fetch` is not enough: Node 20 forgets about it once the garbage collector has come by while
 * the content is still being read, so that a stream would go on for ever.
 */
export function abortable(response: Response, signal: AbortSignal): Response {
  const { body, status, statusText, headers } = response;
  if (body === null) return response;
  return new Response(endingWith(body, signal), { status, statusText, headers });
}

function endingWith(source: ReadableStream<Uint8Array>, signal: AbortSignal): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  let forget = () => {};
  return new ReadableStream<Uint8Array>(
    {
      start(target) {
        const stop = () => {
          target.error(signal.reason);
          // Closes the connection. That it is closed already is no failure.
          reader.cancel(signal.reason).catch(() => {});
        };
        if (signal.aborted) return stop();
        signal.addEventListener('abort', stop, { once: true });
        forget = () => signal.removeEventListener('abort', stop);
      },
      async pull(target) {
        try {
          const { done, value } = await reader.read();
          if (signal.aborted) return;
          if (!done) return target.enqueue(value);
          forget();
          target.close();
        } catch (error) {
          forget();
          if (!signal.aborted) throw error;
        }
      },
      cancel(reason) {
        forget();
        return reader.cancel(reason);
      },
    },
    // Nothing is read ahead of who reads this.
    { highWaterMark: 0 },
  );
}
