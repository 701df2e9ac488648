import { operations } from 'halo-contract';
import { startBaseline } from '../baseline.js';
import { cut } from '../figures.js';
import { atMost, type Goal } from '../goals.js';
import { startHalo } from '../halo.js';
import { createPerson, type Person } from '../person.js';
import { readPeakRss, resetPeakRss } from '../process-usage.js';
import { perSecond } from '../ratios.js';
import type { Row } from '../rows.js';
import type { Trial, TrialStage, ValueSize } from '../trial.js';
import { load, refuseErrors } from '../trial-load.js';
import type { Workload } from '../workload.js';

/** Keys of each size: few, so that the disk is not filled with what one run reads. They are read again and again. */
const keys = 4;
const uploadBytes = 25 * 1024 * 1024;

/** How many bytes go through, in values of several sizes, against a server that stores nothing. */
export const valuesTrial: Trial = {
  name: 'values',
  title: 'Sizes of values',
  async run(stage) {
    const { sizes, signal } = stage;
    const halo = await startHalo(await stage.directory('values'), signal);
    stage.undo(halo.stop);
    const bare = await startBaseline('values', signal);
    stage.undo(bare.stop);
    const uncached = await startHalo(await stage.directory('values-uncached'), signal, {
      HALO_CACHE_MIB: '0',
    });
    stage.undo(uncached.stop);
    const asked: Asked = {
      bare: bare.origin,
      person: await createPerson(halo.origin, 0, signal),
      uncached: await createPerson(uncached.origin, 0, signal),
    };
    const rows: Row[] = [];
    for (const size of sizes.valueSizes) rows.push(...(await measureSize(stage, size, asked)));
    const { goals, row } = await measureUploads(stage, halo.pid, asked.person);
    return { goals, rows: [...rows, row] };
  },
};

/** Whom all values are read from and written to. */
interface Asked {
  /** The origin of the server that stores nothing. */
  readonly bare: string;
  readonly person: Person;
  /** Somebody else, of a Halo without a cache. */
  readonly uncached: Person;
}

async function measureSize(
  stage: TrialStage,
  size: ValueSize,
  { bare, person, uncached }: Asked,
): Promise<Row[]> {
  const none = { serverPid: undefined, postgresPid: undefined };
  const run = async (workload: Workload) => {
    const measured = await load(stage, workload, size.connections, none);
    refuseErrors(measured.errors);
    return perSecond(measured);
  };
  const speed = (rate: number) => `${((rate * size.bytes) / 1e6).toFixed(0)} MB/s`;
  const title = `${size.title}, ${size.connections} connections`;
  const share = (rate: number, of: number) => `${speed(rate)}, ${cut(rate / of)} × that of bare Fastify`;
  await fill(person, size, stage.signal);
  await fill(uncached, size, stage.signal);
  const bareGets = await run(bareWorkload(bare, 'GET', size));
  const gets = await run(await workloadOf(person, 'GET', size));
  const uncachedGets = await run(await workloadOf(uncached, 'GET', size));
  const barePuts = await run(bareWorkload(bare, 'PUT', size));
  const puts = await run(await workloadOf(person, 'PUT', size));
  return [
    [`GET, ${title}`, `${share(gets, bareGets)} (${speed(bareGets)})`],
    [`GET, ${title}, \`HALO_CACHE_MIB=0\``, share(uncachedGets, bareGets)],
    [`PUT, ${title}`, `${share(puts, barePuts)} (${speed(barePuts)})`],
  ];
}

function pathOf({ bytes }: ValueSize): string {
  return operations.putKey.path.replace('{key}', encodeURIComponent(`values/${bytes}/`));
}

async function workloadOf(person: Person, method: 'GET' | 'PUT', size: ValueSize): Promise<Workload> {
  const workload = await person.workload(method, keys);
  return { ...workload, path: pathOf(size), body: method === 'PUT' ? 'x'.repeat(size.bytes) : undefined };
}

function bareWorkload(origin: string, method: 'GET' | 'PUT', { bytes }: ValueSize): Workload {
  const body = method === 'PUT' ? 'x'.repeat(bytes) : undefined;
  const headers = method === 'PUT' ? { 'Content-Type': 'application/octet-stream' } : {};
  return { origin, method, path: `/value/${bytes}/`, keys, headers: { ...headers }, body };
}

async function fill(person: Person, size: ValueSize, signal: AbortSignal): Promise<void> {
  const { origin, path, headers, body = '' } = await workloadOf(person, 'PUT', size);
  for (let key = 0; key < keys; key += 1) {
    const sent = await fetch(`${origin}${path}${key}`, { method: 'PUT', headers, body, signal });
    if (!sent.ok)
      throw new Error(`A value of ${size.title} was answered ${sent.status}: ${await sent.text()}`);
  }
}

/** Many large values at once: each may be taken, or refused with a time to come back, but all must be answered. */
async function measureUploads(
  { sizes, signal }: TrialStage,
  pid: number,
  person: Person,
): Promise<{ goals: Goal[]; row: Row }> {
  const { origin, path, headers } = await person.workload('PUT');
  const body = Buffer.alloc(uploadBytes, 'halo');
  const canTell = await resetPeakRss(pid);
  const before = canTell ? await readPeakRss(pid) : undefined;
  const seen = { accepted: 0, shed: 0, failed: 0 };
  const send = async (_: unknown, key: number): Promise<void> => {
    try {
      const response = await fetch(`${origin}${path}upload/${key}`, { method: 'PUT', headers, body, signal });
      await response.arrayBuffer();
      if (response.ok) seen.accepted += 1;
      else if (response.status === 503 && response.headers.has('Retry-After')) seen.shed += 1;
      else seen.failed += 1;
    } catch {
      signal.throwIfAborted();
      seen.failed += 1;
    }
  };
  await Promise.all(Array.from({ length: sizes.uploads }, send));
  const after = canTell ? await readPeakRss(pid) : undefined;
  // Bounded means that a server does not hold all that its clients choose to send at once.
  const sentMib = (sizes.uploads * uploadBytes) / 1_024 ** 2;
  const grownMib = (after?.peakMib ?? 0) - (before?.nowMib ?? 0);
  const what = `${sizes.uploads} uploads of 25 MiB at once`;
  const outcome = `${seen.accepted} accepted, ${seen.shed} shed with 503 and Retry-After, ${seen.failed} failed`;
  const memory =
    before && after
      ? `; Halo ${before.nowMib.toFixed(0)} MiB RSS before, ${after.peakMib.toFixed(0)} MiB at most`
      : '';
  return {
    goals: [
      ...(after === undefined ? [] : [atMost(`${what}, memory more at its peak`, grownMib, sentMib, 'MiB')]),
      atMost(`${what}: neither accepted nor shed`, seen.failed, 0),
    ],
    row: [what, outcome + memory],
  };
}
