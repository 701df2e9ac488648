import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { value } from './workload.js';

/** Redis with a front that speaks HTTP, both children of this process. */
export interface Webdis {
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly webdisPid: number;
  readonly redisPid: number;
  stop(): Promise<void>;
}

const startMsMax = 10_000;
const pollMs = 50;
const user = 'bench';
const password = 'bench';

/**
 * Starts Redis, which flushes every write to disk before it answers it, on a Unix socket in the directory, and webdis
 * before it, which answers only who brings the password. Writes the keys.
 */
export async function startWebdis(directory: string, keys: readonly string[]): Promise<Webdis> {
  const socket = join(directory, 'redis.sock');
  const children: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const child of children.reverse()) await end(child);
  };
  try {
    const redis = startChild('redis-server', [
      ...['--port', '0', '--unixsocket', socket, '--dir', directory, '--daemonize', 'no'],
      ...['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''],
    ]);
    children.push(redis);
    await until('Redis', redis, () => ask(socket, [['PING']]));
    await ask(
      socket,
      keys.map((key) => ['SET', key, value]),
    );
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    const webdis = startChild('webdis', [await writeSettings(directory, socket, port)]);
    children.push(webdis);
    const headers = { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
    await until('webdis', webdis, async () => {
      const { status } = await fetch(`${origin}/PING`, { headers });
      if (status !== 200) throw new Error(`webdis answers ${status}.`);
    });
    return { origin, headers, webdisPid: webdis.pid ?? 0, redisPid: redis.pid ?? 0, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What is not said is left to webdis, such as how many threads it uses. */
async function writeSettings(directory: string, socket: string, port: number): Promise<string> {
  const path = join(directory, 'webdis.json');
  const settings = {
    redis_host: socket,
    http_host: '127.0.0.1',
    http_port: port,
    daemonize: false,
    verbosity: 0,
    logfile: join(directory, 'webdis.log'),
    acl: [{ disabled: ['*'] }, { http_basic_auth: `${user}:${password}`, enabled: ['GET', 'SET', 'PING'] }],
  };
  await writeFile(path, JSON.stringify(settings));
  return path;
}

function startChild(command: string, parameters: readonly string[]): ChildProcess {
  // In a process group of its own: Ctrl+C reaches this program alone, which then stops it in order.
  const child = spawn(command, parameters, { detached: true, stdio: 'ignore' });
  // A failure to start shows in that it never answers.
  child.on('error', () => {});
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const inTime = await Promise.race([exited.then(() => true), delay(startMsMax, false, { ref: false })]);
  if (!inTime) child.kill('SIGKILL');
  await exited;
}

async function until(name: string, child: ChildProcess, answers: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + startMsMax;
  for (;;) {
    try {
      await answers();
      return;
    } catch (cause) {
      const isOver = child.pid === undefined || child.exitCode !== null || performance.now() > deadline;
      if (isOver) throw new Error(`${name} did not start.`, { cause });
      await delay(pollMs);
    }
  }
}

/** Sends commands at once and waits until each is answered by a line: https://redis.io/docs/latest/develop/reference/protocol-spec/ */
function ask(socketPath: string, commands: readonly (readonly string[])[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let lines = 0;
    socket.setEncoding('latin1').on('data', (text: string) => {
      if (/^-/m.test(text)) socket.destroy(new Error(`Redis refused a command: ${text.slice(0, 100)}`));
      lines += text.split('\n').length - 1;
      if (lines >= commands.length) socket.end(resolve);
    });
    socket.once('error', reject);
    const word = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
    socket.write(commands.map((words) => `*${words.length}\r\n${words.map(word).join('')}`).join(''));
  });
}

/** Nothing else is known to take it in the moment between; webdis cannot be told to choose one itself. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('There is no free port.');
  return address.port;
}
