import { connect, type Socket } from 'node:net';

/** Connections that follow an account's changes, read as cheaply as one can: their client shares the machine. */
export interface Watchers {
  /** Resolves with how long after now each of them heard of a commit, in milliseconds, when all have. */
  hear(): Promise<number[]>;
  close(): void;
}

/** Far above what any delivery should take; whoever has heard nothing by then counts as missed. */
const deliveryMsMax = 10_000;
const openMsMax = 60_000;
/** Below the number of watches that may catch up at once. */
const openAtOnce = 50;
const commit = Buffer.from('event: commit');
/** What a stream begins with, once it is being told of changes. */
const beginning = 'retry:';

/** Opens event streams of one account, for the changes of one key. */
export async function openWatchers(
  url: URL,
  headers: Readonly<Record<string, string>>,
  count: number,
  signal: AbortSignal,
): Promise<Watchers> {
  const sockets: Socket[] = [];
  let listener = (): void => {};
  let opened = 0;
  const work = async (): Promise<void> => {
    while (opened < count) {
      opened += 1;
      signal.throwIfAborted();
      sockets.push(await open(url, headers, () => listener()));
    }
  };
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  try {
    await Promise.all(Array.from({ length: openAtOnce }, work));
  } catch (error) {
    close();
    throw error;
  }
  return {
    hear: () => {
      const began = performance.now();
      const heardMs: number[] = [];
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new Error(`${count - heardMs.length} of ${count} watchers heard nothing.`));
        }, deliveryMsMax);
        listener = () => {
          heardMs.push(performance.now() - began);
          if (heardMs.length < count) return;
          clearTimeout(timer);
          resolve(heardMs);
        };
      });
    },
    close,
  };
}

function open(url: URL, headers: Readonly<Record<string, string>>, onCommit: () => void): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname);
    const lines = Object.entries({ Host: url.host, Accept: 'text/event-stream', ...headers });
    const head = lines.map(([name, text]) => `${name}: ${text}\r\n`).join('');
    socket.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\n${head}\r\n`);
    socket.setTimeout(openMsMax, () => socket.destroy(new Error('A watch was not answered.')));
    let isOpen = false;
    let first = '';
    socket.on('data', (bytes) => {
      if (isOpen) {
        if (bytes.includes(commit)) onCommit();
        return;
      }
      first += bytes.toString('latin1');
      if (!first.includes('\r\n\r\n')) return;
      if (!first.startsWith('HTTP/1.1 200')) socket.destroy(new Error(`A watch was refused: ${first}`));
      if (!first.includes(beginning)) return;
      isOpen = true;
      // Only a heartbeat comes from now on, and that seldom.
      socket.setTimeout(0);
      resolve(socket);
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('A watch ended.')));
  });
}
