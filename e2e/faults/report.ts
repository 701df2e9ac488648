import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { collectResults, type Figure, isWhole, type Results, type Row } from './results.js';

const page = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url));
const begin = '<!-- What follows is written by `npm run test:faults` and `npm run test:soak`. -->';

/** Gives the test files a place for their results, and shows them in one table at the end. */
export default async function reportAtTheEnd(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'halo-fault-results-'));
  project.provide('faultResults', directory);
  return async () => {
    const results = await collectResults(directory);
    await rm(directory, { recursive: true, force: true });
    const text = show(results);
    console.log(`\n${text}`);
    const section = process.env.HALO_FAULTS_SECTION;
    if (isWhole && section !== undefined) await publish(section, text);
  };
}

/** Replaces one section of the page, and leaves the others as an earlier run wrote them. */
async function publish(title: string, text: string): Promise<void> {
  const whole = await readFile(page, 'utf8');
  const [head = ''] = whole.split(begin);
  const sections = whole.slice(head.length + begin.length).split(/^(?=## )/m);
  const others = sections.filter((one) => one.startsWith('## ') && !one.startsWith(`## ${title}\n`));
  const mine = `## ${title}\n\n${machine()}\n\n${text}`;
  const all = [...others, mine].map((one) => one.trim()).sort();
  await writeFile(page, `${head}${begin}\n\n${all.join('\n\n')}\n`);
}

function machine(): string {
  const [cpu] = cpus();
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  const [load = 0] = loadavg();
  const date = new Date().toISOString().slice(0, 10);
  return `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${memory} GiB, Linux ${release()}, Node.js ${process.version}, ${date}, load ${load.toFixed(1)}: what else the machine did is in the times.`;
}

function show({ rows, figures, skipped }: Results): string {
  const parts = [
    rows.length === 0 ? '' : table(rowHeads, rows.map(cellsOf)),
    figures.length === 0 ? '' : table(['figure', 'result', 'of'], figures.map(figureCells)),
    skipped.map((text) => `- Not run: ${text}`).join('\n'),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

const rowHeads = [
  'fault',
  'PostgreSQL',
  'seed',
  'rounds',
  'in flight ≥',
  'acknowledged',
  'lost',
  'duplicates',
  'wrong reads',
  'unknown outcomes',
  'longest to first error',
  'longest answer',
  'recovery p50',
  'recovery max',
];

function cellsOf(row: Row): string[] {
  return [
    row.isControl === true ? `*control:* ${row.name}` : row.name,
    row.postgres,
    String(row.seed),
    String(row.rounds),
    String(row.inFlight),
    String(row.acknowledged),
    String(row.lost),
    String(row.duplicates),
    String(row.wrong),
    String(row.unknown),
    ...[row.firstErrorMs, row.longestMs, row.recoveryP50Ms, row.recoveryMaxMs].map(
      (ms) => `${(ms / 1_000).toFixed(2)} s`,
    ),
  ];
}

function figureCells({ what, result, of }: Figure): string[] {
  return [what, result, of];
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}
