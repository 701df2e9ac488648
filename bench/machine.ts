import { open, rm } from 'node:fs/promises';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './command.js';

/** What a result is worth nothing without: name and value, in the order to show. */
export type Machine = readonly (readonly [name: string, value: string])[];

const fsyncTrials = 200;
const fsyncBytes = 8_192;

/** Describes this machine, and how long its disk takes to make a write durable, in the directory given. */
export async function describeMachine(directory: string): Promise<Machine> {
  const [cpu] = cpus();
  const [load = 0] = loadavg();
  return [
    ['Processor', `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}`],
    ['Memory', `${(totalmem() / 2 ** 30).toFixed(0)} GiB`],
    ['Disk', `${(await fsyncUs(directory)).toFixed(0)} µs for one fdatasync of ${fsyncBytes} bytes (median)`],
    ['System', `${platform()} ${arch()} ${release()}`],
    ['Node.js', process.version],
    ['Load before the run', load.toFixed(2)],
    ['Date', new Date().toISOString().slice(0, 16).replace('T', ' ')],
    ['Commit', await commit()],
  ];
}

async function commit(): Promise<string> {
  const directory = fileURLToPath(new URL('.', import.meta.url));
  try {
    const head = (await runCommand('git', ['rev-parse', '--short', 'HEAD'], { directory })).trim();
    const changes = await runCommand('git', ['status', '--porcelain'], { directory });
    return changes === '' ? head : `${head} and uncommitted changes`;
  } catch {
    return 'unknown';
  }
}

/** A durable write can be no faster than this, unless several share one. */
async function fsyncUs(directory: string): Promise<number> {
  const path = join(directory, 'fsync-trial');
  const file = await open(path, 'w');
  const bytes = Buffer.alloc(fsyncBytes, 'x');
  const trialsUs: number[] = [];
  try {
    for (let trial = 0; trial < fsyncTrials; trial += 1) {
      await file.write(bytes, 0, fsyncBytes, trial * fsyncBytes);
      const began = performance.now();
      await file.datasync();
      trialsUs.push((performance.now() - began) * 1_000);
    }
  } finally {
    await file.close();
    await rm(path);
  }
  return trialsUs.sort((a, b) => a - b)[fsyncTrials / 2] ?? Number.NaN;
}
