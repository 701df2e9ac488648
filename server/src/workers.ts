import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Config } from './config.js';
import type { DatabaseAddress } from './database/database.js';
import { openSource } from './database/source.js';
import { StartError } from './errors.js';
import { connectionsMax, type RunningServer } from './main.js';
import { createLogger } from './observability/logger.js';
import { answerScrapes } from './observability/worker-metrics.js';

/** What the first process tells each worker, once. */
export interface Assignment {
  readonly address: DatabaseAddress;
}

/** What a worker tells the first process: that it can be told where to begin, and later where it listens. */
type Report = 'here' | { readonly url: string };

/** A worker that ends right after its start would otherwise be started again and again without a pause. */
const restartMs = 1_000;
/** Longer than a server takes to finish what is in flight, once it begins to. */
const finishMsMax = 30_000;

/**
 * Runs `HALO_WORKERS` servers that share one port, each a process of its own: Node runs JavaScript on one core. This
 * process serves nothing; it keeps the database, if Halo runs its own, and starts a worker again that has died.
 * Workers know no more of each other than servers on different machines.
 *
 * @throws StartError when the database or a worker cannot start
 */
export async function startWorkers(config: Config): Promise<RunningServer> {
  const logger = createLogger(config.logLevel);
  const source = await openSource(config, logger, config.workers * connectionsMax(config));
  cluster.setupPrimary({ exec: fileURLToPath(new URL('./serve.js', import.meta.url)), args: [] });
  const answerScrapesOf = answerScrapes();
  let stopping = false;

  const start = async (): Promise<string> => {
    const worker = cluster.fork();
    const assignment: Assignment = { address: source.address };
    const url = await Promise.race([begin(worker, assignment), endOf(worker)]);
    answerScrapesOf(worker);
    worker.once('exit', (code, signal) => {
      if (stopping) return;
      logger.error({ exit: { code, signal } }, 'a worker ended unexpectedly and is being started again');
      void restart();
    });
    return url;
  };

  const restart = async (): Promise<void> => {
    while (!stopping) {
      await delay(restartMs);
      const failure = stopping
        ? undefined
        : await start().then(
            () => undefined,
            (error: unknown) => error,
          );
      if (failure === undefined) return;
      logger.error({ err: failure }, 'a worker could not be started again');
    }
  };

  const stop = async (): Promise<void> => {
    stopping = true;
    await Promise.all(
      Object.values(cluster.workers ?? {}).map(
        (worker) => worker && end(worker, config.stopDelayMs + finishMsMax),
      ),
    );
    await source.stop?.();
  };

  try {
    // One after the other: the first brings the schema up to date.
    let url = '';
    for (let count = 0; count < config.workers; count += 1) url = await start();
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** In a worker: what the first process has to say. Told before anybody listens, it would be lost. */
export async function receiveAssignment(): Promise<Assignment> {
  const told = once(process, 'message');
  report('here');
  const [assignment] = (await told) as [Assignment];
  return assignment;
}

/** In a worker: tells the first process how far it is. */
export function report(progress: Report): void {
  process.send?.(progress);
}

/** Resolves with where the worker listens. */
function begin(worker: Worker, assignment: Assignment): Promise<string> {
  return new Promise((resolve) => {
    worker.on('message', (progress: Report) => {
      if (progress === 'here') worker.send(assignment);
      else if ('url' in progress) resolve(progress.url);
    });
  });
}

async function endOf(worker: Worker): Promise<never> {
  await once(worker, 'exit');
  throw new StartError('A worker ended instead of starting; it has said why.');
}

async function end(worker: Worker, stopMsMax: number): Promise<void> {
  if (worker.isDead()) return;
  const ended = once(worker, 'exit');
  worker.process.kill('SIGTERM');
  const timer = setTimeout(() => worker.process.kill('SIGKILL'), stopMsMax);
  await ended;
  clearTimeout(timer);
}
