import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * Hosts of a network that is this test's own. The whole test runs in namespaces for its processes, mounts and
 * network (`scripts/failover.mjs` makes them): nothing here can be seen from the machine, and all of it, each process
 * included, is gone when the test ends, however it ends.
 */
export interface Host {
  readonly name: string;
  readonly address: string;
  /** Starts a program there, as this user. */
  spawn(command: readonly string[], env: Readonly<Record<string, string>>, user?: string): HostProcess;
  /** Ends every process there at once, as a power cut does. Resolves with how many there were. */
  kill9(): Promise<number>;
  /** Sends a signal to the processes there that run this program. Resolves with how many there were. */
  signal(program: string, signal: NodeJS.Signals): Promise<number>;
  /** Pulls the plug of the network: what is sent to it or from it vanishes without a word. */
  cut(): Promise<void>;
  heal(): Promise<void>;
}

export interface HostProcess {
  readonly child: ChildProcess;
  /** The last of what it printed. */
  output(): string;
}

const run = promisify(execFile);
const bridge = 'halo0';
const outputCharsMax = 100_000;

/** Makes the switch that all hosts are plugged into, and gives the tests' own side this address. */
export async function openNetwork(ownAddress: string): Promise<void> {
  await run('ip', ['link', 'add', bridge, 'type', 'bridge']);
  await run('ip', ['address', 'add', `${ownAddress}/24`, 'dev', bridge]);
  await run('ip', ['link', 'set', bridge, 'up']);
}

export async function addHost(name: string, address: string): Promise<Host> {
  const plug = `plug-${name}`;
  const inside = ['netns', 'exec', name, 'ip'];
  await run('ip', ['netns', 'add', name]);
  await run('ip', ['link', 'add', plug, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name]);
  await run('ip', ['link', 'set', plug, 'master', bridge, 'up']);
  await run('ip', [...inside, 'link', 'set', 'lo', 'up']);
  await run('ip', [...inside, 'address', 'add', `${address}/24`, 'dev', 'eth0']);
  await run('ip', [...inside, 'link', 'set', 'eth0', 'up']);
  return {
    name,
    address,
    spawn: (command, env, user) => {
      const as = user === undefined ? [] : ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups'];
      const child = spawn('ip', ['netns', 'exec', name, ...as, ...command], {
        cwd: '/',
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC', ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      return { child, output: gather(child) };
    },
    kill9: async () => {
      const pids = await pidsIn(name);
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      return pids.length;
    },
    signal: async (program, signal) => {
      const pids = await pidsIn(name);
      const programs = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8')));
      const meant = pids.filter((_, index) => programs[index]?.trim() === program);
      for (const pid of meant) process.kill(pid, signal);
      return meant.length;
    },
    cut: async () => {
      await run('ip', ['link', 'set', plug, 'nomaster']);
    },
    heal: async () => {
      await run('ip', ['link', 'set', plug, 'master', bridge]);
    },
  };
}

async function pidsIn(name: string): Promise<number[]> {
  const lines = (await run('ip', ['netns', 'pids', name])).stdout.split('\n');
  return lines.filter((line) => line !== '').map(Number);
}

function gather(child: ChildProcess): () => string {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output = `${output}${chunk}`.slice(-outputCharsMax);
    });
  }
  return () => output;
}
