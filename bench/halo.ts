import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { PostgresPlace } from './pgbench.js';

/** A Halo server with a PostgreSQL of its own, as a child process. */
export interface Halo {
  readonly origin: string;
  readonly pid: number;
  /** From the start of the process to its readiness. */
  readonly startSeconds: number;
  readonly postgres: PostgresPlace;
  /** Stops Halo and its PostgreSQL; resolves when both have ended. */
  stop(): Promise<void>;
}

/** A first start makes a PostgreSQL cluster, which takes seconds on a busy machine. */
const startMsMax = 120_000;
/** Halo drains for 15 s at most, then PostgreSQL writes out what it holds. */
const stopMsMax = 60_000;
const pollMs = 50;
/** What is kept of Halo's log, to tell why it failed. */
const logCharactersMax = 10_000;

/**
 * Starts the compiled server on the data directory, and waits until it says where it is.
 *
 * @param settings variables of its environment besides those that every benchmark sets
 */
export async function startHalo(
  dataDirectory: string,
  signal: AbortSignal,
  settings: Readonly<Record<string, string>> = {},
): Promise<Halo> {
  signal.throwIfAborted();
  const began = performance.now();
  // In a process group of its own: Ctrl+C reaches this program alone, which then stops Halo in order.
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('../../server/bundle/serve.js', import.meta.url))],
    {
      detached: true,
      env: { ...environment(dataDirectory), ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const stop = () => stopHalo(child, dataDirectory);
  try {
    const origin = await readOrigin(child, signal);
    const startSeconds = (performance.now() - began) / 1_000;
    const postgres = await readPostgresPlace(dataDirectory);
    return { origin, pid: child.pid ?? 0, startSeconds, postgres, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Whatever is set for another Halo must not reach this one: neither its database nor its tuning. */
function environment(dataDirectory: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('HALO_') && name !== 'DATABASE_URL',
  );
  return {
    ...Object.fromEntries(inherited),
    APP_SETTINGS: 'production',
    HALO_DATA: dataDirectory,
    HOST: '127.0.0.1',
    PORT: '0',
  };
}

/** Resolves with the address that Halo prints once it is ready, and goes on reading its log after that. */
function readOrigin(child: ChildProcess, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let log = '';
    const read = (text: string): void => {
      log = (log + text).slice(-logCharactersMax);
      const origin = /is ready after .*: (http:\S+)\/home$/m.exec(log)?.[1];
      if (origin !== undefined) resolve(origin);
    };
    child.stdout?.setEncoding('utf8').on('data', read);
    child.stderr?.setEncoding('utf8').on('data', read);
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`Halo ended instead of starting: ${log}`)));
    signal.addEventListener('abort', () => reject(signal.reason));
    AbortSignal.timeout(startMsMax).addEventListener('abort', () => {
      reject(new Error(`Halo was not ready within ${startMsMax / 1_000} s: ${log}`));
    });
  });
}

/** Reads where the embedded PostgreSQL is: postmaster.pid names its process, port and socket directory. */
async function readPostgresPlace(dataDirectory: string): Promise<PostgresPlace> {
  const lines = (await readFile(join(dataDirectory, 'postgres', 'postmaster.pid'), 'utf8')).split('\n');
  const [pid, , , port, socketDirectory] = lines;
  if (socketDirectory === undefined || socketDirectory === '') {
    throw new Error('postmaster.pid names no socket directory.');
  }
  return { pid: Number(pid), port: Number(port), socketDirectory };
}

async function stopHalo(child: ChildProcess, dataDirectory: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const inTime = await Promise.race([exited.then(() => true), delay(stopMsMax, false, { ref: false })]);
    if (!inTime) child.kill('SIGKILL');
    await exited;
  }
  // PostgreSQL removes the file when it stops in order: it is there only if Halo left its server behind.
  const orphan = await readPostgresPlace(dataDirectory).catch(() => undefined);
  if (orphan !== undefined) await stopOrphan(orphan);
}

/** A Halo that died without warning cannot have stopped its PostgreSQL: that is left to us. */
async function stopOrphan({ pid, socketDirectory }: PostgresPlace): Promise<void> {
  const deadline = performance.now() + stopMsMax;
  // SIGINT is PostgreSQL's fast shutdown; signal 0 only asks whether the process is there.
  for (let signal: NodeJS.Signals | 0 = 'SIGINT'; performance.now() < deadline; signal = 0) {
    try {
      process.kill(pid, signal);
    } catch {
      break;
    }
    await delay(pollMs);
  }
  await rm(socketDirectory, { recursive: true, force: true });
}
