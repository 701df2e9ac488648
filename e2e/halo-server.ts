import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { until } from './until.js';

/** A Halo in a process of its own, as an operator starts it. */
export interface HaloServer {
  /** Such as `http://localhost:40123`. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Everything that it printed so far. */
  output(): string;
  /** Ends the process without a chance to finish anything; its PostgreSQL lives on. */
  kill9(): Promise<void>;
  /** Asks it to stop, as a supervisor would. Resolves with the exit code when the process has ended. */
  terminate(): Promise<number | null>;
  /** Terminates it, ends its PostgreSQL, and removes the data directory if the server made it. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** An existing data directory, which `stop` leaves in place. */
  readonly data?: string;
}

export interface Run {
  readonly code: number | null;
  readonly output: string;
}

const program = fileURLToPath(new URL('../server/bundle/serve.js', import.meta.url));
const readyLine = /^Halo \S+ is ready after .+: (http:\/\/localhost:(\d+))\/home$/m;

/** Making a cluster takes a second; a busy machine with a slow disk may take longer. */
const readyMsMax = 60_000;
/** Some tests delay it; requests in flight have 15 s to finish, and PostgreSQL then writes its last checkpoint. */
const stopMsMax = 60_000;

/** Ended with the test process, so that a test that was broken off leaves no server behind. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a server on a free port and waits until it says that it is ready. */
export async function startHalo({ env, data }: StartOptions = {}): Promise<HaloServer> {
  const directory = data ?? (await makeDataDirectory(await lightestPlace()));
  const halo = spawnHalo({ HALO_DATA: directory, ...env });
  const cleanUp = async (): Promise<void> => {
    await endOrphan(directory);
    if (data === undefined) await removeDataDirectory(directory);
  };
  const ready = await until(
    'The ready line',
    () => readyLine.exec(halo.output()) ?? (halo.hasExited() && 'exited'),
    readyMsMax,
  ).catch((error: Error) => error.message);
  if (typeof ready === 'string') {
    halo.child.kill('SIGKILL');
    await cleanUp();
    throw new Error(`Halo did not start (${ready}):\n${halo.output()}`);
  }
  const signal = async (name: NodeJS.Signals): Promise<number | null> => {
    halo.child.kill(name);
    await until(`The end of Halo after ${name}`, halo.hasExited, stopMsMax);
    return halo.child.exitCode;
  };
  return {
    url: ready[1] ?? '',
    port: Number(ready[2]),
    pid: halo.child.pid ?? 0,
    output: halo.output,
    kill9: async () => {
      await signal('SIGKILL');
    },
    terminate: () => signal('SIGTERM'),
    stop: async () => {
      try {
        if (!halo.hasExited()) await signal('SIGTERM');
      } finally {
        halo.child.kill('SIGKILL');
        await cleanUp();
      }
    },
  };
}

/** Runs Halo until it ends by itself, for starts that are refused. */
export async function runHalo(env: Readonly<Record<string, string>>): Promise<Run> {
  const halo = spawnHalo(env);
  try {
    await until('The end of Halo', halo.hasExited, readyMsMax);
  } finally {
    halo.child.kill('SIGKILL');
  }
  return { code: halo.child.exitCode, output: halo.output() };
}

export async function makeDataDirectory(parent = tmpdir()): Promise<string> {
  return mkdtemp(join(parent, 'halo-e2e-'));
}

/** Linux keeps what is here in memory, where making a cluster waits for no disk. */
const memory = { path: '/dev/shm', type: 0x01021994 };
/** Far above what the few clusters take that run at a time: 60 MB each, and the WAL of what a test writes. */
const memoryBytesMin = 4 * 1024 ** 3;

/**
 * Where to keep data that no second server will open: in memory, if there is plenty. What is told of reliability is
 * found out on a disk.
 */
async function lightestPlace(): Promise<string> {
  if (process.env.HALO_TEST_WHOLE !== undefined) return tmpdir();
  const found = await statfs(memory.path).catch(() => undefined);
  if (found?.type !== memory.type || found.bavail * found.bsize < memoryBytesMin) return tmpdir();
  return process.availableMemory() < memoryBytesMin ? tmpdir() : memory.path;
}

/** Ends the PostgreSQL that a killed Halo left behind, and removes everything. */
export async function removeDataDirectory(directory: string): Promise<void> {
  await endOrphan(directory);
  await rm(directory, { recursive: true, force: true });
}

function spawnHalo(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [program], {
    env: { ...neutralEnvironment(), PORT: '0', APP_SETTINGS: 'testing', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let isClosed = false;
  running.add(child);
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  child.once('exit', () => {
    running.delete(child);
    isClosed = true;
  });
  return { child, output: () => output, hasExited: () => isClosed };
}

/** The developer's own settings must not reach the server under test. */
export function neutralEnvironment(): NodeJS.ProcessEnv {
  const isSetting = (name: string) =>
    /^HALO_|^PG|^OTEL_/.test(name) || ['DATABASE_URL', 'HOST', 'PORT', 'NODE_ENV'].includes(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isSetting(name)));
}

/**
 * Ends the PostgreSQL of a data directory whose Halo was killed. `postmaster.pid` names the process and its
 * socket's directory, whose name is unique to the cluster: only a process that was started with it is
 * signalled, since the id may long belong to another.
 */
async function endOrphan(directory: string): Promise<void> {
  const lockFile = join(directory, 'postgres', 'postmaster.pid');
  const lines = (await readFile(lockFile, 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  const socketDirectory = lines[4] ?? '';
  if (!Number.isSafeInteger(pid) || pid <= 1 || !socketDirectory.includes('halo-')) return;
  if ((await commandLine(pid)).includes(socketDirectory)) {
    // An immediate shutdown: nobody will read this cluster again.
    process.kill(pid, 'SIGQUIT');
    await until('The end of the orphaned PostgreSQL', async () => {
      return !(await commandLine(pid)).includes(socketDirectory);
    });
  }
  await rm(socketDirectory, { recursive: true, force: true });
}

async function commandLine(pid: number): Promise<string> {
  const shown = await promisify(execFile)('ps', ['-ww', '-o', 'args=', '-p', String(pid)]).catch(
    () => undefined,
  );
  return shown?.stdout ?? '';
}
