import { type Ask, backoffMs, eventsOf } from 'halo-client';
import type { CommitEvent, EndEvent } from 'halo-contract';
import { hasCode } from '../explain.js';
import { SessionEndedError } from '../session/session.js';

/** So long an answer may take to begin. */
const timeoutMs = 40_000;
/** The wait before the second try; each further one doubles it. */
const firstPauseMs = 1_000;
/** However long a server is away, it is asked again at least this often. */
const longestPauseMs = 30_000;

/** `waiting`: nobody follows, or nothing has been heard yet. */
export type LiveStatus = 'waiting' | 'live' | 'reconnecting';

export type CommitListener = (commit: CommitEvent) => void;

export interface LiveStreamOptions {
  /** Sends a request as the account, with a token that is still good. */
  readonly request: (ask: Ask) => Promise<Response>;
  /** Resolves after so many milliseconds, or rejects as soon as the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /**
   * Whether a person is writing. That their session has ended is then left for their next request to find, since
   * asking at once would put the log-in before what they write.
   */
  readonly isWriting: () => boolean;
}

/**
 * The commits of the account, as they happen, over one connection that is kept up. Its promise: between the first
 * event and `forget`, every commit is told once and in order, whatever becomes of the connection; where that
 * cannot be kept, because the history that was missed is no longer there, those who watch for gaps are told.
 */
export function createLiveStream({ request, pause, isWriting }: LiveStreamOptions) {
  const listeners = new Set<CommitListener>();
  const watchers = new Set<() => void>();
  const gapListeners = new Set<() => void>();
  let status: LiveStatus = 'waiting';
  let position: number | undefined;
  let run: AbortController | undefined;
  let hasEnded = false;

  function become(next: LiveStatus): void {
    if (status === next) return;
    status = next;
    for (const watcher of watchers) watcher();
  }

  async function follow(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        await connect(signal, () => {
          failures = 0;
          become('live');
        });
        // The server closed it, as it does when it restarts: it is worth asking at once, but not in a storm.
        failures = Math.max(1, failures);
      } catch (error) {
        if (signal.aborted || error instanceof SessionEndedError) return;
        if (hasCode(error, 'pruned')) position = undefined;
        failures += 1;
      }
      if (signal.aborted || (hasEnded && isWriting())) return;
      become('reconnecting');
      // Asking again is how the session finds out that it is over, and says so.
      if (hasEnded) continue;
      // Who stops meanwhile is done when the loop looks.
      await pause(backoffMs(failures - 1, firstPauseMs, longestPauseMs), signal).catch(() => {});
    }
  }

  /** Reads one connection to its end. */
  async function connect(signal: AbortSignal, onHeard: () => void): Promise<void> {
    hasEnded = false;
    const connection = new AbortController();
    const close = () => connection.abort();
    signal.addEventListener('abort', close, { once: true });
    // What was read before the connection was given up may still be on its way here.
    const hear = (event: string, data: string, id: string | undefined) => {
      if (connection.signal.aborted) return;
      take(event, data, id, close);
      onHeard();
    };
    try {
      const { body } = await request({
        method: 'GET',
        path: '/v1/changes',
        headers: {
          Accept: 'text/event-stream',
          ...(position === undefined ? {} : { 'Last-Event-ID': String(position) }),
        },
        signal: connection.signal,
        timeoutMs,
      });
      if (body === null) return;
      // An id without data tells how far the stream has come when nothing was for it.
      const onId = (id: string) => hear('message', '', id);
      for await (const { event, data, id } of eventsOf(body, { connection, onId })) hear(event, data, id);
    } finally {
      signal.removeEventListener('abort', close);
      connection.abort();
    }
  }

  function take(event: string, data: string, id: string | undefined, close: () => void): void {
    if (event === 'snapshot') {
      // It would tell every key with its value. What is shown is asked for anew instead, from a fresh beginning.
      position = undefined;
      close();
    } else if (event === 'end') {
      hasEnded = (JSON.parse(data) as EndEvent).code === 'session-ended';
      close();
    } else if (id) {
      const from = position;
      const revision = Number(id);
      position = Math.max(from ?? 0, revision);
      if (from === undefined) for (const listener of gapListeners) listener();
      const isNew = from === undefined || revision > from;
      if (event === 'commit' && isNew) tell(JSON.parse(data) as CommitEvent);
    }
  }

  function tell(commit: CommitEvent): void {
    for (const listener of listeners) {
      // One screen that stumbles over a commit must not keep the others from hearing of it.
      try {
        listener(commit);
      } catch (error) {
        reportError(error);
      }
    }
  }

  return {
    get status() {
      return status;
    },
    /** Keeps a connection up until `stop`; without effect while it does already. */
    start(): void {
      if (run !== undefined) return;
      const own = new AbortController();
      run = own;
      void follow(own.signal).finally(() => {
        if (run !== own) return;
        run = undefined;
        become('waiting');
      });
    },
    /** Closes the connection and remembers how far it came. */
    stop(): void {
      run?.abort();
      run = undefined;
      become('waiting');
    },
    /** Forgets how far it came: what comes next is another account's. */
    forget(): void {
      position = undefined;
    },
    /** Calls back for each commit, until the returned function is called. */
    listen(listener: CommitListener): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Calls back when a stream begins that does not carry on from another: what was fetched before may be old. */
    onGap(listener: () => void): void {
      gapListeners.add(listener);
    },
    /** Calls back on every change of the status, until the returned function is called. */
    watch(watcher: () => void): () => void {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
}
