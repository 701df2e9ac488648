import { readFileSync } from 'node:fs';
import { readConfig } from './config.js';
import { StartError } from './errors.js';
import { type RunningServer, startServer } from './main.js';

/** The process: starts the server, says where it is, and stops it on SIGTERM or SIGINT. */
async function serve(): Promise<void> {
  const started = performance.now();
  const config = readConfig(process.env);
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const starting = startServer(config, version);
  stopOnSignal(starting);
  const { url } = await starting;
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  console.log(`Halo ${version} is ready after ${seconds} s: ${url}/home`);
}

/** A second signal ends the process at once. */
function stopOnSignal(starting: Promise<RunningServer>): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      console.log('Halo is finishing the requests in flight and stopping.');
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
