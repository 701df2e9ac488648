import { limits } from 'halo-contract';
import type { Credential } from '../../../database/live-session.js';
import { HaloError } from '../../../errors.js';
import { concernsAll, wordsOf } from './answers.js';
import { type Command, CommandError, isWide, onlyReads, type Reply, type Step } from './command.js';
import { type Arg, commandKeysMax, parseCommand } from './parse.js';
import { needsOf } from './reads.js';
import type { Outcome, Runner } from './run.js';

/**
 * Runs commands one by one, in order, each with an outcome of its own. Those that follow each other and only read
 * are read in one snapshot, which is as if nobody had come between them.
 */
export async function runPipeline(
  runner: Runner,
  credential: Credential,
  commands: readonly (readonly Arg[])[],
): Promise<Outcome[]> {
  const parsed = commands.map(tryParse);
  const outcomes: Outcome[] = [];
  const startedMs = performance.now();
  let bytes = 0;
  while (outcomes.length < parsed.length) {
    const done = await runNext(runner, credential, parsed.slice(outcomes.length));
    outcomes.push(...done.outcomes);
    for (const outcome of done.outcomes) bytes += bytesOf(outcome);
    const isLate = performance.now() - startedMs > pipelineMsMax;
    const stop = done.stop ?? (bytes > limits.bodyBytesMax ? answerFull : isLate ? outOfTime : undefined);
    while (stop !== undefined && outcomes.length < parsed.length) outcomes.push(stop);
  }
  return outcomes;
}

/** A thousand writes take seconds; a thousand times KEYS would take minutes. */
const pipelineMsMax = 30_000;
const outOfTime = new CommandError(
  'ERR not executed: the pipeline took over 30 s, send fewer commands at once',
);
const answerFull = new CommandError(
  'ERR not executed: the answers are over 32 MiB, send fewer commands at once',
);

interface Done {
  readonly outcomes: readonly Outcome[];
  /** What all commands behind are answered without being executed. */
  readonly stop?: CommandError;
}

async function runNext(
  runner: Runner,
  credential: Credential,
  commands: readonly (Command | CommandError)[],
): Promise<Done> {
  const reads = readsOf(commands);
  try {
    // A refusal of all may be due to one of them: then they are tried one by one.
    if (reads.length > 1) return { outcomes: await runner.together(credential, reads) };
  } catch (error) {
    if (!(error instanceof HaloError) || concernsAll(error)) return refusalOf(error);
  }
  const [command] = commands;
  try {
    if (command === undefined || command instanceof CommandError)
      return { outcomes: command ? [command] : [] };
    return { outcomes: [await runner.one(credential, command)] };
  } catch (error) {
    return refusalOf(error);
  }
}

/** @throws what is no refusal */
function refusalOf(error: unknown): Done {
  if (error instanceof CommandError) return { outcomes: [error] };
  if (!(error instanceof HaloError)) throw error;
  const outcome = new CommandError(wordsOf(error));
  if (!concernsAll(error)) return { outcomes: [outcome] };
  const stop = new CommandError(`ERR not executed, because of an earlier command: ${error.message}`);
  return { outcomes: [outcome], stop };
}

/** The commands at the front that only read, as far as one snapshot takes them. */
function readsOf(commands: readonly (Command | CommandError)[]): Step[] {
  const reads: Step[] = [];
  let keys = 0;
  for (const command of commands) {
    if (command instanceof CommandError || !onlyReads(command)) break;
    const { values, heads } = needsOf([command]);
    keys += values.size + heads.size;
    if (keys > commandKeysMax) break;
    reads.push(command);
  }
  return reads;
}

function tryParse(args: readonly Arg[]): Command | CommandError {
  try {
    return parseCommand(args);
  } catch (error) {
    if (error instanceof CommandError) return error;
    throw error;
  }
}

function bytesOf(outcome: Outcome): number {
  if (Buffer.isBuffer(outcome)) return outcome.length;
  if (!Array.isArray(outcome)) return 0;
  let bytes = 0;
  for (const one of outcome as readonly Reply[]) bytes += bytesOf(one);
  return bytes;
}

/**
 * The commands of a transaction. One that Redis would refuse only while executing it stays, as its own outcome.
 *
 * @throws CommandError when Redis would refuse one while queueing it: then none is done
 */
export function parseTransaction(commands: readonly (readonly Arg[])[]): Step[] {
  return commands.map((args, index) => {
    const command = tryParse(args);
    const place = `command ${index + 1}`;
    if (command instanceof CommandError) {
      if (command.discards) throw aborted(`${place}: ${command.message}`);
      return command;
    }
    if (isWide(command)) throw aborted(`${place}: ${command.kind} is not possible in a transaction`);
    return command;
  });
}

function aborted(why: string): CommandError {
  return new CommandError(`EXECABORT Transaction discarded because of previous errors: ${why}`);
}
