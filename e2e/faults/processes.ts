import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../until.js';

/** Below the ports that systems give to who asks for any, so that a server comes back to where it was. */
const portFirst = 20_000;
const ports = 10_000;

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  return until('A free port', async () => {
    const port = portFirst + Math.floor(Math.random() * ports);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, 'localhost', () => server.close(() => resolve(true)));
    });
    return isFree && port;
  });
}

/** The postmaster of the PostgreSQL that a Halo runs itself. */
export async function postmasterOf(dataDirectory: string): Promise<number> {
  const [pid] = (await readFile(join(dataDirectory, 'postgres', 'postmaster.pid'), 'utf8')).split('\n');
  return Number(pid);
}

/** Such as `18, embedded`, to be shown beside results. */
export async function embeddedVersion(dataDirectory: string): Promise<string> {
  const version = await readFile(join(dataDirectory, 'postgres', 'PG_VERSION'), 'utf8');
  return `${version.trim()}, embedded`;
}

export interface ProcessShown {
  readonly pid: number;
  /** As the process calls itself. */
  readonly title: string;
}

export async function childrenOf(pid: number): Promise<ProcessShown[]> {
  const { stdout } = await promisify(execFile)('ps', [
    '-ww',
    '-o',
    'pid=,args=',
    '--ppid',
    String(pid),
  ]).catch(() => ({ stdout: '' }));
  return stdout.split('\n').flatMap((line) => {
    const [, id, title] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    return id === undefined ? [] : [{ pid: Number(id), title: title ?? '' }];
  });
}

/** Signals a process and its children, the parent first, so that it starts no more of them. */
export async function signalFamily(pid: number, signal: NodeJS.Signals): Promise<void> {
  const children = await childrenOf(pid);
  for (const one of [pid, ...children.map((child) => child.pid)]) signalOne(one, signal);
}

/** Signals a process that may have ended by itself. */
export function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
