import { execFile } from 'node:child_process';
import { chmod, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { startDebianPostgres } from '../consistency/debian-postgres.js';
import { startHalo } from '../halo-server.js';
import { until } from '../until.js';
import { expectNoHarm, runFault } from './fault.js';
import { seed } from './random.js';
import { isWhole, report } from './results.js';

const run = promisify(execFile);

/** A fresh cluster with small WAL segments takes about 40 MiB; the rest is filled by the test. */
const volume = '128m';
const settings = { shared_buffers: '16MB', min_wal_size: '2MB', max_wal_size: '8MB' };

const directory = await mkdtemp(join(tmpdir(), 'halo-e2e-volume-'));
const refusal = await run('mount', ['-t', 'tmpfs', '-o', `size=${volume}`, 'tmpfs', directory]).then(
  () => undefined,
  (error: Error) => error.message.split('\n').at(-2) ?? error.message,
);
afterAll(async () => {
  if (refusal === undefined) await run('umount', [directory]);
  await rm(directory, { recursive: true });
});

test('a full disk is answered 503, and nothing acknowledged is lost', async (context) => {
  if (refusal !== undefined) {
    await report(`disk full, since a small volume cannot be mounted here: ${refusal}`);
    return context.skip();
  }
  // The user postgres has to come by.
  await chmod(directory, 0o755);
  const postgres = await startDebianPostgres({ parent: directory, settings, initdb: ['--wal-segsize=1'] });
  const env = {
    DATABASE_URL: postgres.databaseUrl,
    HALO_SECRET: 'a secret that nobody else has for this alone',
    HALO_HISTORY_VERSIONS: '1000000',
  };
  const server = await startHalo({ env });
  const ballast = join(directory, 'ballast');
  try {
    const result = await runFault({
      name: 'disk full, until 503 and then for a while',
      url: server.url,
      seed,
      postgres: await postgres.version(),
      rounds: isWhole ? 5 : 1,
      holdMs: isWhole ? 10_000 : 2_000,
      strike: async ({ recording: { attempts } }) => {
        const before = attempts.length;
        await fill(ballast);
        await until(
          'A write that the full disk refused',
          () => attempts.slice(before).some(({ outcome }) => outcome !== 'done' && outcome !== 'refused'),
          60_000,
        );
      },
      heal: async () => {
        await rm(ballast);
        // It ends itself when it cannot write its log; whoever supervises it then starts it again.
        await until('A PostgreSQL that serves', async () => {
          if (postgres.hasExited()) await postgres.startAgain();
          return postgres.query('select 1').then(
            () => true,
            () => false,
          );
        });
      },
    });
    await report(result.row);
    expectNoHarm(result);
    expect(result.recording.attempts.some(({ outcome }) => outcome === 'unavailable')).toBe(true);
  } finally {
    await server.stop();
    await postgres.stop();
  }
});

/** Takes all that is left, to the last page. */
async function fill(path: string): Promise<void> {
  const file = await open(path, 'w');
  for (const bytes of [1_048_576, 4_096]) {
    const block = Buffer.alloc(bytes);
    let isFull = false;
    while (!isFull) {
      await file.appendFile(block).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOSPC') throw error;
        isFull = true;
      });
    }
  }
  await file.close();
}
