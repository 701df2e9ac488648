import { readdir, readFile, writeFile } from 'node:fs/promises';

/** Where the work is done: trees of processes, each named by its root. */
export interface Processes {
  /** The HTTP server under load; undefined for pgbench, which has none. */
  readonly serverPid: number | undefined;
  /** The postmaster; undefined for a server that uses no PostgreSQL. */
  readonly postgresPid: number | undefined;
}

/** CPU time in microseconds, since each process began. */
export interface CpuTime {
  readonly serverUs: number;
  readonly postgresUs: number;
}

export interface Memory {
  readonly serverRssMib: number;
  readonly postgresMib: number;
  /** PSS counts shared memory once; RSS, where PSS may not be read, once a process. */
  readonly postgresMeasure: 'PSS' | 'RSS';
}

interface ProcessRow {
  readonly pid: number;
  readonly parentPid: number;
  /** Its own and that of the children it has waited for, so that a backend that ends is not lost. */
  readonly ticks: number;
}

/** Linux counts in hundredths of a second on every architecture that Node.js runs on. */
const tickUs = 10_000;

/** Reads the CPU time of both trees; undefined where there is no `/proc`. */
export async function readCpuTime(processes: Processes): Promise<CpuTime | undefined> {
  const table = await readProcessTable();
  if (table === undefined) return undefined;
  const { server, postgres } = splitTrees(table, processes);
  const timeUs = (rows: readonly ProcessRow[]) => rows.reduce((sum, { ticks }) => sum + ticks, 0) * tickUs;
  return { serverUs: timeUs(server), postgresUs: timeUs(postgres) };
}

/** Reads the CPU time in microseconds of each process of the server's tree, without PostgreSQL's. */
export async function readCpuByProcess(processes: Processes): Promise<ReadonlyMap<number, number>> {
  const { server } = splitTrees((await readProcessTable()) ?? [], processes);
  return new Map(server.map(({ pid, ticks }) => [pid, ticks * tickUs]));
}

/** Has Linux begin anew to note the most memory that a process has had. Returns whether it does. */
export async function resetPeakRss(pid: number): Promise<boolean> {
  // https://www.kernel.org/doc/html/latest/filesystems/proc.html: 5 resets the peak.
  return writeFile(`/proc/${pid}/clear_refs`, '5').then(
    () => true,
    () => false,
  );
}

/** The most memory that the process has had since then, and what it has now. */
export async function readPeakRss(pid: number): Promise<{ peakMib: number; nowMib: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const mib = (line: RegExp) => Number(line.exec(status)?.[1] ?? Number.NaN) / 1_024;
  return { peakMib: mib(/^VmHWM:\s+(\d+) kB/m), nowMib: mib(/^VmRSS:\s+(\d+) kB/m) };
}

/** How many files and sockets this process, and so those it starts, may have open. */
export async function readOpenFilesMax(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  // Node.js has raised the soft limit to the hard one when it started.
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
}

/** Reads the memory of both trees; undefined where there is no `/proc`. */
export async function readMemory(processes: Processes): Promise<Memory | undefined> {
  const table = await readProcessTable();
  if (table === undefined) return undefined;
  const { server, postgres } = splitTrees(table, processes);
  const serverRss = await sumKib(server, 'status', /^VmRSS:\s+(\d+) kB/m);
  const postgresPss = await sumKib(postgres, 'smaps_rollup', /^Pss:\s+(\d+) kB/m);
  const postgresKib = postgresPss ?? (await sumKib(postgres, 'status', /^VmRSS:\s+(\d+) kB/m)) ?? 0;
  return {
    serverRssMib: (serverRss ?? 0) / 1_024,
    postgresMib: postgresKib / 1_024,
    postgresMeasure: postgresPss === undefined ? 'RSS' : 'PSS',
  };
}

/**
 * Parses `/proc/<pid>/stat`, proc(5). The name in parentheses may itself hold spaces and parentheses, so that
 * fields are counted from the last one.
 */
export function parseProcessStat(stat: string): ProcessRow {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [own = 0, ownSystem = 0, children = 0, childrenSystem = 0] = fields.slice(11, 15).map(Number);
  return {
    pid: Number.parseInt(stat, 10),
    parentPid: Number(fields[1]),
    ticks: own + ownSystem + children + childrenSystem,
  };
}

async function readProcessTable(): Promise<readonly ProcessRow[] | undefined> {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name));
  // A process may end between the listing and the reading.
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  const rows = stats.filter((stat) => stat !== '').map(parseProcessStat);
  return rows.length === 0 ? undefined : rows;
}

/** The embedded PostgreSQL is a child of Halo: it is counted for itself, not for Halo. */
function splitTrees(table: readonly ProcessRow[], { serverPid, postgresPid }: Processes) {
  const postgres = descendants(table, postgresPid);
  const server = descendants(table, serverPid).filter((row) => !postgres.includes(row));
  return { server, postgres };
}

function descendants(table: readonly ProcessRow[], root: number | undefined): readonly ProcessRow[] {
  const found = table.filter(({ pid }) => pid === root);
  // The list grows while it is walked, until no process has a parent in it that was not looked at.
  for (const { pid } of found) found.push(...table.filter(({ parentPid }) => parentPid === pid));
  return found;
}

/** @returns undefined if the file of even one process could not be read, for a partial sum would mislead */
async function sumKib(rows: readonly ProcessRow[], file: string, line: RegExp): Promise<number | undefined> {
  let sumOfKib = 0;
  for (const { pid } of rows) {
    const text = await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    sumOfKib += Number(line.exec(text)?.[1] ?? 0);
  }
  return sumOfKib;
}
