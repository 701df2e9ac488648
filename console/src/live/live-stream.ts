import type { CommitEvent, EndEvent } from 'halo-contract';
import type { Ask } from '../client.js';
import { ProblemError } from '../problem-error.js';
import { SessionEndedError } from '../session/session.js';
import { createEventParser, type StreamEvent } from './event-parser.js';
import { reconnectDelayMs } from './reconnect-delay.js';

/** The server sends something each 15 seconds; after this long without anything the connection is taken for dead. */
const silenceMsMax = 40_000;

/** `waiting`: nobody follows, or nothing has been heard yet. */
export type LiveStatus = 'waiting' | 'live' | 'reconnecting';

export type CommitListener = (commit: CommitEvent) => void;

export interface LiveStreamOptions {
  /** Sends a request as the account, with a token that is still good. */
  readonly request: (ask: Ask) => Promise<Response>;
  /** Resolves after so many milliseconds, or as soon as the signal is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
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
export function createLiveStream({ request, wait, random, isWriting }: LiveStreamOptions) {
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
        if (error instanceof ProblemError && error.is('pruned')) position = undefined;
        failures += 1;
      }
      if (signal.aborted || (hasEnded && isWriting())) return;
      become('reconnecting');
      // Asking again is how the session finds out that it is over, and says so.
      if (hasEnded) continue;
      await wait(reconnectDelayMs(failures, random()), signal);
    }
  }

  /** Reads one connection to its end. */
  async function connect(signal: AbortSignal, onHeard: () => void): Promise<void> {
    hasEnded = false;
    const connection = new AbortController();
    const close = () => connection.abort();
    signal.addEventListener('abort', close, { once: true });
    const watchdog = createWatchdog(silenceMsMax, close);
    try {
      const response = await request({
        method: 'GET',
        path: '/v1/changes',
        headers: {
          Accept: 'text/event-stream',
          ...(position === undefined ? {} : { 'Last-Event-ID': String(position) }),
        },
        signal: connection.signal,
      });
      const parse = createEventParser((event) => {
        // What was read before the connection was given up may still be in pieces on its way here.
        if (connection.signal.aborted) return;
        take(event, close);
        onHeard();
      });
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const piece = await reader?.read();
        if (piece === undefined || piece.done) return;
        watchdog.reset();
        parse(piece.value);
      }
    } finally {
      watchdog.stop();
      signal.removeEventListener('abort', close);
      connection.abort();
    }
  }

  function take({ type, data, lastEventId }: StreamEvent, close: () => void): void {
    if (type === 'snapshot') {
      // It would tell every key with its value. What is shown is asked for anew instead, from a fresh beginning.
      position = undefined;
      close();
    } else if (type === 'end') {
      hasEnded = (JSON.parse(data) as EndEvent).code === 'session-ended';
      close();
    } else if (lastEventId !== '') {
      const from = position;
      const revision = Number(lastEventId);
      position = Math.max(from ?? 0, revision);
      if (from === undefined) for (const listener of gapListeners) listener();
      if (type === 'commit' && (from === undefined || revision > from)) tell(JSON.parse(data) as CommitEvent);
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

function createWatchdog(ms: number, onSilence: () => void) {
  let timer = setTimeout(onSilence, ms);
  return {
    reset(): void {
      clearTimeout(timer);
      timer = setTimeout(onSilence, ms);
    },
    stop: () => clearTimeout(timer),
  };
}
