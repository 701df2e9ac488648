import type { Change, ChangesPage } from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { expectJson, type Halo, haloAt, type Person } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { until } from '../until.js';
import { type Member, startCluster } from './cluster.js';
import { type Load, startLoad } from './load.js';
import type { Recording } from './recording.js';
import { flawless, isFlawless, judge, spoilers } from './verdict.js';

/** How often each fault is made. */
const rounds = Number(process.env.HALO_FAILOVER_ROUNDS ?? 3);
/** No request may take longer. */
const requestMsMax = 45_000;
/** Patroni's ttl is 10 s; this leaves room for a slow machine. */
const failOverMsMax = 90_000;
const faultsShown = 20;
/**
 * In a round. Eight writers have a request each on its way when connections break, which a fault and its end may do a
 * few times. Whoever finds no connection at all has to hear that nothing was done: that would be hundreds.
 */
const unknownMax = 40;
const writesBefore = 100;
const writesAfter = 100;

const cluster = await startCluster();
const settings = {
  DATABASE_URL: cluster.databaseUrl,
  HALO_SECRET: 'a secret that both of these servers share',
  // The judge wants every value, also of keys that are written more often than the default keeps.
  HALO_HISTORY_VERSIONS: '1000000',
};
const servers = [await startHalo({ env: settings }), await startHalo({ env: settings })] as const;
const halos = [haloAt(servers[0].url), haloAt(servers[1].url)] as const;
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
});

interface Fault {
  /** Makes it, and resolves when it is made. */
  readonly strike: (leader: Member, load: Load) => Promise<void>;
  /** Run while another node leads. */
  readonly heal: (leader: Member) => Promise<void>;
}

interface Outcome {
  readonly recording: Recording;
  readonly log: readonly Change[];
  /** By the clock of the recording. */
  readonly struckMs: number;
  readonly inFlight: number;
}

const kill: Fault = {
  strike: async ({ host }) => {
    expect(await host.kill9()).toBeGreaterThan(1);
    // A Halo that is started while nobody leads waits until somebody does.
    const late = await startHalo({ env: settings });
    expect((await haloAt(late.url).request('GET', '/health/ready')).status).toBe(200);
    await late.stop();
  },
  heal: async (leader) => leader.start(),
};
const cut: Fault = {
  strike: ({ host }) => host.cut(),
  heal: ({ host }) => host.heal(),
};
/** PostgreSQL works on and would take writes: HAProxy has to close the way to it before another leads. */
const hang: Fault = {
  strike: async ({ host }) => {
    expect(await host.signal('patroni', 'SIGSTOP')).toBeGreaterThan(0);
  },
  heal: async ({ host }) => {
    await host.signal('patroni', 'SIGCONT');
  },
};
const switchOver: Fault = {
  strike: (leader) => cluster.switchOver(leader),
  heal: async () => {},
};

/** From the fault to the first write that was acknowledged again, over all rounds. */
const outages: number[] = [];
const inOrder: number[] = [];

for (const [name, fault, into] of [
  ['the leader is killed', kill, outages],
  ['the network of the leader is cut', cut, outages],
  ['Patroni hangs on the leader', hang, outages],
  ['the lead is handed over', switchOver, inOrder],
] as const) {
  test(`nothing is lost when ${name}`, async () => {
    for (let round = 1; round <= rounds; round += 1) {
      const outcome = await underLoad(fault);
      into.push(tell(`${name}, round ${round}`, outcome));
      expectFlawless(outcome);
    }
  });
}

test('nothing is lost when the standbys are cut off and then the leader is lost', async () => {
  const outcome = await underLoad(isolate(waitsForStandbys));
  tell('the leader is isolated and lost', outcome);
  expectFlawless(outcome);
});

test('the control: without synchronous replication the same faults lose acknowledged writes', async () => {
  await cluster.configure({
    synchronous_mode: false,
    synchronous_mode_strict: false,
    maximum_lag_on_failover: 100_000_000,
  });
  const names = 'show synchronous_standby_names';
  await until('Asynchronous replication', async () => (await cluster.query(names)) === '', failOverMsMax);
  try {
    const acknowledged = isolate((load, cutMs) => load.acknowledgedSince(cutMs) >= 20);
    const outcome = await underLoad(acknowledged, ['leader', 'replica', 'replica']);
    const verdict = judge(outcome.recording, outcome.log);
    console.log(`Control: ${verdict.lost.length} acknowledged writes were lost, as they had to be.`);
    expect(verdict.lost.length).toBeGreaterThan(0);
    expect(verdict.wrong.length).toBeGreaterThan(0);
  } finally {
    await cluster.configure({ synchronous_mode: true, synchronous_mode_strict: true });
  }
});

test('the time without writes is bounded', () => {
  const all = [...outages, ...inOrder];
  for (const [what, times] of Object.entries({
    'kill, cut and hang': outages,
    'handed over': inOrder,
    all,
  })) {
    if (times.length === 0) continue;
    const sorted = times.toSorted((a, b) => a - b);
    const [p50, max] = [sorted[Math.floor((sorted.length - 1) / 2)] ?? 0, sorted.at(-1) ?? 0];
    console.log(
      `${what}: N = ${times.length}, from the fault to an acknowledged write: p50 ${seconds(p50)}, max ${seconds(max)}`,
    );
    expect(max).toBeLessThan(failOverMsMax);
  }
});

