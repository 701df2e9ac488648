import { backoffMs, pause } from './backoff.js';
import { eventsOf } from './event-source.js';
import { HaloError } from './problem.js';
import type { Send } from './transport.js';
import type { Change, CommitEvent, EndEvent, SnapshotEvent, ValuedEntry } from './wire.js';

export interface WatchOptions {
  /** Only keys that begin with it. */
  readonly prefix?: string;
  /** Begins after this revision; left out, with the next commit. */
  readonly since?: number;
  /** Whether changes carry their values, as far as the server sends them. */
  readonly values?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * What is watched: each commit once, in order. When `since` lies before what the server still keeps, the keys as they
 * are now come first, in parts; a part of another revision than the one before begins them anew.
 */
export type Watched =
  | { readonly type: 'commit'; readonly revision: number; readonly changes: readonly Change[] }
  | {
      readonly type: 'snapshot';
      readonly revision: number;
      readonly entries: readonly ValuedEntry[];
      readonly complete: boolean;
    };

/**
 * Watches an account, however long that takes: it connects again when the connection breaks, and resumes after the
 * last revision it has handed out, without gap or duplicate. It ends when the loop is left or the signal aborts.
 *
 * Throws a HaloError when the server refuses for good, such as `session-ended`.
 */
export async function* watch(send: Send, options: WatchOptions): AsyncGenerator<Watched> {
  let last = options.since;
  let failures = 0;
  for (;;) {
    const stopping = new AbortController();
    const signals = options.signal === undefined ? [stopping.signal] : [stopping.signal, options.signal];
    const signal = AbortSignal.any(signals);
    try {
      const response = await send({
        method: 'GET',
        path: '/v1/changes',
        query: { prefix: options.prefix, values: options.values, since: last },
        headers: { accept: 'text/event-stream' },
        signal,
        repeat: 'safe',
      });
      const moveTo = (revision: number) => {
        last = Math.max(last ?? 0, revision);
      };
      for await (const watched of listen(response, stopping, moveTo)) {
        failures = 0;
        if (watched.type === 'snapshot') yield watched;
        // What was handed out before a connection broke may come again; it is not handed out twice.
        else if (last === undefined || watched.revision > last) yield watched;
        if (watched.type === 'commit' || watched.complete) last = watched.revision;
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof HaloError && !mayPass(error)) throw error;
    } finally {
      stopping.abort();
    }
    options.signal?.throwIfAborted();
    await pause(backoffMs(failures), options.signal);
    failures += 1;
  }
}

function mayPass({ code, status }: HaloError): boolean {
  return code === 'unreachable' || status === 429 || status >= 500;
}

/**
 * @param onPosition told where the stream stands when commits went by that were not for it, and at its beginning: who
 *   has not been handed anything yet would otherwise come back behind what happened meanwhile
 */
async function* listen(
  response: Response,
  stopping: AbortController,
  onPosition: (revision: number) => void,
): AsyncGenerator<Watched> {
  if (response.body === null) return;
  const onId = (id: string) => onPosition(Number(id));
  for await (const { event, data } of eventsOf(response.body, { onId, connection: stopping })) {
    if (event === 'commit') yield { type: 'commit', ...(JSON.parse(data) as CommitEvent) };
    else if (event === 'snapshot') yield { type: 'snapshot', ...(JSON.parse(data) as SnapshotEvent) };
    else if (event === 'end') {
      const { code } = JSON.parse(data) as EndEvent;
      const status = code === 'session-ended' ? 401 : 503;
      throw new HaloError(code, 'The server ended the stream.', { status });
    }
  }
}
