import { operations } from 'halo-contract';
import { count, percentile } from '../figures.js';
import { atMost } from '../goals.js';
import { startHalo } from '../halo.js';
import { createPerson } from '../person.js';
import { readMemory, readOpenFilesMax } from '../process-usage.js';
import { NotMeasured, type Trial } from '../trial.js';
import { openWatchers, type Watchers } from '../watchers.js';

/** What this program and a server have open besides the connections. */
const filesSpared = 500;
const idleMibMax = 300;
const deliveryMsMax = 250;
const key = 'watched';

/** What watching costs: the memory of streams that wait, and the time until all have heard of a write. */
export const watchTrial: Trial = {
  name: 'watch',
  title: 'Watchers',
  async run({ sizes, signal, undo, directory }) {
    const { idleWatchers, watchers, writes } = sizes;
    const filesMax = await readOpenFilesMax();
    if (filesMax < idleWatchers + filesSpared) {
      throw new NotMeasured(
        `A process may open ${filesMax} files here, and ${idleWatchers + filesSpared} are needed: ` +
          'raise the limit with "ulimit -n", as root.',
      );
    }
    // A server of its own: what an earlier load has left unused would hide what the streams take.
    const halo = await startHalo(await directory('watch'), signal);
    undo(halo.stop);
    const processes = { serverPid: halo.pid, postgresPid: halo.postgres.pid };
    const before = await readMemory(processes);
    const open = async (many: number): Promise<Watchers & { headers: Readonly<Record<string, string>> }> => {
      const person = await createPerson(halo.origin, 0, signal);
      const headers = await person.authorize();
      const url = new URL(`${halo.origin}${operations.listChanges.path}?prefix=${key}`);
      const opened = await openWatchers(url, headers, many, signal);
      undo(async () => opened.close());
      return { ...opened, headers };
    };
    const theirs = await open(watchers);
    // An account may not have all of them.
    for (let left = idleWatchers - watchers; left > 0; left -= watchers) await open(Math.min(left, watchers));
    const after = await readMemory(processes);

    const heardMs: number[] = [];
    for (let write = 0; write < writes; write += 1) {
      signal.throwIfAborted();
      const heard = theirs.hear();
      const url = halo.origin + operations.putKey.path.replace('{key}', key);
      const response = await fetch(url, { method: 'PUT', headers: theirs.headers, body: `${write}` });
      if (!response.ok)
        throw new Error(`The write was answered ${response.status}: ${await response.text()}`);
      heardMs.push(...(await heard));
    }
    const at = (share: number) => percentile(heardMs, share);
    const grown = (after?.serverRssMib ?? Number.NaN) - (before?.serverRssMib ?? Number.NaN);
    const memory = `Halo ${before?.serverRssMib.toFixed(0)} MiB RSS before, ${after?.serverRssMib.toFixed(0)} MiB with them`;
    return {
      goals: [
        ...(Number.isNaN(grown)
          ? []
          : [atMost(`${count(idleWatchers)} idle event streams, memory more`, grown, idleMibMax, 'MiB')]),
        atMost(`one write to ${count(watchers)} watchers of an account, p99`, at(0.99), deliveryMsMax, 'ms'),
      ],
      rows: [
        [`${count(idleWatchers)} idle event streams`, memory],
        [
          `one write to ${count(watchers)} watchers of an account, with all those open`,
          `p50 ${at(0.5).toFixed(1)} ms, p99 ${at(0.99).toFixed(1)} ms, max ${at(1).toFixed(1)} ms ` +
            `from the request to its arrival, ${writes} writes`,
        ],
      ],
    };
  },
};
