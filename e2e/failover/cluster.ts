import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../until.js';
import { addHost, type Host, type HostProcess, openNetwork } from './network.js';

/** Three PostgreSQL under Patroni with etcd, and an HAProxy that leads to the leader. */
export interface Cluster {
  /** Through HAProxy. */
  readonly databaseUrl: string;
  /** Who answers HAProxy's question as the leader; undefined while nobody does. */
  leader(): Promise<Member | undefined>;
  readonly members: readonly Member[];
  /** Waits until all three run in these roles, sorted by name. */
  whole(what: string, roles: readonly string[]): Promise<Member>;
  /** Hands the lead over in order. Resolves when Patroni says that it has happened. */
  switchOver(leader: Member): Promise<void>;
  /** Changes what Patroni keeps in etcd. */
  configure(settings: Readonly<Record<string, unknown>>): Promise<void>;
  /** Runs SQL as the superuser on the leader, and returns what psql prints. */
  query(sql: string, database?: string): Promise<string>;
  /** The last of what each process printed, for whoever looks for the cause of a failure. */
  log(): string;
}

export interface Member {
  readonly host: Host;
  /** Starts Patroni, and with it PostgreSQL. */
  start(): void;
  /** What it answers of itself: 200 as the leader and 503 otherwise; undefined when it does not answer. */
  primaryStatus(): Promise<number | undefined>;
}

/** What Patroni says of a node at `/cluster`. */
interface MemberState {
  readonly name: string;
  readonly role: string;
  readonly state: string;
  readonly lag?: number | string;
}

const examples = new URL('../../docs/failover/', import.meta.url);
const run = promisify(execFile);
const passwords = { superuser: 'only-in-this-test', halo: 'only-for-halo-in-this-test' };
const proxyPort = 6432;
const restPort = 8008;
const restMsMax = 2_000;
/** Making a cluster, and copying it twice, on a machine that does other things too. */
const wholeMsMax = 120_000;

/** Starts everything and waits until writes are taken and kept twice. */
export async function startCluster(): Promise<Cluster> {
  const directory = await mkdtemp(join(tmpdir(), 'cluster-'));
  await run('chown', ['postgres:postgres', directory]);
  await openNetwork('10.99.0.1');
  const etcdHost = await addHost('etcd', '10.99.0.10');
  const processes: HostProcess[] = [];
  const etcd = { ...(await readEnvironment('etcd.env')), ETCD_DATA_DIR: join(directory, 'etcd') };
  processes.push(etcdHost.spawn(['etcd'], etcd, 'postgres'));
  const settings = await readEnvironment('node.env');
  const members = await Promise.all(
    [1, 2, 3].map((number) => addMember(number, settings, directory, processes)),
  );
  for (const member of members) member.start();
  const proxy = addProxy();
  processes.push(proxy);
  const log = () => processes.map(({ output }) => output().slice(-40_000)).join('\n----\n');
  const leader = async (): Promise<Member | undefined> => {
    const statuses = await Promise.all(members.map((member) => member.primaryStatus()));
    return members[statuses.indexOf(200)];
  };
  const cluster: Cluster = {
    databaseUrl: `postgresql://halo:${passwords.halo}@127.0.0.1:${proxyPort}/halo`,
    members,
    leader,
    whole: async (what, roles) => {
      const isWhole = async () => {
        const found = await leader();
        return found !== undefined && (await isComplete(found, roles)) && found;
      };
      return until(what, isWhole, wholeMsMax);
    },
    switchOver: async ({ host }) => {
      const answer = await rest(host, 'POST', '/switchover', { leader: host.name });
      if (answer.status !== 200) throw new Error(`The switch-over was refused: ${answer.text}`);
    },
    configure: async (changes) => {
      const { host } = await until('A leader to configure', leader);
      const answer = await rest(host, 'PATCH', '/config', changes);
      if (answer.status !== 200) throw new Error(`The settings were refused: ${answer.text}`);
    },
    query: async (sql, database = 'postgres') => {
      const url = `postgresql://postgres:${passwords.superuser}@127.0.0.1:${proxyPort}/${database}`;
      return (await run('psql', [url, '-v', 'ON_ERROR_STOP=1', '-Atqc', sql])).stdout.trim();
    },
    log,
  };
  try {
    await cluster.whole('A whole cluster', ['leader', 'replica', 'sync_standby']);
    const isLed = () => cluster.query('select 1').then(Boolean, () => false);
    await until('The way through HAProxy', isLed);
    await cluster.query(`create role halo login password '${passwords.halo}'`);
    await cluster.query('create database halo owner halo');
  } catch (error) {
    throw new Error(`The cluster did not start:\n${log()}`, { cause: error });
  }
  return cluster;
}

async function addMember(
  number: number,
  settings: Readonly<Record<string, string>>,
  directory: string,
  processes: HostProcess[],
): Promise<Member> {
  const name = `node${number}`;
  const host = await addHost(name, `10.99.0.1${number}`);
  const own = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [key, value.replace('10.99.0.11', host.address)]),
  );
  const env = {
    ...own,
    PATRONI_NAME: name,
    PATRONI_POSTGRESQL_DATA_DIR: join(directory, name),
    PATRONI_POSTGRESQL_PGPASS: join(directory, `${name}.pgpass`),
    PATRONI_SUPERUSER_PASSWORD: passwords.superuser,
  };
  const configuration = new URL('patroni.yml', examples).pathname;
  return {
    host,
    start: () => {
      processes.push(host.spawn(['patroni', configuration], env, 'postgres'));
    },
    primaryStatus: async () => {
      const answer = await rest(host, 'GET', '/primary').catch(() => undefined);
      return answer?.status;
    },
  };
}

function addProxy(): HostProcess {
  const configuration = new URL('haproxy.cfg', examples).pathname;
  const child = spawn('haproxy', ['-db', '-f', configuration], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  return { child, output: () => output };
}

/** Whether all run, in these roles. */
async function isComplete({ host }: Member, roles: readonly string[]): Promise<boolean> {
  const answer = await rest(host, 'GET', '/cluster').catch(() => undefined);
  if (answer?.status !== 200) return false;
  const { members } = JSON.parse(answer.text) as { readonly members: readonly MemberState[] };
  const runs = members.filter(({ state }) => state === 'running' || state === 'streaming');
  const found = runs.map(({ role }) => role).sort();
  return found.join(' ') === roles.join(' ');
}

interface RestAnswer {
  readonly status: number;
  readonly text: string;
}

async function rest(host: Host, method: string, path: string, body?: unknown): Promise<RestAnswer> {
  const response = await fetch(`http://${host.address}:${restPort}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    // A switch-over answers when it is over.
    signal: AbortSignal.timeout(method === 'GET' ? restMsMax : wholeMsMax),
  });
  return { status: response.status, text: await response.text() };
}

/** One of the example files, `NAME=value` on a line. */
async function readEnvironment(name: string): Promise<Record<string, string>> {
  const text = await readFile(new URL(name, examples), 'utf8');
  const pairs = text.split('\n').flatMap((line) => {
    const [, key, value] = /^([A-Z_0-9]+)=(.*)$/.exec(line) ?? [];
    return key === undefined || value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(pairs);
}
