import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { haloAt, type Person } from '../halo.js';
import { until } from '../until.js';
import { judge, type Stored, type Verdict } from './checker.js';
import { type Load, startLoad } from './load.js';
import { type Attempt, isAnswered, type Recording } from './recording.js';
import { median, type Row } from './results.js';
import { readStored } from './stored.js';

/** Something that goes wrong under load, and is put right again. */
export interface Fault {
  readonly name: string;
  readonly url: string;
  readonly seed: number;
  /** Such as `18, embedded`. */
  readonly postgres: string;
  /** How often it strikes in one run. */
  readonly rounds: number;
  /** How long it lasts; 0 where striking is all there is to it. */
  readonly holdMs: number;
  strike(load: Load): Promise<unknown>;
  heal(): Promise<unknown>;
  /** Who works; by default an account made for it. */
  readonly person?: Person;
  /** Before the load begins, when the account is there. */
  settle?(): Promise<unknown>;
}

export interface FaultReport {
  readonly recording: Recording;
  readonly stored: Stored;
  readonly verdict: Verdict;
  readonly row: Row;
}

/** Writes that have to be acknowledged before each strike, so that there is something to lose. */
const acknowledgedBefore = 100;
/** And after the last, so that what came of it is seen at work. */
const acknowledgedAfter = 100;
/** A machine that does other work as well takes its time to come back. */
const recoveryMsMax = 90_000;
const warmUpMsMax = 60_000;

/**
 * Puts a load on a server, lets a fault strike while requests are in flight, heals it, waits until every client is
 * served again, and compares what they were told with what is stored.
 */
export async function runFault(fault: Fault): Promise<FaultReport> {
  const halo = haloAt(fault.url);
  const person = fault.person ?? (await halo.signUp());
  await fault.settle?.();
  const load = startLoad({ url: fault.url, person, seed: fault.seed });
  const rounds: Round[] = [];
  try {
    for (let round = 0; round < fault.rounds; round += 1) rounds.push(await strikeOnce(fault, load));
    const healed = load.acknowledged();
    await until('Work afterwards', () => load.acknowledged() - healed >= acknowledgedAfter, warmUpMsMax);
  } finally {
    await load.stop();
  }
  const stored = await readStored(halo, person);
  const { recording } = load;
  const verdict = judge(recording, stored);
  const recoveries = rounds.flatMap(({ recoveriesMs }) => recoveriesMs);
  const row: Row = {
    name: fault.name,
    postgres: fault.postgres,
    seed: fault.seed,
    rounds: fault.rounds,
    inFlight: Math.min(...rounds.map(({ inFlight }) => inFlight)),
    acknowledged: verdict.acknowledged,
    lost: verdict.lost.length,
    duplicates: verdict.duplicates.length,
    wrong: verdict.wrong.length,
    unknown: verdict.unknown,
    hung: recording.attempts.filter(({ outcome }) => outcome === 'hung').length,
    firstErrorMs: Math.max(0, ...rounds.map(({ firstErrorMs }) => firstErrorMs)),
    longestMs: Math.max(...recording.attempts.map(({ startedMs, endedMs }) => endedMs - startedMs)),
    recoveryP50Ms: median(recoveries),
    recoveryMaxMs: Math.max(...recoveries),
  };
  return { recording, stored, verdict, row };
}

/** Asserts that a fault cost nothing that had been promised. */
export function expectNoHarm({ verdict, row }: FaultReport): void {
  const { lost, duplicates, wrong } = verdict;
  assert.deepEqual({ lost, duplicates, wrong: wrong.slice(0, 20) }, { lost: [], duplicates: [], wrong: [] });
  assert.equal(row.hung, 0, 'A request was never answered.');
}

interface Round {
  readonly inFlight: number;
  readonly firstErrorMs: number;
  /** One a client, from the moment of healing. */
  readonly recoveriesMs: readonly number[];
}

async function strikeOnce(fault: Fault, load: Load): Promise<Round> {
  const { attempts } = load.recording;
  const before = load.acknowledged();
  const enough = () => load.acknowledged() - before >= acknowledgedBefore && load.inFlight() > 0;
  await until('A load under way', enough, warmUpMsMax);
  const inFlight = load.inFlight();
  assert.ok(inFlight > 0);
  const struckMs = performance.now();
  await fault.strike(load);
  await delay(fault.holdMs);
  const healedMs = performance.now();
  await fault.heal();
  // What was asked before the strike may have been done by then, and only its answer is late.
  const isServed = ({ startedMs, endedMs, outcome }: Attempt) =>
    startedMs >= struckMs && endedMs > healedMs && isAnswered(outcome);
  const servedAgain = (client: string) => attempts.find((one) => one.client === client && isServed(one));
  const recoveriesMs = await until(
    'Service for every client',
    () => {
      const served = load.clients().flatMap((client) => servedAgain(client)?.endedMs ?? []);
      return served.length === load.clients().length && served.map((endedMs) => endedMs - healedMs);
    },
    recoveryMsMax,
  );
  return { inFlight, firstErrorMs: firstErrorMs(attempts, struckMs), recoveriesMs };
}

/** How long the client waited that waited longest for its first error, from the strike or from when it asked. */
function firstErrorMs(attempts: Recording['attempts'], struckMs: number): number {
  const first = new Map<string, number>();
  for (const { client, startedMs, endedMs, outcome } of attempts) {
    if (endedMs < struckMs || isAnswered(outcome) || first.has(client)) continue;
    first.set(client, endedMs - Math.max(startedMs, struckMs));
  }
  return Math.max(0, ...first.values());
}
