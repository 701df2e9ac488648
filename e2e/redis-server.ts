import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.js';

/** A Redis as Debian ships it, with a password, which keeps nothing. */
export interface RedisServer {
  /** With the password, such as `redis://default:secret@127.0.0.1:40123/0`. */
  readonly url: string;
  /** Runs a command with any bytes, and returns what redis-cli prints of the answer. */
  command(...words: (string | Buffer)[]): string;
  stop(): Promise<void>;
}

const password = 'a/secret@with:marks';
const startMsMax = 30_000;

export async function startRedis(): Promise<RedisServer> {
  for (const program of ['redis-server', 'redis-cli']) {
    if (spawnSync(program, ['--version']).status !== 0)
      throw new Error(`There is no ${program}. Install it with "apt-get install redis-server redis-tools".`);
  }
  const directory = await mkdtemp(join(tmpdir(), 'halo-redis-'));
  const port = await freePort();
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: directory,
    save: '',
    appendonly: 'no',
    requirepass: password,
  };
  const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = spawn('redis-server', words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let [log, hasExited] = ['', false];
  server.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk;
  });
  server.once('exit', () => {
    hasExited = true;
  });
  process.once('exit', () => server.kill('SIGKILL'));
  const stop = async (): Promise<void> => {
    server.kill('SIGTERM');
    await until('The end of Redis', () => hasExited, startMsMax);
    await rm(directory, { recursive: true, force: true });
  };
  const url = `redis://default:${encodeURIComponent(password)}@127.0.0.1:${port}/0`;
  const command: RedisServer['command'] = (...parts) => {
    // As the protocol has it: an argument could not carry every byte.
    const sent = Buffer.concat([
      Buffer.from(`*${parts.length}\r\n`),
      ...parts.flatMap((part) => [
        Buffer.from(`$${Buffer.byteLength(part)}\r\n`),
        Buffer.from(part),
        Buffer.from('\r\n'),
      ]),
    ]);
    const { stdout, status } = spawnSync('redis-cli', ['-u', url, '--no-auth-warning', '--pipe'], {
      input: sent,
    });
    if (status !== 0) throw new Error(`redis-cli: ${stdout}`);
    return stdout.toString();
  };
  await until(
    'A Redis that accepts connections',
    () => hasExited || /Ready to accept connections/.test(log),
    startMsMax,
  );
  if (hasExited) throw new Error(`Redis did not start:\n${log}`);
  return { url, command, stop };
}

/** A port that was free a moment ago: Redis cannot be asked for whichever is. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await until('A port', () => probe.listening);
  const address = probe.address();
  await new Promise((done) => probe.close(done));
  if (address === null || typeof address === 'string') throw new Error('There is no port.');
  return address.port;
}
