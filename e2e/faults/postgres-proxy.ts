import { connect, createServer, type Socket } from 'node:net';

/**
 * Stands between Halo and PostgreSQL, and lets the network fail. It understands no more of the protocol than how
 * COMMIT looks, in the bytes of either side.
 */
export interface PostgresProxy {
  readonly port: number;
  mode: ProxyMode;
  /** What to do with the next commits, before which everything goes its way. */
  cutAtCommit: CommitCut | undefined;
  connections(): number;
  /** Commits at which connections were cut so far. */
  commitsCut(): number;
  /** Breaks all connections. */
  cut(): void;
  close(): Promise<void>;
}

type ProxyMode =
  | 'pass'
  /** New connections are broken at once. */
  | 'refuse'
  /** Bytes wait, connections stay. */
  | 'stall'
  /** Bytes arrive late, in both directions. */
  | 'delay';

/**
 * `before`: COMMIT never arrives. `after`: PostgreSQL has committed, and its answer is swallowed. `midway`: COMMIT
 * was handed on, and the connection breaks in the same moment.
 */
export type CommitCut = 'before' | 'midway' | 'after';

const delayMs = 150;
/** The end of the statement, by which whatever carries it can be told, and of PostgreSQL's word that it is done. */
const commitSent = 'commit\0';
const commitAnswered = 'COMMIT\0';
/** Longer than what either looks for. */
const memoryBytes = 8;

export async function startPostgresProxy(socketPath: string): Promise<PostgresProxy> {
  const pairs = new Set<Pair>();
  let commitsCut = 0;
  const server = createServer((client) => {
    if (proxy.mode === 'refuse') {
      client.destroy();
      return;
    }
    const pair = joinSockets(client, connect(socketPath), proxy, () => {
      commitsCut += 1;
    });
    pairs.add(pair);
    client.once('close', () => pairs.delete(pair));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const proxy: PostgresProxy = {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    mode: 'pass',
    cutAtCommit: undefined,
    connections: () => pairs.size,
    commitsCut: () => commitsCut,
    cut: () => {
      for (const pair of pairs) pair.cut();
    },
    close: async () => {
      for (const pair of pairs) pair.cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

interface Pair {
  cut(): void;
}

function joinSockets(
  client: Socket,
  postgres: Socket,
  proxy: Readonly<Pick<PostgresProxy, 'mode' | 'cutAtCommit'>>,
  onCommitCut: () => void,
): Pair {
  let isCut = false;
  /** Whether the answer to a COMMIT is to be swallowed when it comes. */
  let swallows = false;
  const cut = (): void => {
    isCut = true;
    // A reset, as from a network that is gone, rather than an orderly end.
    client.resetAndDestroy();
    postgres.destroy();
  };
  const cutAtCommit = (): void => {
    onCommitCut();
    cut();
  };
  carry(client, postgres, proxy, commitSent, (isCommit, send) => {
    if (isCut) return;
    if (!isCommit || proxy.cutAtCommit === undefined) return send();
    if (proxy.cutAtCommit === 'before') return cutAtCommit();
    send();
    if (proxy.cutAtCommit === 'midway') return cutAtCommit();
    swallows = true;
  });
  carry(postgres, client, proxy, commitAnswered, (isAnswer, send) => {
    if (isCut) return;
    if (!swallows) return send();
    if (isAnswer) cutAtCommit();
  });
  for (const socket of [client, postgres]) socket.on('error', cut).on('close', cut);
  return { cut };
}

/**
 * Hands on what one side sends, in order, as slowly as the proxy's mode says.
 *
 * @param mark what to look for, also where it came in two parts
 * @param judge decides about bytes, told whether the mark ended in them
 */
function carry(
  from: Socket,
  to: Socket,
  proxy: Readonly<Pick<PostgresProxy, 'mode'>>,
  mark: string,
  judge: (isMarked: boolean, send: () => void) => void,
): void {
  let memory = '';
  let turn = Promise.resolve();
  from.on('data', (chunk) => {
    const seen = memory + chunk.toString('latin1');
    const isMarked = seen.includes(mark);
    // What was found once is not found again in the bytes that follow.
    memory = isMarked ? '' : seen.slice(-memoryBytes);
    turn = turn
      .then(() => waitFor(proxy, from))
      .then(() => {
        judge(isMarked, () => to.write(chunk));
      });
  });
}

/** Until the mode lets bytes pass, or the connection has gone. */
async function waitFor(proxy: Readonly<Pick<PostgresProxy, 'mode'>>, socket: Socket): Promise<void> {
  if (proxy.mode === 'delay') await new Promise((resolve) => setTimeout(resolve, delayMs));
  while (proxy.mode === 'stall' && !socket.destroyed) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
