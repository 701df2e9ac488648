import assert from 'node:assert/strict';
import { operations } from 'halo-contract';
import type { Person } from './halo.js';
import { until } from './until.js';

/** An event of a stream, with the id that a client would come back with after it. */
export interface StreamEvent {
  readonly event: string;
  readonly id: string;
  readonly data: unknown;
  /** When it arrived, by `performance.now()`. */
  readonly atMs: number;
}

export interface EventSource {
  readonly response: Response;
  readonly events: readonly StreamEvent[];
  /** What was sent beside events, as it came. */
  readonly comments: readonly string[];
  /** The id that was told last, also by an event without data. */
  lastId(): string;
  isClosed(): boolean;
  /** Waits for an event, looking also at those that came before. */
  event(what: string, condition: (event: StreamEvent) => boolean): Promise<StreamEvent>;
  close(): void;
}

export interface EventSourceOptions {
  /** Without the question mark. */
  readonly query?: string;
  readonly lastEventId?: string;
  readonly onEvent?: (event: StreamEvent) => void;
}

/** Opens the live change feed, which must be answered with a stream, and reads it as browsers do. */
export async function openChanges(
  url: string,
  { accessToken }: Pick<Person, 'accessToken'>,
  { query = '', lastEventId, onEvent }: EventSourceOptions = {},
): Promise<EventSource> {
  const abort = new AbortController();
  const response = await fetch(`${url}${operations.listChanges.path}?${query}`, {
    signal: abort.signal,
    headers: {
      authorization: `Bearer ${accessToken}`,
      accept: 'text/event-stream',
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
  });
  if (response.status !== 200) assert.fail(`The stream was refused: ${await response.text()}`);
  const events: StreamEvent[] = [];
  const comments: string[] = [];
  let id = '';
  let isClosed = false;
  const take = (block: string): void => {
    const fields = new Map<string, string>();
    for (const line of block.split('\n')) {
      const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
      if (name === '') comments.push(value);
      else fields.set(name, value);
    }
    id = fields.get('id') ?? id;
    const data = fields.get('data');
    if (data === undefined) return;
    const event = {
      event: fields.get('event') ?? 'message',
      id,
      data: JSON.parse(data),
      atMs: performance.now(),
    };
    events.push(event);
    onEvent?.(event);
  };
  void readBlocks(response, take)
    // A connection that breaks is one that closes: what came until then counts.
    .catch(() => {})
    .finally(() => {
      isClosed = true;
    });
  return {
    response,
    events,
    comments,
    lastId: () => id,
    isClosed: () => isClosed,
    event: (what, condition) => until(what, () => events.find(condition)),
    close: () => abort.abort(),
  };
}

/** Takes in whole blocks, which an empty line ends; what the connection breaks in the middle of never was. */
async function readBlocks(response: Response, take: (block: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.body ?? []) {
    rest += decoder.decode(chunk, { stream: true });
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) take(block);
  }
}
