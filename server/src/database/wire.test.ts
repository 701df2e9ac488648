import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import pg from 'pg';
import { afterAll, describe, expect, test } from 'vitest';
import { databaseError, Refused, UnreplicatedCommit } from './failure.js';
import { createLine } from './line.js';
import { createTestDatabase } from './test-database.js';
import { connectWire } from './wire.js';
import type { Bound } from './wire-messages.js';
import { createWireReader, type WireMessage } from './wire-reader.js';
import { createWires } from './wires.js';

const { address, database, drop } = await createTestDatabase();
const heard: Error[] = [];
const wires = createWires({ ...address } as pg.ClientConfig, (error) => heard.push(error));
afterAll(async () => {
  wires.close();
  await drop();
});

const ask = (name: string, text: string, ...values: (Buffer | null)[]): Bound => ({ name, text, values });
const own = ask('own', 'select pg_backend_pid()');

function int4(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

describe('wires', () => {
  test('carry bytes in and out as they are, null among them', async () => {
    const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const rows = await wires.run([
      ask('echo', 'select $1::bytea, $2::bytea, $3::int', every, null, int4(7)),
      ask('many', 'select n::int from generate_series(1, $1::int) as n', int4(3)),
      ask('none', 'select 1 where false'),
    ]);
    expect(rows).toEqual([[[every, null, int4(7)]], [[int4(1)], [int4(2)], [int4(3)]], []]);
  });

  test('carry more than fits into one piece', async () => {
    const large = Buffer.alloc(3_000_000, 'halo');
    const rows = await wires.run([ask('large', 'select $1::bytea, $1::bytea', large)]);
    expect(rows[0]?.[0]?.map((column) => column?.equals(large))).toEqual([true, true]);
  });

  test('commit the statements of a run together, or not at all', async () => {
    await database.writers.query('create table kept (n int primary key)');
    const put = (n: number) => ask('put', 'insert into kept values ($1)', int4(n));
    await wires.run([put(1), put(2)]);
    const refused = wires.run([put(3), put(1), put(4)]);
    await expect(refused).rejects.toThrow(Refused);
    await expect(refused).rejects.toMatchObject({ cause: { code: '23505' } });
    const { rows } = await database.writers.query('select n from kept order by n');
    expect(rows).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test('see in each statement what was committed while the one before it waited', async () => {
    const other = new pg.Client({ ...address } as pg.ClientConfig);
    await other.connect();
    await database.writers.query('create table locked (n int); insert into locked values (1)');
    await other.query('begin; update locked set n = 2');
    const waiting = wires.run([
      ask('lock', 'select n from locked for update'),
      ask('look', 'select n from locked'),
    ]);
    await expect.poll(countWaiting).toBe(1);
    await other.query('commit');
    await other.end();
    expect((await waiting)[1]).toEqual([[int4(2)]]);
  });

  test('open again after PostgreSQL has ended one, at work or idle', async () => {
    const rows = await wires.run([own]);
    const pid = rows[0]?.[0]?.[0]?.readInt32BE() ?? 0;
    await database.writers.query('select pg_terminate_backend($1)', [pid]);
    await expect.poll(() => heard.length).toBe(1);
    const next = (await wires.run([own]))[0]?.[0]?.[0]?.readInt32BE();
    expect(next).not.toBe(pid);

    const sleeping = wires.run([ask('sleep', 'select pg_sleep(60)::text')]);
    const ended = expect(sleeping).rejects.toMatchObject({ cause: { code: '57P01' } });
    await expect.poll(terminateSleeping).toBe(1);
    await ended;
    expect((await wires.run([own]))[0]).toHaveLength(1);
  });

  test('do not take a commit for acknowledged of which PostgreSQL warns', async () => {
    const warned = wires.run([ask('warn', `do $$ begin raise warning 'mind'; end $$`)]);
    await expect(warned).rejects.toThrow(UnreplicatedCommit);
  });
});

describe('the line', () => {
  const told: Error[] = [];
  const line = createLine({ ...address } as pg.ClientConfig, (error) => told.push(error));
  afterAll(() => line.close());
  const pidOf = async () => (await line.run([own]))[0]?.[0]?.[0]?.readInt32BE();

  test('runs what was asked on one connection, each after the one before, whatever became of that', async () => {
    await database.writers.query('create table steps (n serial, text text unique)');
    const put = (text: string) => ask('step', 'insert into steps (text) values ($1)', Buffer.from(text));
    expect(line.counts()).toEqual({ idle: 0, busy: 0 });
    const first = await pidOf();
    expect(await Promise.all([pidOf(), pidOf(), pidOf()])).toEqual([first, first, first]);
    expect(line.counts()).toEqual({ idle: 1, busy: 0 });
    await line.run([put('a')]);
    const outcomes = await Promise.allSettled(
      ['b', 'a', 'c', 'b', 'd'].map((text) =>
        line.run([ask('wait', 'select pg_sleep(0.01)::text'), put(text)]),
      ),
    );
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, false, true]);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(Refused);
    const { rows } = await database.writers.query('select text from steps order by n');
    expect(rows.map(({ text }) => text)).toEqual(['a', 'b', 'c', 'd']);
    // After an error it is not used again, and nobody is told of that.
    const next = await pidOf();
    expect(next).not.toBe(first);
    await expect.poll(async () => isConnected(first)).toBe(false);
    expect(told).toEqual([]);
  });

  test('tells those whose turn never came that nothing of theirs was done', async () => {
    const pid = await pidOf();
    const sleeping = line.run([ask('sleep', 'select pg_sleep(60)::text')]);
    const behind = line.run([ask('never', 'insert into steps (text) values ($1)', Buffer.from('never'))]);
    const settled = Promise.allSettled([sleeping, behind]);
    await expect.poll(terminateSleeping).toBe(1);
    for (const outcome of await settled) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { name: 'Refused', cause: { code: '57P01' } },
      });
    }
    expect(await pidOf()).not.toBe(pid);
    const { rows } = await database.writers.query(`select 1 from steps where text = 'never'`);
    expect(rows).toEqual([]);
  });

  test('is closed when what it runs is done', async () => {
    const closing = createLine({ ...address } as pg.ClientConfig, (error) => told.push(error));
    const running = closing.run([ask('wait', 'select pg_sleep(0.05)::text'), own]);
    closing.close();
    const pid = (await running)[1]?.[0]?.[0]?.readInt32BE();
    await expect.poll(async () => isConnected(pid)).toBe(false);
    await expect(closing.run([own])).rejects.toThrow(Refused);
    expect(told).toEqual([]);
  });
});

