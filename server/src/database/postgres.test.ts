import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StartError } from '../errors.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './postgres.js';

/** Longer than any bounded wait that these tests provoke. */
const TEST_TIMEOUT_MS = 90_000;

const isRoot = process.getuid?.() === 0;

let directory = '';
let logged: string[] = [];
const servers: EmbeddedPostgres[] = [];
const processes: ChildProcess[] = [];
const orphans: number[] = [];
const temporary: string[] = [];

beforeEach(async () => {
  directory = await makeTemporary();
  logged = [];
});

afterEach(async () => {
  await Promise.allSettled(servers.splice(0).map((server) => server.stop()));
  for (const child of processes.splice(0)) child.kill('SIGKILL');
  for (const pid of orphans.splice(0)) await endOrphan(pid);
  for (const path of temporary.splice(0)) await rm(path, { recursive: true, force: true });
});

async function makeTemporary(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'halo-test-'));
  temporary.push(path);
  return path;
}

async function start(at = directory, settings: Record<string, string> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ directory: at, log: (line) => logged.push(line), settings });
  servers.push(server);
  temporary.push(server.socketDirectory);
  return server;
}

async function query(
  server: Pick<EmbeddedPostgres, 'socketDirectory' | 'port' | 'user' | 'database'>,
  text: string,
) {
  const { socketDirectory: host, port, user, database } = server;
  const client = new pg.Client({ host, port, user, database });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A process that has ended, even if its parent has not taken notice. */
async function hasEnded(pid: number): Promise<boolean> {
  if (!isAlive(pid)) return true;
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return /\) Z /.test(status);
}

async function endOrphan(pid: number): Promise<void> {
  if (await hasEnded(pid)) return;
  process.kill(pid, 'SIGCONT');
  process.kill(pid, 'SIGQUIT');
  await expect.poll(() => hasEnded(pid), { timeout: 20_000 }).toBe(true);
}

/** Starts a server in another Halo, a process of its own, and kills that process the hard way. */
async function leaveOrphan(statement: string): Promise<number> {
  const owner = await startOwner();
  await query(owner.server, statement);
  owner.child.kill('SIGKILL');
  await once(owner.child, 'exit');
  expect(isAlive(owner.server.pid)).toBe(true);
  return owner.server.pid;
}

