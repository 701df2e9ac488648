import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../until.js';
import { freePort } from './free-port.js';

/** The nginx of `deploy/nginx.conf`, in front of a Halo. */
export interface Nginx {
  /** Of the encrypted port on the loopback. */
  readonly port: number;
  /** In PEM; what a client has to trust. */
  readonly certificate: string;
  stop(): Promise<void>;
}

const run = promisify(execFile);
const program = '/usr/sbin/nginx';

/** Runs nginx on the file as it is, but for ports, the place of the certificate, and where Halo listens. */
export async function startNginx(configuration: URL, haloPort: number): Promise<Nginx> {
  if (!existsSync(program))
    throw new Error(`There is no ${program}. Install it with "apt-get install nginx-light".`);
  const directory = await mkdtemp(join(tmpdir(), 'halo-nginx-'));
  const [plain, encrypted] = [await freePort(), await freePort()];
  const keys = ['-keyout', join(directory, 'privkey.pem'), '-out', join(directory, 'fullchain.pem')];
  const names = ['-subj', '/CN=halo.example', '-addext', 'subjectAltName=DNS:halo.example'];
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...keys, ...names]);
  const shipped = await readFile(configuration, 'utf8');
  const site = shipped
    .replace('127.0.0.1:5000', `127.0.0.1:${haloPort}`)
    .replaceAll('listen [::]:80;', '')
    .replaceAll('listen [::]:443 ssl http2;', '')
    .replace('listen 80;', `listen 127.0.0.1:${plain};`)
    .replace('listen 443 ssl http2;', `listen 127.0.0.1:${encrypted} ssl http2;`)
    .replaceAll('/etc/ssl/halo/', `${directory}/`);
  const own = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const file = join(directory, 'nginx.conf');
  await writeFile(
    file,
    [
      'daemon off;',
      `pid ${directory}/nginx.pid;`,
      'error_log stderr warn;',
      process.getuid?.() === 0 ? 'user root;' : '',
      'events {}',
      'http {',
      'access_log off;',
      ...own.map((name) => `${name}_temp_path ${directory}/${name};`),
      site,
      '}',
    ].join('\n'),
  );
  await run(program, ['-t', '-q', '-p', directory, '-c', file]);
  const server = spawn(program, ['-p', directory, '-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let [log, hasExited] = ['', false];
  server.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk;
  });
  server.once('exit', () => {
    hasExited = true;
  });
  const stop = async (): Promise<void> => {
    server.kill('SIGTERM');
    await until('The end of nginx', () => hasExited);
    await rm(directory, { recursive: true, force: true });
  };
  await until('An nginx that listens', async () => {
    if (hasExited) throw new Error(`nginx ended:\n${log}`);
    return listens(encrypted);
  });
  const certificate = await readFile(join(directory, 'fullchain.pem'), 'utf8');
  return { port: encrypted, certificate, stop };
}

/** Its pid file does not tell: checking the configuration makes one too. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', () => resolve(false)).once('connect', () => resolve(true));
    socket.once('connect', () => socket.destroy());
  });
}
