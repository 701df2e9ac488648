import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import type { ChangedCommit } from '../engine/changes.js';
import type { Listener } from '../engine/subscriber.js';
import { createEventStream, type EventStreamOptions, eventStreamOptions } from './event-stream.js';

const servers = new Set<Server>();
afterEach(() => {
  for (const server of servers) server.closeAllConnections();
  for (const server of servers) server.close();
  servers.clear();
});

interface Connection {
  readonly stream: Listener;
  readonly answer: IncomingMessage;
  /** Resolves when the server’s side is closed. */
  readonly closed: Promise<void>;
}

/** A stream that begins at revision 7, and its reader, who has not read anything yet. */
async function connect(options: Partial<EventStreamOptions> = {}): Promise<Connection> {
  return new Promise((resolve, reject) => {
    let stream: Listener | undefined;
    let closed: Promise<void> | undefined;
    const server = createServer((_request, response) => {
      closed = new Promise((settle) => response.once('close', () => settle()));
      response.writeHead(200, { connection: 'close' });
      stream = createEventStream(response, 7, { ...eventStreamOptions, ...options });
    });
    servers.add(server);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      get({ host: '127.0.0.1', port }, (answer) => {
        if (stream !== undefined && closed !== undefined) resolve({ stream, answer, closed });
      }).once('error', reject);
    });
  });
}

function commit(revision: number, value?: Buffer): ChangedCommit {
  const change = {
    key: 'a\nb',
    kind: 'set',
    size: value?.length ?? 0,
    contentType: 'text/plain',
    expiresAt: null,
    writtenAt: '2026-01-02T03:04:05.678Z',
  } as const;
  return { revision, changes: [{ ...change, revision, value }] };
}

const opening = 'retry: 1000\nid: 7\n\n';

test('a stream tells where it begins, its commits, how far it is, and why it ends', async () => {
  const { stream, answer } = await connect();
  stream.commits([commit(8)], 9);
  stream.tick();
  stream.tick();
  stream.commits([], 11);
  stream.tick();
  stream.snapshot({ revision: 12, entries: [], isComplete: false });
  stream.snapshot({ revision: 12, entries: [], isComplete: true });
  stream.tick();
  stream.end('session-ended');
  stream.commits([commit(13)], 13);
  const data =
    '{"revision":8,"key":"a\\nb","kind":"set","size":0,"content_type":"text/plain","expires_at":null,' +
    '"written_at":"2026-01-02T03:04:05.678Z"}';
  expect(await text(answer)).toBe(
    `${opening}id: 8\nevent: commit\ndata: {"revision":8,"changes":[${data}]}\n\nid: 9\n\nid: 11\n\n` +
      'event: snapshot\ndata: {"revision":12,"entries":[],"complete":false}\n\n' +
      'id: 12\nevent: snapshot\ndata: {"revision":12,"entries":[],"complete":true}\n\n' +
      'event: end\ndata: {"code":"session-ended"}\n\n',
  );
});

test('a silent stream shows that it is alive when it is time', async () => {
  const silent = await connect({ heartbeatMs: 60_000 });
  silent.stream.tick();
  silent.stream.end('unavailable');
  expect(await text(silent.answer)).not.toContain('\n:\n');
  const due = await connect({ heartbeatMs: 0 });
  due.stream.tick();
  due.stream.end('unavailable');
  expect(await text(due.answer)).toContain(`${opening}:\n\nevent: end`);
});

test('a reader who leaves more than the bound unread is dropped, and what came before it is not held up', async () => {
  const { stream, closed } = await connect({ unsentBytesMax: 100_000 });
  const value = Buffer.alloc(64 * 1024, 'x');
  let isClosed = false;
  void closed.then(() => {
    isClosed = true;
  });
  // The kernel takes some megabytes off our hands before anything is left unsent.
  for (let revision = 8; !isClosed && revision < 2_000; revision += 1) {
    stream.commits([commit(revision, value)], revision);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(isClosed).toBe(true);
  expect(await stream.drained()).toBe(false);
});

test('a reader who reads is never dropped, however much comes', async () => {
  const { stream, answer } = await connect({ unsentBytesMax: 100_000 });
  const received = text(answer);
  const value = Buffer.alloc(1024 * 1024, 'x');
  for (let revision = 8; revision < 28; revision += 1) {
    stream.commits([commit(revision, value)], revision);
    expect(await stream.drained()).toBe(true);
  }
  stream.end('unavailable');
  expect((await received).match(/^id: \d+$/gm)).toHaveLength(21);
});

test('one who does not take what it catches up with is dropped in the end', async () => {
  const { stream, closed } = await connect({ drainMsMax: 50 });
  stream.commits([commit(8, Buffer.alloc(32 * 1024 * 1024, 'x'))], 8);
  expect(await stream.drained()).toBe(false);
  await closed;
});

test('a stream that ends is not held open by a reader who does not read', async () => {
  const { stream, closed } = await connect();
  stream.commits([commit(8, Buffer.alloc(32 * 1024 * 1024, 'x'))], 8);
  stream.end('unavailable');
  await closed;
});
