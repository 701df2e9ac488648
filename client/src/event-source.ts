import { linesOf } from './lines.js';

export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
  /** The last id that the stream has named so far. */
  readonly id: string | undefined;
}

export interface EventsOptions {
  /** Told of an id that comes without data: it is no event, but it is where the stream stands. */
  readonly onId?: (id: string) => void;
  /**
   * What the request was sent with. It is aborted when nothing has come for 40 seconds, not even a heartbeat, which
   * means that the connection is dead. Whoever hands it over aborts it when they are done.
   */
  readonly connection?: AbortController;
}

/** Silence for longer than two heartbeats means that the connection is dead. */
const silenceMsMax = 40_000;

/** Reads a stream of Server-Sent Events as the HTML standard has it. Comments, such as heartbeats, are left out. */
export async function* eventsOf(
  stream: ReadableStream<Uint8Array>,
  { onId = () => {}, connection }: EventsOptions = {},
): AsyncGenerator<ServerSentEvent> {
  let id: string | undefined;
  let event = '';
  let data: string[] = [];
  const heard = connection === undefined ? stream : abortedBySilence(stream, connection);
  for await (const line of linesOf(heard)) {
    if (line === '') {
      if (data.length > 0) yield { event: event === '' ? 'message' : event, data: data.join('\n'), id };
      else if (id !== undefined) onId(id);
      event = '';
      data = [];
      continue;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
    if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
    else if (field === 'id' && !value.includes('\0')) id = value;
  }
}

/** The same stream, which aborts its connection when nothing comes. */
function abortedBySilence(
  stream: ReadableStream<Uint8Array>,
  connection: AbortController,
): ReadableStream<Uint8Array> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const restart = () => {
    clearTimeout(timer);
    timer = setTimeout(() => connection.abort(), silenceMsMax);
  };
  restart();
  connection.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        if (!connection.signal.aborted) restart();
        controller.enqueue(chunk);
      },
    }),
  );
}
