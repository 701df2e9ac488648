import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cut } from './figures.js';
import { type FloodOutcome, runFlood } from './flood.js';
import { startHalo } from './halo.js';
import { describeMachine } from './machine.js';
import { createPerson } from './person.js';
import { overloadTitle, putSection } from './result-section.js';
import type { Workload } from './workload.js';

/**
 * `npm run bench:overload`: what is left of the peak when five times as much is asked for. Rounds of peak, overload
 * and peak again, so that each ratio is of neighbours in time.
 */
const overloadFactor = 5;
/** What the peak is measured at: far below where Halo begins to refuse. */
const peakConnections = 512;
/** Above the 10,000 writes that Halo queues however long they wait. */
const overloadConnections = 12_000;
const keys = 5_000;
const goal = 0.8;
/** The peak moves with the neighbours; a round that was asked for less than this many times its peak shows no overload. */
const offeredMin = 4;

interface Round {
  readonly peak: number;
  readonly goodput: number;
  readonly flood: FloodOutcome;
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const abort = new AbortController();
process.once('SIGINT', () => abort.abort(new Error('Interrupted.')));

const scratch = await mkdtemp(join(tmpdir(), 'halo-overload-'));
const machine = await describeMachine(scratch);
const halo = await startHalo(join(scratch, 'data'), abort.signal);
try {
  const person = await createPerson(halo.origin, keys, abort.signal);
  await measurePeak(await person.workload('PUT'));
  const rounds: Round[] = [];
  for (let index = 0; index < Number(values.rounds); index += 1) {
    const round = await runRound(await person.workload('PUT'));
    rounds.push(round);
    console.log(lineOf(round));
  }
  const page = render(rounds);
  console.log(page);
  if (values.write) {
    const results = fileURLToPath(new URL('../RESULTS.md', import.meta.url));
    await writeFile(results, putSection(await readFile(results, 'utf8'), overloadTitle, page));
  }
} finally {
  await halo.stop();
  await rm(scratch, { recursive: true, force: true });
}

async function measurePeak(workload: Workload): Promise<number> {
  const closed = { connections: peakConnections, rate: Number.POSITIVE_INFINITY };
  const outcome = await runFlood(workload, { ...closed, seconds, signal: abort.signal });
  if (outcome.statuses.size !== 1) throw new Error(`The peak had refusals: ${statusesOf(outcome)}.`);
  return goodputOf(outcome);
}

async function runRound(workload: Workload): Promise<Round> {
  const before = await measurePeak(workload);
  const flood = await runFlood(workload, {
    connections: overloadConnections,
    rate: overloadFactor * before,
    seconds,
    signal: abort.signal,
  });
  const after = await measurePeak(workload);
  return { peak: (before + after) / 2, goodput: goodputOf(flood), flood };
}

function goodputOf({ statuses, seconds: took }: FloodOutcome): number {
  return ((statuses.get(200) ?? 0) + (statuses.get(201) ?? 0)) / took;
}

function statusesOf({ statuses }: FloodOutcome): string {
  return [...statuses].map(([status, count]) => `${count} × ${status}`).join(', ');
}

function offeredOf({ peak, flood }: Round): number {
  return (flood.sent + flood.heldBack) / flood.seconds / peak;
}

function lineOf(round: Round): string {
  const { peak, goodput, flood } = round;
  const offered = offeredOf(round);
  const arrived = flood.sent / flood.seconds / peak;
  return (
    `peak ${peak.toFixed(0)}/s; offered ${offered.toFixed(1)} ×, sent ${arrived.toFixed(1)} ×; ` +
    `goodput ${goodput.toFixed(0)}/s, ${cut(goodput / peak)} of the peak; ` +
    `${statusesOf(flood)}, ${flood.late} late, ${flood.lost} lost`
  );
}

function render(rounds: readonly Round[]): string {
  const overloaded = rounds.filter((round) => offeredOf(round) >= offeredMin);
  const ratios = overloaded.map(({ goodput, peak }) => goodput / peak).sort((a, b) => a - b);
  const ratio = ratios[Math.floor((ratios.length - 1) / 2)];
  const verdict =
    ratio === undefined
      ? `not measured: no round was offered ${offeredMin} times its peak`
      : `${cut(ratio)}** (median of ${ratios.length} of ${rounds.length} rounds, those that ` +
        `were offered ${offeredMin} times their peak or more: ${ratios.map(cut).join(', ')}); ` +
        `goal ≥ ${goal} ${ratio >= goal ? 'reached' : 'NOT reached'}`;
  const refusedMs = rounds.flatMap(({ flood }) => flood.refusedMs).sort((a, b) => a - b);
  const at = (share: number): string =>
    (refusedMs[Math.floor(share * (refusedMs.length - 1))] ?? Number.NaN).toFixed(1);
  const refusals =
    refusedMs.length === 0
      ? 'nothing was refused'
      : `${refusedMs.length} refused: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`;
  return [
    `Written by \`npm run bench:overload -- --write\`. PUTs of ${keys} keys, ${overloadFactor} times as many as the`,
    `peak of the same round, as far as ${overloadConnections} connections that each wait for an answer can ask for them. The`,
    'generator runs on the same cores, of which it takes the more the more it sends. Goodput is what was stored and',
    'answered within the time.',
    '',
    `- goodput / peak: ${ratio === undefined ? '' : '**'}${verdict}`,
    '- "offered" is what was due; "sent" is what connections that waited for nothing could carry of it',
    `- ${refusals}`,
    ...rounds.map((round) => `- round: ${lineOf(round)}`),
    `- ${machine.map(([name, value]) => `${name}: ${value}`).join('; ')}`,
  ].join('\n');
}
