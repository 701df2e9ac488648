import { type AddressInfo, createConnection, createServer } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { haloAt } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { until } from '../until.js';
import { startDebianPostgres } from './debian-postgres.js';

const postgres = await startDebianPostgres();
const socket = `${new URL(postgres.databaseUrl).searchParams.get('host')}/.s.PGSQL.5432`;

/** Hangs up on everybody, as a proxy does that knows of no leader, until there is one. */
let isLed = false;
let hungUp = 0;
const proxy = createServer((connection) => {
  connection.on('error', () => {});
  if (!isLed) {
    hungUp += 1;
    connection.destroy();
    return;
  }
  const onward = createConnection(socket);
  onward.on('error', () => connection.destroy());
  connection.pipe(onward).pipe(connection);
});
await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
const { port } = proxy.address() as AddressInfo;

afterAll(async () => {
  proxy.close();
  await postgres.stop();
});

test('a server that is started while nobody takes writes waits, says so, and is ready when somebody does', async () => {
  const env = {
    DATABASE_URL: `postgresql://halo@127.0.0.1:${port}/halo`,
    HALO_SECRET: 'a secret of thirty-two bytes at least',
  };
  const starting = startHalo({ env });
  await until('Tries to connect', () => hungUp >= 3, 30_000);
  isLed = true;
  const server = await starting;
  try {
    expect(server.output()).toContain('waiting for a database that takes writes');
    const halo = haloAt(server.url);
    await halo.set(await halo.signUp(), 'key', 'value');
  } finally {
    await server.stop();
  }
});
