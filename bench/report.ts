import { count, cut, ms, us } from './figures.js';
import { atMost, type Goal, verdictOf } from './goals.js';
import type { Machine } from './machine.js';
import { type Measurement, type Subject, subjects } from './measurement.js';
import type { Memory } from './process-usage.js';
import { type Comparison, compare, comparisons, perSecond, spread, verdict } from './ratios.js';
import type { Row } from './rows.js';
import type { TrialReport } from './trial.js';

export interface Results {
  readonly machine: Machine;
  readonly seconds: number;
  readonly rounds: number;
  readonly keys: number;
  /** In the order in which they were made. */
  readonly measurements: readonly Measurement[];
  /** What else was measured, each by itself. */
  readonly rowsSeen: readonly Row[];
  readonly trialsSeen: readonly TrialReport[];
  /** Those of the trials; the others follow from the rest. */
  readonly goals: readonly Goal[];
  readonly startSeconds: { readonly first: number; readonly second: number };
  readonly memory: { readonly idle: Memory | undefined; readonly loaded: Memory | undefined };
  /** What a reader must know to judge this very run. */
  readonly remarks: readonly string[];
}

/** Until it answers, with a cluster that is there. */
const startSecondsMax = 1.5;
/** Of all processes together. */
const idleMibMax = 200;
/** Of one that is authenticated and confirmed. */
const getUsMax = 20;

/** One measurement on one line, for the terminal. */
export function progressLine(measured: Measurement): string {
  const { subject, round, connections, p50Ms, p99Ms, maxMs, errors, cpu } = measured;
  return [
    `round ${round}`,
    subjects[subject].padEnd(26),
    String(connections).padStart(4),
    `${count(perSecond(measured)).padStart(8)}/s`,
    `p50 ${ms(p50Ms).padStart(6)}`,
    `p99 ${ms(p99Ms).padStart(6)}`,
    `max ${(maxMs === undefined ? '' : ms(maxMs)).padStart(6)} ms`,
    cpu === undefined ? '' : `CPU ${us(cpu.serverUs).padStart(5)} + ${us(cpu.postgresUs).padStart(5)} µs`,
    `errors ${errors}`,
  ].join('  ');
}

/** The comparisons, one line each, for the terminal. */
export function ratioLines(measurements: readonly Measurement[]): string {
  return ratioRows(measurements)
    .map(([title = '', median = '', range = '', said = '']) =>
      [title.padEnd(52), median.padStart(5), range.padEnd(13), said].join('  ').trimEnd(),
    )
    .join('\n');
}

/** The page that is published: Markdown. */
export function renderResults(results: Results): string {
  const { machine, seconds, rounds, keys, measurements, startSeconds, memory, remarks } = results;
  return `# Benchmark results

Written by \`npm run bench\`: do not edit. One run on one machine, which also runs the load generator; compare
ratios, not figures from different machines or runs. Rounds: ${rounds}; seconds a
measurement: ${seconds}; keys of 100 bytes: ${keys}, a random one each time. Everything is on the loopback interface, or on a Unix socket for pgbench, and
every PUT and upsert is flushed to disk before it is answered. pgbench uses the same PostgreSQL server as Halo,
a prepared statement and a table of its own (\`account_id\`, \`key\`, \`value\`). Both databases were vacuumed and
analysed after they were filled, and a checkpoint precedes each measurement that writes.

${table([['', ''], ...machine])}

## Goals

What Halo is to reach, and what it did in this run, on the machine above and with the load generator on the same
cores. Nothing is left out that was not reached.

${table([['', 'seen', 'goal', ''], ...allGoals(results).map((goal) => [goal.what, goal.seen, goal.goal, verdictOf(goal)])])}
${measurements.length === 0 ? '' : '\n![Requests a second of each subject, GET and PUT](results.svg)\n'}
## Ratios

The median of the rounds, and their range. Each is of requests a second, against the mean of the baseline's
measurements just before and after in the same round. Ratios are cut to two decimals, not rounded up.

${table([['', 'median', 'range', ''], ...ratioRows(measurements)])}

## Figures

Medians of the rounds; the maximum is of all rounds. CPU time is of the server and of the whole PostgreSQL, the
load generator's left out. Of pgbench, latencies are sampled, and so there is no maximum.

${table([
  [
    '',
    'connections',
    'per second',
    'range',
    'p50 ms',
    'p99 ms',
    'max ms',
    'server µs/op',
    'PostgreSQL µs/op',
    'sum',
    'errors',
  ],
  ...figureRows(measurements),
])}

${renderRows(results)}
## Start and memory

${table([
  ['', 'Halo', 'PostgreSQL'],
  ['first start, with a new cluster', `${startSeconds.first.toFixed(2)} s`, 'included'],
  ['second start', `${startSeconds.second.toFixed(2)} s`, 'included'],
  ['memory, idle', ...memoryCells(memory.idle)],
  ['memory, after the load', ...memoryCells(memory.loaded)],
])}
${remarks.map((remark) => `\n- ${remark}`).join('')}
`;
}