/** Cuts off both standbys, waits until something is true of the load, and kills the leader while they come back. */
function isolate(hasHappened: (load: Load, cutMs: number) => Promise<boolean> | boolean): Fault {
  return {
    strike: async (leader, load) => {
      const standbys = cluster.members.filter((member) => member !== leader);
      await Promise.all(standbys.map(({ host }) => host.cut()));
      const cutMs = performance.now();
      await until('The isolated leader at work', () => hasHappened(load, cutMs));
      // A machine that lost its power sends nothing more, where a kernel would still send what is buffered.
      await leader.host.cut();
      await leader.host.kill9();
      await Promise.all(standbys.map(({ host }) => host.heal()));
    },
    heal: async (leader) => {
      await leader.host.heal();
      leader.start();
    },
  };
}

/** Whether commits wait on the leader for a standby. */
async function waitsForStandbys(): Promise<boolean> {
  const waits = "select count(*) from pg_stat_activity where wait_event = 'SyncRep'";
  return Number(await cluster.query(waits)) > 0;
}

/** One fault, with a person of its own, from before until the former leader follows the new one. */
async function underLoad(
  { strike, heal }: Fault,
  roles: readonly string[] = ['leader', 'replica', 'sync_standby'],
): Promise<Outcome> {
  const leader = await cluster.whole('A whole cluster', roles);
  const person = await halos[0].signUp();
  const load = startLoad([servers[0], servers[1]], person);
  await until('Writes before the fault', () => load.acknowledgedSince(0) >= writesBefore, failOverMsMax);
  await until('A write under way', () => load.inFlight() > 0);
  const struckMs = performance.now();
  const inFlight = load.inFlight();
  await strike(leader, load);
  const next = await until('Another leader', () => otherThan(leader), failOverMsMax);
  const ledMs = performance.now();
  const writes = () => load.acknowledgedSince(ledMs) >= writesAfter;
  await until(`Writes while ${next.host.name} leads`, writes, failOverMsMax);
  await heal(leader);
  await cluster.whole('The return of the former leader', roles);
  const backMs = performance.now();
  await until('Writes in the end', () => load.acknowledgedSince(backMs) >= writesAfter, failOverMsMax);
  const recording = await load.stop();
  return { recording, log: await readLog(halos[1], person), struckMs, inFlight };
}

async function otherThan(leader: Member): Promise<Member | undefined> {
  const next = await cluster.leader();
  return next === leader ? undefined : next;
}

function expectFlawless({ recording, log, inFlight }: Outcome): void {
  const verdict = judge(recording, log);
  const feeds = recording.told.map(() => flawless);
  expect({ ...verdict, wrong: verdict.wrong.slice(0, faultsShown) }).toEqual({
    lost: [],
    duplicated: [],
    uncalled: [],
    wrong: [],
    feeds,
  });
  // Without requests that the fault met, nothing was tested.
  expect(inFlight).toBeGreaterThan(0);
  const codes = Object.keys(countCodes(recording));
  expect(codes.filter((code) => !['ok', 'unavailable', 'outcome-unknown'].includes(code))).toEqual([]);
  expect(unknownOf(recording)).toBeLessThanOrEqual(unknownMax);
  expect(longestMs(recording)).toBeLessThan(requestMsMax);
  for (const [name, spoil] of Object.entries(spoilers)) {
    expect(isFlawless(judge(...spoil(recording, log))), `a recording with ${name}`).toBe(false);
  }
}

/** Prints what a round came to. Returns the time from the fault to the first write that was acknowledged again. */
function tell(what: string, { recording, log, struckMs, inFlight }: Outcome): number {
  const { writes, reads, told } = recording;
  const outageMs = outageOf(recording, struckMs);
  console.log(
    `${what}: ${writes.length} writes, ${reads.length} reads, ${log.length} changes, ` +
      `followers told ${told.map(({ length }) => length).join(' and ')} commits; ${inFlight} writes in flight; ` +
      `writes again after ${seconds(outageMs)}; ${unknownOf(recording)} unknown outcomes; ` +
      `longest request ${seconds(longestMs(recording))}; answers ${JSON.stringify(countCodes(recording))}`,
  );
  return outageMs;
}

/** To the end of the longest stretch after the fault in which nothing was acknowledged. */
function outageOf({ writes }: Recording, struckMs: number): number {
  const acknowledged = writes.flatMap(({ endedMs = 0 }) => (endedMs > struckMs ? [endedMs] : []));
  let [longest, end, last] = [0, struckMs, struckMs];
  for (const ms of acknowledged.sort((a, b) => a - b)) {
    if (ms - last > longest) [longest, end] = [ms - last, ms];
    last = ms;
  }
  return end - struckMs;
}

function unknownOf({ writes }: Recording): number {
  return writes.reduce((sum, { unknown }) => sum + unknown, 0);
}

function countCodes({ answers }: Recording): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { code } of answers) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

function longestMs({ answers }: Recording): number {
  return answers.reduce((longest, { startedMs, endedMs }) => Math.max(longest, endedMs - startedMs), 0);
}

async function readLog(halo: Halo, person: Person): Promise<Change[]> {
  const log: Change[] = [];
  for (let since = 0; ; ) {
    const path = `/v1/changes?values=true&limit=1000&since=${since}`;
    const response = await halo.request('GET', path, { token: person.accessToken });
    const page = await expectJson<ChangesPage>(response, 200);
    log.push(...page.changes);
    if (!page.more) return log;
    since = page.revision;
  }
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