describe('a connection that breaks between its handshake and the question about standbys', () => {
  test.for<Cut>([
    { moment: 'ready', how: 'reset' },
    { moment: 'asked', how: 'reset' },
    { moment: 'asked', how: 'end' },
  ])('is an error for who connects and nobody else: $how when $moment', async (cut) => {
    const unheard: unknown[] = [];
    const hear = (error: unknown) => unheard.push(error);
    process.on('uncaughtExceptionMonitor', hear).on('unhandledRejection', hear);
    const broken = await startProxy(cut);
    const honest = await startProxy();
    const told: Error[] = [];
    try {
      const connecting = connectWire(broken.config, (error) => told.push(error));
      await expect(connecting).rejects.toThrow(/ECONNRESET|EPIPE|terminated/);
      expect(broken.countCut()).toBe(1);

      const wire = await connectWire(honest.config, (error) => told.push(error));
      expect((await wire.run([own]))[0]).toHaveLength(1);
      wire.close();
      expect(honest.countCut()).toBe(0);

      // Whoever commits is not left in doubt by a connection on which nothing was asked.
      const asking = createWires(broken.config, () => {}).run([own]);
      const error = await asking.catch((reason: unknown) => reason);
      expect(databaseError(error, { committing: true }).code).toBe('unavailable');
      expect({ unheard, told }).toEqual({ unheard: [], told: [] });
    } finally {
      process.off('uncaughtExceptionMonitor', hear).off('unhandledRejection', hear);
      await Promise.all([broken.close(), honest.close()]);
    }
  });
});

