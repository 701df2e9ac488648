import { execFile, spawn } from 'node:child_process';
import { chmod, chown, cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { haloAt } from '../halo.js';
import { neutralEnvironment } from '../halo-server.js';
import { until } from '../until.js';
import { copiesOf, readDockerfile, type Stage } from './dockerfile.js';
import { freePort } from './free-port.js';

/** There is no Docker where tests run: what the Dockerfile says is done by hand, in folders in the place of images. */
const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const stages = await readDockerfile(new URL('../../Dockerfile', import.meta.url));
const stageOf = (name: string): Stage => {
  const stage = stages.find((one) => one.name === name);
  if (stage === undefined) throw new Error(`There is no stage ${name}.`);
  return stage;
};
const scratch = await mkdtemp(join(tmpdir(), 'halo-image-'));
afterAll(() => rm(scratch, { recursive: true, force: true }));

/** The registry may be slow. */
const installMsMax = 900_000;

test('what is copied is there: in the repository, or in the stage that it comes from', async () => {
  expect(stages.map(({ name }) => name)).toEqual(['build', 'production', 'final']);
  for (const stage of stages) {
    for (const { stage: from, sources } of copiesOf(stage)) {
      for (const source of sources) {
        // The build's and the repository's outputs lie in the same places.
        const path = from === undefined ? source : source.replace(/^\/halo\//, '');
        await expect(run('ls', ['-d', join(root, path)]), `${stage.name}: ${source}`).resolves.toBeDefined();
      }
    }
  }
  expect(stageOf('final').steps).toContainEqual({ verb: 'USER', words: 'node' });
});

test('the image has what the server needs and nothing to build or test with, and serves without root', {
  timeout: installMsMax + 120_000,
}, async () => {
  const production = join(scratch, 'production');
  await mkdir(production);
  for (const { sources, target } of copiesOf(stageOf('production'))) {
    for (const source of sources) await put(join(root, source), join(production, target), source);
  }
  const env = neutralEnvironment();
  for (const { verb, words } of stageOf('production').steps) {
    if (verb === 'RUN') await run('sh', ['-ec', words], { cwd: production, env, timeout: installMsMax });
  }
  const image = join(scratch, 'image');
  await mkdir(image);
  for (const { stage, sources, target } of copiesOf(stageOf('final'))) {
    for (const source of sources) {
      const path = source.replace(/^\/halo\//, '');
      await put(join(stage === 'production' ? production : root, path), join(image, target), path);
    }
  }
  const installed = await readdir(join(image, 'node_modules'));
  for (const tool of ['typescript', 'vite', 'vitest', 'react', '@biomejs', 'autocannon'])
    expect(installed).not.toContain(tool);
  await serveFrom(image);
});

/** Copies as COPY does: into a folder whose name ends in a slash, or under that name. */
async function put(source: string, target: string, name: string): Promise<void> {
  const to = target.endsWith('/') || basename(target) === '.' ? join(target, basename(name)) : target;
  await mkdir(dirname(to), { recursive: true });
  await cp(source, to, { recursive: true, verbatimSymlinks: true });
}

async function serveFrom(image: string): Promise<void> {
  const data = join(scratch, 'data');
  await mkdir(data, { mode: 0o700 });
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    await chmod(scratch, 0o755);
    await chown(data, nobody, nobody);
  }
  const port = String(await freePort());
  const environment = { ...neutralEnvironment(), HALO_DATA: data, PORT: port, HOST: '127.0.0.1' };
  const { steps } = stageOf('final');
  const command = jsonAfter(steps.findLast(({ verb }) => verb === 'CMD')?.words ?? '');
  const check = jsonAfter(steps.find(({ verb }) => verb === 'HEALTHCHECK')?.words ?? '');
  const probe = () =>
    run(process.execPath, check.slice(1), { env: environment }).then(
      () => 'healthy',
      () => 'unhealthy',
    );
  expect(await probe()).toBe('unhealthy');
  const child = spawn(process.execPath, command.slice(1), {
    cwd: image,
    env: { ...environment, NODE_ENV: 'production', APP_SETTINGS: 'production' },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(isRoot ? { uid: nobody, gid: nobody } : {}),
  });
  let [output, hasExited] = ['', false];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  child.once('exit', () => {
    hasExited = true;
  });
  try {
    await until('A ready image', () => hasExited || output.includes('is ready'), 60_000);
    expect(hasExited, output).toBe(false);
    expect(await probe()).toBe('healthy');
    const halo = haloAt(`http://127.0.0.1:${port}`);
    const person = await halo.signUp();
    await halo.set(person, 'key', 'value');
    expect((await halo.read(person, 'key')).toString()).toBe('value');
    expect((await fetch(`http://127.0.0.1:${port}/home`)).status).toBe(200);
  } finally {
    child.kill('SIGTERM');
    await until('The end of the image', () => hasExited, 60_000);
  }
  expect(child.exitCode).toBe(0);
}

/** The id that Debian and most others give the powerless user. */
const nobody = 65_534;

/** The words of a step in the form of an array, whatever stands before it. */
function jsonAfter(words: string): string[] {
  return JSON.parse(words.slice(words.indexOf('['))) as string[];
}
