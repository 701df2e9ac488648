import type { ProblemCode } from 'halo-contract';
import type { ChangedCommit } from './changes.js';
import type { Listener, SnapshotPart } from './subscriber.js';

/** A listener that keeps what it is told. */
export interface TestListener extends Listener {
  readonly told: ChangedCommit[];
  readonly parts: SnapshotPart[];
  readonly ends: ProblemCode[];
  /** How far it is. */
  position: number;
  ticks: number;
  /** Resolves when the condition holds, looked at whenever something is told. */
  until(condition: (listener: TestListener) => boolean): Promise<void>;
}

export function createTestListener(): TestListener {
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const resume of waiting) resume();
  };
  const listener: TestListener = {
    told: [],
    parts: [],
    ends: [],
    position: 0,
    ticks: 0,
    commits: (commits, revision) => {
      listener.told.push(...commits);
      listener.position = revision;
      look();
    },
    snapshot: (part) => {
      listener.parts.push(part);
      if (part.isComplete) listener.position = part.revision;
      look();
    },
    tick: () => {
      listener.ticks += 1;
      look();
    },
    drained: async () => listener.ends.length === 0,
    end: (code) => {
      listener.ends.push(code);
      look();
    },
    until: (condition) =>
      new Promise((resolve) => {
        const resume = (): void => {
          if (!condition(listener)) return;
          waiting.delete(resume);
          resolve();
        };
        waiting.add(resume);
        resume();
      }),
  };
  return listener;
}