/** When PostgreSQL has said that it is ready, or when it is then asked something. */
interface Cut {
  readonly moment: 'ready' | 'asked';
  readonly how: 'reset' | 'end';
}

interface Proxy {
  readonly config: pg.ClientConfig;
  countCut(): number;
  close(): Promise<void>;
}

/** Leads to the PostgreSQL of the tests. Without a cut it is honest. */
async function startProxy(cut?: Cut): Promise<Proxy> {
  const { host, port } = { ...address } as { host: string; port: number };
  let cuts = 0;
  const sever = (client: Socket) => {
    cuts += 1;
    if (cut?.how === 'end') client.end();
    else client.resetAndDestroy();
  };
  const proxy = createServer((client) => {
    const server = connect({ path: `${host}/.s.PGSQL.${port}` });
    let said = Buffer.alloc(0);
    let isReady = false;
    server.on('data', (chunk: Buffer) => {
      said = isReady ? said : Buffer.concat([said, chunk]);
      const getsReady = !isReady && hasReadyForQuery(said);
      isReady ||= getsReady;
      client.write(chunk, () => {
        if (getsReady && cut?.moment === 'ready') sever(client);
      });
    });
    client.on('data', (chunk: Buffer) => {
      if (isReady && cut?.moment === 'asked') sever(client);
      else server.write(chunk);
    });
    client.on('error', () => {}).on('close', () => server.destroy());
    server.on('error', () => {}).on('close', () => client.destroy());
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  return {
    config: { ...address, host: '127.0.0.1', port: (proxy.address() as AddressInfo).port } as pg.ClientConfig,
    countCut: () => cuts,
    close: () => new Promise((resolve) => proxy.close(() => resolve())),
  };
}

/** Each message is a letter, and a length that counts itself but not the letter. */
function hasReadyForQuery(said: Buffer): boolean {
  for (let at = 0; at + 5 <= said.length; at += 1 + said.readInt32BE(at + 1)) {
    if (said[at] === 'Z'.charCodeAt(0)) return true;
  }
  return false;
}

async function isConnected(pid: number | undefined): Promise<boolean> {
  const { rows } = await database.writers.query('select 1 from pg_stat_activity where pid = $1', [pid]);
  return rows.length > 0;
}

async function countWaiting(): Promise<number> {
  const { rows } = await database.writers.query(
    `select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
  );
  return rows[0].n;
}

async function terminateSleeping(): Promise<number> {
  const { rows } = await database.writers.query(
    `select count(pg_terminate_backend(pid))::int as n from pg_stat_activity
     where query like '%pg_sleep(60)%' and state = 'active' and pid <> pg_backend_pid()`,
  );
  return rows[0].n;
}

test('what comes in pieces is read as if it came whole', () => {
  const whole = Buffer.concat([
    messageOf('D', Buffer.concat([Buffer.from([0, 2]), sized('a'), sized('bc')])),
    messageOf('D', Buffer.concat([Buffer.from([0, 1]), Buffer.from('ffffffff', 'hex')])),
    messageOf('C', Buffer.from('SELECT 2\0')),
    messageOf('N', Buffer.from('SWARNING\0VWARNING\0C01000\0Mmind\0\0')),
    messageOf('Z', Buffer.from('I')),
  ]);
  const readIn = (size: number): WireMessage[] => {
    const messages: WireMessage[] = [];
    const take = createWireReader((message) => messages.push(message));
    for (let at = 0; at < whole.length; at += size) take(Buffer.from(whole.subarray(at, at + size)));
    return messages;
  };
  const all = readIn(whole.length);
  expect(all).toEqual([
    { kind: 'row', row: [Buffer.from('a'), Buffer.from('bc')] },
    { kind: 'row', row: [null] },
    { kind: 'complete' },
    { kind: 'warning', state: '01000' },
    { kind: 'ready' },
  ]);
  for (let size = 1; size < whole.length; size += 1) expect(readIn(size)).toEqual(all);
});

function messageOf(kind: string, content: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(kind);
  head.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([head, content]);
}

function sized(text: string): Buffer {
  return Buffer.concat([int4(text.length), Buffer.from(text)]);
}