async function startOwner() {
  const built = new URL('../../dist/database/postgres.js', import.meta.url).href;
  const script = `
    import { startEmbeddedPostgres } from ${JSON.stringify(built)};
    const { socketDirectory, port, user, database, pid } = await startEmbeddedPostgres({
      directory: ${JSON.stringify(directory)}, log: () => {},
    });
    console.log(JSON.stringify({ socketDirectory, port, user, database, pid }));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  processes.push(child);
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const server = JSON.parse(line) as Pick<
    EmbeddedPostgres,
    'socketDirectory' | 'port' | 'user' | 'database' | 'pid'
  >;
  orphans.push(server.pid);
  temporary.push(server.socketDirectory);
  return { child, server };
}

test('a second start finds what the first one wrote', { timeout: TEST_TIMEOUT_MS }, async () => {
  const first = await start();
  await query(first, 'create table kept as select 42 as answer');
  await first.stop();
  expect(await first.exited).toEqual({ code: 0, signal: null });
  expect(existsSync(first.socketDirectory)).toBe(false);

  const second = await start();
  expect(await query(second, 'select answer from kept')).toEqual([{ answer: 42 }]);
  expect(await query(second, 'show data_checksums')).toEqual([{ data_checksums: 'on' }]);
});

test('stopping twice is stopping once', { timeout: TEST_TIMEOUT_MS }, async () => {
  const server = await start();
  expect(server.stop()).toBe(server.stop());
  await server.stop();
  expect(isAlive(server.pid)).toBe(false);
});

test('the socket is private and no TCP port is open', { timeout: TEST_TIMEOUT_MS }, async () => {
  const server = await start();
  const found = await lstat(server.socketDirectory);
  expect(found.mode & 0o777).toBe(0o700);
  expect(found.uid).toBe((await stat(join(directory, 'postgres'))).uid);
  expect(await query(server, 'show listen_addresses')).toEqual([{ listen_addresses: '' }]);
  // The sixth line of this file names the addresses that PostgreSQL listens on.
  const lines = (await readFile(join(directory, 'postgres', 'postmaster.pid'), 'utf8')).split('\n');
  expect(lines[5]).toBe('');
});

test('fsync is on, and given settings replace the defaults', { timeout: TEST_TIMEOUT_MS }, async () => {
  const server = await start(directory, { work_mem: '7MB', listen_addresses: '*' });
  expect(await query(server, 'show fsync')).toEqual([{ fsync: 'on' }]);
  expect(await query(server, 'show work_mem')).toEqual([{ work_mem: '7MB' }]);
  expect(await query(server, 'show listen_addresses')).toEqual([{ listen_addresses: '' }]);
});

test('values of failed statements are not logged', { timeout: TEST_TIMEOUT_MS }, async () => {
  const server = await start();
  await query(server, 'create table secrets (value text primary key)');
  await query(server, `insert into secrets values ('hunter2')`);
  await expect(query(server, `insert into secrets values ('hunter2')`)).rejects.toThrow('duplicate key');
  await expect.poll(() => logged.join('\n')).toContain('duplicate key');
  expect(logged.join('\n')).not.toContain('hunter2');
});

test('a socket directory that others could enter is refused', { timeout: TEST_TIMEOUT_MS }, async () => {
  const server = await start();
  await server.stop();
  await mkdir(server.socketDirectory);
  await chmod(server.socketDirectory, 0o755);
  await expect(start()).rejects.toThrow(/not a private directory/);
});

test('a directory in use is refused, naming the process', { timeout: TEST_TIMEOUT_MS }, async () => {
  const server = await start();
  const again = start();
  await expect(again).rejects.toThrow(StartError);
  await expect(again).rejects.toThrow(`in use by another Halo (process ${process.pid})`);
  expect(await query(server, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('a directory in use by another process is refused', { timeout: TEST_TIMEOUT_MS }, async () => {
  const owner = await startOwner();
  await expect(start()).rejects.toThrow(`in use by another Halo (process ${owner.child.pid})`);
  expect(await query(owner.server, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('the owner takes its lock again when its connection is cut', { timeout: TEST_TIMEOUT_MS }, async () => {
  const server = await start();
  const holders = `select pid from pg_locks where locktype = 'advisory' and granted`;
  const [before] = await query(server, holders);
  await query(server, `select pg_terminate_backend(${before.pid})`);
  await expect
    .poll(async () => (await query(server, holders)).filter(({ pid }) => pid !== before.pid).length)
    .toBe(1);
  await expect(start()).rejects.toThrow('in use by another Halo');
});

test('of two starts at once exactly one wins', { timeout: TEST_TIMEOUT_MS }, async () => {
  for (let round = 0; round < 4; round++) {
    const results = await Promise.allSettled([start(), start()]);
    const [refused, ...others] = results.filter((result) => result.status === 'rejected');
    expect(others).toEqual([]);
    expect(refused?.reason).toBeInstanceOf(StartError);
    expect(String(refused?.reason)).toContain('in use by another Halo');
    const [winner] = servers.splice(0);
    expect(winner && (await query(winner, 'select 1 as one'))).toEqual([{ one: 1 }]);
    await winner?.stop();
  }
  expect(await readdir(directory)).toEqual(['postgres']);
});

test('an orphan is stopped and its data is there', { timeout: TEST_TIMEOUT_MS }, async () => {
  const orphan = await leaveOrphan('create table kept as select 42 as answer');
  const server = await start();
  expect(await hasEnded(orphan)).toBe(true);
  expect(server.pid).not.toBe(orphan);
  expect(await query(server, 'select answer from kept')).toEqual([{ answer: 42 }]);
});

test('of two starts over an orphan exactly one wins', { timeout: TEST_TIMEOUT_MS }, async () => {
  await leaveOrphan('create table kept as select 42 as answer');
  const results = await Promise.allSettled([start(), start()]);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const [winner] = servers;
  expect(winner && (await query(winner, 'select answer from kept'))).toEqual([{ answer: 42 }]);
});

test('a frozen orphan is reported, not waited for', { timeout: TEST_TIMEOUT_MS }, async () => {
  const orphan = await leaveOrphan('select 1');
  process.kill(orphan, 'SIGSTOP');
  await expect(start()).rejects.toThrow(`process ${orphan} serves`);
});

test('SIGKILL of PostgreSQL is told, and a new start recovers', { timeout: TEST_TIMEOUT_MS }, async () => {
  const first = await start();
  await query(first, 'create table kept as select 42 as answer');
  process.kill(first.pid, 'SIGKILL');
  expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });
  const second = await start();
  expect(await query(second, 'select answer from kept')).toEqual([{ answer: 42 }]);
});

test('a stale postmaster.pid of a reused process id is ignored', { timeout: TEST_TIMEOUT_MS }, async () => {
  const first = await start();
  process.kill(first.pid, 'SIGKILL');
  await first.exited;
  // PostgreSQL itself sees through its parent's id, and through that of a process of another user. What
  // it would trust is a stranger of its own user.
  const { uid, gid } = await stat(join(directory, 'postgres'));
  const stranger = spawn('/bin/sleep', ['600'], { uid, gid, cwd: '/' });
  processes.push(stranger);
  await once(stranger, 'spawn');
  const lockFile = join(directory, 'postgres', 'postmaster.pid');
  for (const file of [lockFile, join(first.socketDirectory, '.s.PGSQL.5432.lock')]) {
    const lines = (await readFile(file, 'utf8')).split('\n');
    await writeFile(file, [String(stranger.pid), ...lines.slice(1)].join('\n'));
  }

  const second = await start();
  expect(await query(second, 'select 1 as one')).toEqual([{ one: 1 }]);
  expect(stranger.exitCode ?? stranger.signalCode).toBe(null);
});

test('a postmaster.pid that names this very process is ignored', { timeout: TEST_TIMEOUT_MS }, async () => {
  const first = await start();
  await first.stop();
  await writeFile(join(directory, 'postgres', 'postmaster.pid'), `${process.pid}\n`);
  const second = await start();
  expect(await query(second, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('a start killed before the database was made is completed', { timeout: TEST_TIMEOUT_MS }, async () => {
  const first = await start();
  await query({ ...first, database: 'postgres' }, 'drop database halo');
  await first.stop();
  const second = await start();
  expect(await query(second, 'select current_database() as name')).toEqual([{ name: 'halo' }]);
});

test('an abandoned initdb is no obstacle', { timeout: TEST_TIMEOUT_MS }, async () => {
  await mkdir(join(directory, 'postgres.new-abandoned'));
  await writeFile(join(directory, 'postgres.new-abandoned', 'PG_VERSION'), '18\n');
  const server = await start();
  expect(await query(server, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('a cluster of another major version is refused, naming both', { timeout: TEST_TIMEOUT_MS }, async () => {
  const server = await start();
  await server.stop();
  await writeFile(join(directory, 'postgres', 'PG_VERSION'), '16\n');
  await expect(start()).rejects.toThrow(/written by PostgreSQL 16, and this Halo runs PostgreSQL 18/);
});

test('a directory that holds something else is refused and left alone', async () => {
  await mkdir(join(directory, 'postgres'));
  await writeFile(join(directory, 'postgres', 'thesis.txt'), 'years of work');
  await expect(start()).rejects.toThrow(/holds no complete PostgreSQL cluster/);
  expect(await readdir(join(directory, 'postgres'))).toEqual(['thesis.txt']);
});

test('a setting that PostgreSQL rejects is an error with its words', {
  timeout: TEST_TIMEOUT_MS,
}, async () => {
  const started = start(directory, { shared_buffers: 'plenty' });
  await expect(started).rejects.toThrow(/did not start .*\n.*invalid value for parameter "shared_buffers"/);
});

test.runIf(isRoot)(
  'root runs PostgreSQL as another user, below a directory only root can enter',
  { timeout: TEST_TIMEOUT_MS },
  async () => {
    await chmod(directory, 0o700);
    const data = join(directory, 'deep', 'data');
    const server = await start(data);
    expect((await stat(data)).uid).toBe(0);
    expect((await stat(data)).mode & 0o777).toBe(0o700);
    const cluster = await stat(join(data, 'postgres'));
    expect(cluster.uid).not.toBe(0);
    const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
    expect(status).toContain(`Uid:\t${cluster.uid}\t${cluster.uid}\t${cluster.uid}`);
    expect(await query(server, 'select 1 as one')).toEqual([{ one: 1 }]);
  },
);
