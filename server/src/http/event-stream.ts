import type { ServerResponse } from 'node:http';
import type { ProblemCode } from 'halo-contract';
import type { ChangedCommit } from '../engine/changes.js';
import type { Listener, SnapshotPart } from '../engine/subscriber.js';
import { commitJson, snapshotPartJson } from './change-json.js';

export interface EventStreamOptions {
  /** A comment is sent after so long without anything else. */
  readonly heartbeatMs: number;
  /** Whoever leaves more than this unread is dropped. */
  readonly unsentBytesMax: number;
  /** How long one who is catching up may take to read what was sent. */
  readonly drainMsMax: number;
}

export const eventStreamOptions: EventStreamOptions = {
  heartbeatMs: 15_000,
  // What the kernel holds comes on top. Those who hear the same share their frames, so that even for thousands
  // of slow readers this is not a gigabyte.
  unsentBytesMax: 1024 * 1024,
  drainMsMax: 30_000,
};

/** After a connection broke, clients come back at once: what they missed is waiting. */
const retryMs = 1_000;
/** A connection that does not take the last event in this time is cut. */
const endMsMax = 1_000;

/**
 * A response as Server-Sent Events (WHATWG HTML, section 9.2). A reader that is too slow is dropped, never
 * waited for: it comes back with `Last-Event-ID`, and misses nothing.
 *
 * Where the stream is, when commits went by that were not for it, is told by an event without data: it sets the
 * client's last id, and is dispatched to nobody.
 */
export function createEventStream(
  response: ServerResponse,
  position: number,
  { heartbeatMs, unsentBytesMax, drainMsMax }: EventStreamOptions = eventStreamOptions,
): Listener {
  let current = position;
  let told = position;
  let lastWriteMs = performance.now();
  let isOpen = true;
  response.once('close', () => {
    isOpen = false;
  });

  function write(frame: Buffer | string): void {
    if (!isOpen) return;
    if (response.writableLength > unsentBytesMax) {
      drop();
      return;
    }
    response.write(frame);
    lastWriteMs = performance.now();
  }

  function drop(): void {
    isOpen = false;
    response.destroy();
  }

  write(`retry: ${retryMs}\n${idFrame(position)}`);
  return {
    commits: (commits, revision) => {
      current = revision;
      const last = commits.at(-1);
      if (last === undefined) return;
      write(framesOf(commits));
      told = last.revision;
    },
    snapshot: (part) => {
      write(snapshotFrame(part));
      if (!part.isComplete) return;
      current = part.revision;
      told = part.revision;
    },
    tick: () => {
      if (current > told) {
        write(idFrame(current));
        told = current;
      } else if (performance.now() - lastWriteMs >= heartbeatMs) write(':\n\n');
    },
    drained: async () => {
      if (isOpen && response.writableNeedDrain && !(await drains(response, drainMsMax))) drop();
      return isOpen;
    },
    end: (code) => {
      if (!isOpen) return;
      write(endFrame(code));
      isOpen = false;
      response.end();
      const cut = setTimeout(() => response.destroy(), endMsMax);
      response.once('close', () => clearTimeout(cut));
    },
  };
}

/** False when it does not happen in time, or the connection closes. */
export function drains(response: ServerResponse, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isDrained: boolean) => () => {
      clearTimeout(timer);
      response.off('drain', onDrain).off('close', onClose);
      resolve(isDrained);
    };
    const onDrain = settle(true);
    const onClose = settle(false);
    const timer = setTimeout(onClose, withinMs);
    response.once('drain', onDrain).once('close', onClose);
  });
}

/** Everyone who hears the same commits is sent the same bytes, which are made once. */
const frames = new WeakMap<readonly ChangedCommit[], Buffer>();

function framesOf(commits: readonly ChangedCommit[]): Buffer {
  let made = frames.get(commits);
  if (made === undefined) {
    made = Buffer.from(commits.map(commitFrame).join(''));
    frames.set(commits, made);
  }
  return made;
}

function commitFrame(commit: ChangedCommit): string {
  return `id: ${commit.revision}\nevent: commit\ndata: ${commitJson(commit)}\n\n`;
}

/** Only the last part has an id: whoever loses the connection before it begins the snapshot anew. */
function snapshotFrame(part: SnapshotPart): string {
  const id = part.isComplete ? `id: ${part.revision}\n` : '';
  return `${id}event: snapshot\ndata: ${snapshotPartJson(part)}\n\n`;
}

function idFrame(revision: number): string {
  return `id: ${revision}\n\n`;
}

function endFrame(code: ProblemCode): string {
  return `event: end\ndata: ${JSON.stringify({ code })}\n\n`;
}
