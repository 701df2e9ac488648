import { type Ask, HaloError } from 'halo-client';
import type { CommitEvent } from 'halo-contract';
import { describe, expect, test, vi } from 'vitest';
import { SessionEndedError } from '../session/session.js';
import { createLiveStream, type LiveStatus } from './live-stream.js';

const id = (revision: number) => `id: ${revision}\n\n`;
const commit = (revision: number) =>
  `id: ${revision}\nevent: commit\ndata: {"revision":${revision},"changes":[]}\n\n`;
const end = (code: string) => `event: end\ndata: {"code":"${code}"}\n\n`;
const snapshot = 'event: snapshot\ndata: {"revision":9,"entries":[],"complete":false}\n\n';

/** A server that answers each request with the next of these; after the last it keeps the connection open. */
function follow(answers: readonly (string | Error)[], isWriting = false) {
  const asks: Ask[] = [];
  const commits: number[] = [];
  const statuses: LiveStatus[] = [];
  const pauses: number[] = [];
  const seen = { gaps: 0 };
  const stream = createLiveStream({
    request: async (ask) => {
      const answer = answers[asks.push(ask) - 1];
      if (answer instanceof Error) throw answer;
      if (answer !== undefined) return new Response(answer);
      return new Response(new ReadableStream({ start: (open) => openUntil(ask.signal, open) }));
    },
    pause: async (ms) => {
      pauses.push(ms);
    },
    isWriting: () => isWriting,
  });
  stream.listen(({ revision }: CommitEvent) => commits.push(revision));
  stream.onGap(() => {
    seen.gaps += 1;
  });
  stream.watch(() => statuses.push(stream.status));
  stream.start();
  const resumed = () => asks.map(({ headers }) => headers?.['Last-Event-ID']);
  return { stream, asks, commits, statuses, pauses, seen, resumed };
}

function openUntil(signal: AbortSignal | undefined, open: ReadableStreamDefaultController): void {
  signal?.addEventListener('abort', () => open.error(signal.reason));
}

describe('createLiveStream', () => {
  test('carries on where the connection broke, and tells nothing twice', async () => {
    const answers = [
      id(4) + commit(5),
      new HaloError('unreachable', ''),
      commit(5) + commit(6) + id(8),
      commit(9),
    ];
    const { asks, commits, seen, resumed, stream } = follow(answers);
    await vi.waitFor(() => expect(asks).toHaveLength(5));
    expect(commits).toEqual([5, 6, 9]);
    expect(resumed()).toEqual([undefined, '5', '5', '8', '9']);
    // Only the beginning: nothing that was shown then can have missed anything since.
    expect(seen.gaps).toBe(1);
    expect(stream.status).toBe('reconnecting');
    stream.stop();
    expect(stream.status).toBe('waiting');
  });

  test('a snapshot is not read; what is shown is asked for anew and the stream begins afresh', async () => {
    const { asks, commits, seen, resumed, stream } = follow([id(4), snapshot + commit(10), id(11)]);
    await vi.waitFor(() => expect(asks).toHaveLength(4));
    expect(resumed()).toEqual([undefined, '4', undefined, '11']);
    expect(commits).toEqual([]);
    expect(seen.gaps).toBe(2);
    stream.stop();
  });

  test('asks at once when the session is said to have ended, and then no more', async () => {
    const answers = [id(1) + end('session-ended'), new SessionEndedError()];
    const { asks, pauses, statuses } = follow(answers);
    await vi.waitFor(() => expect(statuses).toEqual(['live', 'reconnecting', 'waiting']));
    expect(asks).toHaveLength(2);
    expect(pauses).toEqual([]);
  });

  test('does not ask while something is being written', async () => {
    const { asks, stream, statuses } = follow([id(1) + end('session-ended')], true);
    await vi.waitFor(() => expect(statuses).toEqual(['live', 'waiting']));
    expect(asks).toHaveLength(1);
    stream.start();
    await vi.waitFor(() => expect(asks).toHaveLength(2));
    stream.stop();
  });

  test('a server that stops is asked again after a wait', async () => {
    const { asks, pauses, stream } = follow([id(1) + end('unavailable')]);
    await vi.waitFor(() => expect(asks).toHaveLength(2));
    expect(pauses).toHaveLength(1);
    stream.stop();
  });

  test('waits twice as long after each failure, up to half a minute, half of it by chance', async () => {
    const failures = Array.from({ length: 7 }, () => new HaloError('unreachable', ''));
    const { asks, pauses, stream } = follow(failures);
    await vi.waitFor(() => expect(asks).toHaveLength(8));
    for (const [index, whole] of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000].entries()) {
      expect(pauses[index]).toBeGreaterThanOrEqual(whole / 2);
      expect(pauses[index]).toBeLessThanOrEqual(whole);
    }
    stream.stop();
  });
});
