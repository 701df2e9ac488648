import cluster from 'node:cluster';
import { type Config, readConfig } from './config.js';
import { StartError } from './errors.js';
import { type RunningServer, startServer } from './main.js';
import { readVersion } from './package-root.js';
import { receiveAssignment, report, startWorkers } from './workers.js';

/** The process: starts the server or its workers, says where it is, and stops it on SIGTERM or SIGINT. */
async function serve(): Promise<void> {
  const started = performance.now();
  const config = readConfig(process.env);
  const version = readVersion();
  const starting = start(config, version);
  stopOnSignal(starting);
  const { url } = await starting;
  if (cluster.isWorker) {
    report({ url });
    return;
  }
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  console.log(`Halo ${version} is ready after ${seconds} s: ${url}/home`);
}

async function start(config: Config, version: string): Promise<RunningServer> {
  if (cluster.isWorker) return startServer(config, version, (await receiveAssignment()).address);
  return config.workers > 1 ? startWorkers(config) : startServer(config, version);
}

/** A second signal ends the process at once. A worker leaves Ctrl-C, which all hear, to the first process. */
function stopOnSignal(starting: Promise<RunningServer>): void {
  if (cluster.isWorker) process.on('SIGINT', () => {});
  for (const signal of cluster.isWorker ? (['SIGTERM'] as const) : (['SIGTERM', 'SIGINT'] as const)) {
    process.once(signal, () => {
      if (cluster.isPrimary) console.log('Halo is finishing the requests in flight and stopping.');
      starting
        .then((server) => server.stop())
        .then(
          () => process.exit(),
          (error: unknown) => fail(error),
        );
    });
  }
}

function fail(error: unknown): never {
  // A StartError is a sentence for the operator; anything else is a defect and comes with its stack.
  console.error(error instanceof StartError ? `Halo cannot start. ${error.message}` : error);
  process.exit(1);
}

await serve().catch(fail);
