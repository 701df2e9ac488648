import { setTimeout as delay } from 'node:timers/promises';
import type { Credential } from '../../../database/live-session.js';
import type { Check, Mutation } from '../../../engine/commit.js';
import type { Engine } from '../../../engine/engine.js';
import { HaloError } from '../../../errors.js';
import { applyCommand } from './apply.js';
import { type Command, CommandError, isWide, onlyReads, type Reply, type Step } from './command.js';
import { atMsOf, type Draft, draftOf, mutationsOf } from './draft.js';
import { type Found, needsOf, readNeeds } from './reads.js';
import { createTurns } from './turns.js';
import { runWide } from './wide.js';

/** What became of a command of several. */
export type Outcome = Reply | CommandError;

export interface Runner {
  /** @throws CommandError, or HaloError as the engine refuses */
  one(credential: Credential, command: Command): Promise<Reply>;
  /**
   * All commands as one: they see one state of the keys, and what they change is one commit. A command that is
   * refused does not keep the others from being done, as in Redis.
   *
   * @throws HaloError as the engine refuses; then nothing is done
   */
  together(credential: Credential, commands: readonly Step[]): Promise<Outcome[]>;
}

/** With turns taken, only other servers and blind writes come between: so many in a row are no coincidence. */
const triesMax = 24;
/** The longest pause between tries. Its length is left to chance, so that two who collide do not do so for ever. */
const pauseMsMax = 40;

/**
 * Runs commands on the engine. Whatever depends on what is there reads it, decides purely (`apply.ts`), and commits
 * with a check on every revision it has read: in between nothing can have changed, or it is tried again.
 */
export function createRunner(engine: Engine): Runner {
  const turns = createTurns();

  async function together(credential: Credential, commands: readonly Step[]): Promise<Outcome[]> {
    const needs = needsOf(commands);
    const keys = [...needs.values, ...needs.heads];
    if (commands.every((command) => command instanceof CommandError || onlyReads(command))) {
      if (keys.length === 0) await engine.demandLive(credential);
      const draft = draftOf((await readNeeds(engine, credential, needs, true)).items, Date.now());
      return applyAll(draft, commands);
    }
    if (keys.length === 0) return write(credential, { items: new Map(), checks: [] }, commands, Date.now());
    const names = keys.map((key) => `${credential.accountId} ${key}`);
    return turns.take(names, async () => {
      let nowMs = 0;
      for (let tries = 1; ; tries += 1) {
        nowMs = Math.max(nowMs, Date.now());
        const found = await readNeeds(engine, credential, needs, false);
        try {
          return await write(credential, found, commands, nowMs);
        } catch (error) {
          const late = error instanceof PastExpiry ? error.atMs : undefined;
          if (late === undefined && !isCollision(error)) throw error;
          if (tries === triesMax) throw givenUp(error);
          // PostgreSQL's clock, which decides, may be ahead of this one.
          nowMs = Math.max(nowMs, late ?? 0);
          if (late === undefined) await delay(Math.random() * Math.min(2 ** tries, pauseMsMax));
        }
      }
    });
  }

  async function write(
    credential: Credential,
    { items, checks }: Found,
    commands: readonly Step[],
    nowMs: number,
  ): Promise<Outcome[]> {
    const draft = draftOf(items, nowMs);
    const outcomes = applyAll(draft, commands);
    // Even when there is nothing to change: it shows that the token may write, and that all of it was true at once.
    await commit(credential, checks, mutationsOf(draft));
    return outcomes;
  }

  async function commit(
    credential: Credential,
    checks: readonly Check[],
    mutations: readonly Mutation[],
  ): Promise<string | undefined> {
    try {
      const asked = { checks, mutations, dryRun: false, idempotency: undefined };
      return (await engine.commit(credential, asked)).results[0]?.value;
    } catch (error) {
      const index = error instanceof HaloError ? (error.extra?.mutation ?? 0) : 0;
      const atMs = atMsOf(mutations[Number(index)]);
      if (error instanceof HaloError && error.code === 'invalid-value' && atMs !== undefined) {
        throw new PastExpiry(atMs, error);
      }
      throw error;
    }
  }

  /** Counting needs no check: the engine adds. */
  async function increment(credential: Credential, key: string, by: bigint): Promise<Reply | undefined> {
    try {
      const sum = await commit(credential, [], [{ kind: 'add', key, operand: by }]);
      return sum === undefined ? undefined : BigInt(sum);
    } catch (error) {
      // What is there is no number, or the sum would be none: the general way knows which.
      if (error instanceof HaloError && error.code === 'invalid-value') return undefined;
      throw error;
    }
  }

  return {
    together,
    one: async (credential, command) => {
      if (isWide(command)) return runWide(engine, credential, command);
      if (command.kind === 'get') return (await engine.get(credential, command.key))?.value ?? null;
      if (command.kind === 'incr') {
        const sum = await increment(credential, command.key, command.by);
        if (sum !== undefined) return sum;
      }
      const [outcome = null] = await together(credential, [command]);
      if (outcome instanceof CommandError) throw outcome;
      return outcome;
    },
  };
}

function applyAll(draft: Draft, commands: readonly Step[]): Outcome[] {
  return commands.map((command) => {
    if (command instanceof CommandError) return command;
    try {
      return applyCommand(draft, command);
    } catch (error) {
      if (error instanceof CommandError) return error;
      throw error;
    }
  });
}

/** An expiry lies in the past by PostgreSQL's clock, though not by ours. */
class PastExpiry extends Error {
  constructor(
    readonly atMs: number,
    cause: HaloError,
  ) {
    super('The expiry has passed.', { cause });
  }
}

function isCollision(error: unknown): boolean {
  return error instanceof HaloError && error.code === 'check-failed';
}

function givenUp(cause: unknown): HaloError {
  const detail = 'The keys were changed by others again and again. Nothing was written; try again.';
  return new HaloError('overloaded', detail, { cause, retryAfterS: 1 });
}
