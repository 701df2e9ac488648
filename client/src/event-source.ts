import { linesOf } from './lines.js';

export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
  /** The last id that the stream has named so far. */
  readonly id: string | undefined;
}

/**
 * Reads a stream of Server-Sent Events as the HTML standard has it. Comments, such as heartbeats, are left out.
 *
 * @param onId told of an id that comes without data: it is no event, but it is where the stream stands
 */
export async function* eventsOf(
  stream: ReadableStream<Uint8Array>,
  onId: (id: string) => void = () => {},
): AsyncGenerator<ServerSentEvent> {
  let id: string | undefined;
  let event = '';
  let data: string[] = [];
  for await (const line of linesOf(stream)) {
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