/** What each run promises, and then what the trials do. */
function allGoals({ measurements, startSeconds, memory, goals }: Results): Goal[] {
  const ratios = comparisons.flatMap((comparison) => {
    if (comparison.goal === undefined) return [];
    const ratio = compare(measurements, comparison);
    return [
      {
        what: titleOf(comparison, measurements),
        seen: ratio === undefined ? '' : cut(ratio.median),
        goal: `≥ ${comparison.goal}`,
        reached: ratio && ratio.median >= comparison.goal,
      },
    ];
  });
  const { idle } = memory;
  const gets = measurements.filter(({ subject, cpu }) => subject === 'get' && cpu !== undefined);
  const getUs = spread(gets.map(({ cpu }) => (cpu?.serverUs ?? 0) + (cpu?.postgresUs ?? 0))).median;
  return [
    ...ratios,
    ...(gets.length === 0 ? [] : [atMost('CPU time of a GET, Halo and PostgreSQL', getUs, getUsMax, 'µs')]),
    atMost('start on a warm installation', startSeconds.second, startSecondsMax, 's'),
    ...(idle === undefined
      ? []
      : [
          atMost(
            'memory, idle: Halo and PostgreSQL',
            idle.serverRssMib + idle.postgresMib,
            idleMibMax,
            'MiB',
          ),
        ]),
    ...goals,
  ];
}

function renderRows({ rowsSeen, trialsSeen }: Results): string {
  const others = `## Other operations

Each measured once, after the load above, by a client in Node on the same cores.

${table([['', ''], ...rowsSeen])}
`;
  const sections = trialsSeen.map(
    ({ title, rows, missing }) => `## ${title}

${missing === undefined ? table([['', ''], ...rows]) : `Not measured. ${missing}`}
`,
  );
  return [...(rowsSeen.length > 0 ? [others] : []), ...sections].join('\n');
}

function ratioRows(measurements: readonly Measurement[]): readonly string[][] {
  return comparisons.map((comparison) => {
    const ratio = compare(measurements, comparison);
    const range = ratio === undefined ? '' : `${cut(ratio.min)} to ${cut(ratio.max)}`;
    return [
      titleOf(comparison, measurements),
      ratio === undefined ? '' : cut(ratio.median),
      range,
      verdict(ratio, comparison),
    ];
  });
}

/** Names how many connections there were, for PostgreSQL may not have had as many as were wanted. */
function titleOf({ title, subject, baseline }: Comparison, measurements: readonly Measurement[]): string {
  const [ours, theirs] = [subject, baseline].map(
    (name) => measurements.find((measured) => measured.subject === name)?.connections,
  );
  return ours === undefined || theirs === undefined ? title : `${title} (${ours} / ${theirs})`;
}

function figureRows(measurements: readonly Measurement[]): readonly string[][] {
  return (Object.keys(subjects) as Subject[]).flatMap((subject) => {
    const own = measurements.filter((measured) => measured.subject === subject);
    const [first] = own;
    if (first === undefined) return [];
    const median = (pick: (measured: Measurement) => number) => spread(own.map(pick)).median;
    const rates = spread(own.map(perSecond));
    const maxima = own.flatMap(({ maxMs }) => (maxMs === undefined ? [] : [maxMs]));
    const serverUs = median(({ cpu }) => cpu?.serverUs ?? Number.NaN);
    const postgresUs = median(({ cpu }) => cpu?.postgresUs ?? Number.NaN);
    return [
      [
        subjects[subject],
        String(first.connections),
        count(rates.median),
        `${count(rates.min)} to ${count(rates.max)}`,
        ms(median(({ p50Ms }) => p50Ms)),
        ms(median(({ p99Ms }) => p99Ms)),
        maxima.length === 0 ? '' : ms(Math.max(...maxima)),
        us(serverUs),
        us(postgresUs),
        us(serverUs + postgresUs),
        String(own.reduce((sum, { errors }) => sum + errors, 0)),
      ],
    ];
  });
}

function memoryCells(memory: Memory | undefined): string[] {
  if (memory === undefined) return ['', ''];
  const { serverRssMib, postgresMib, postgresMeasure } = memory;
  return [`${serverRssMib.toFixed(0)} MiB RSS`, `${postgresMib.toFixed(0)} MiB ${postgresMeasure}`];
}

function table([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const isFigures = (index: number) => rows.every((row) => /^(\d|$)/.test(row[index] ?? ''));
  const alignment = head.map((_, index) => (isFigures(index) ? '--:' : '---'));
  return [line(head), line(alignment), ...rows.map(line)].join('\n');
}
