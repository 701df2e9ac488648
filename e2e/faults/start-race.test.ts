import { readdir } from 'node:fs/promises';
import { afterAll, expect, test } from 'vitest';
import { startDebianPostgres } from '../consistency/debian-postgres.js';
import { haloAt } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { isWhole, report } from './results.js';

const rounds = isWhole ? 15 : 1;
const serversEach = isWhole ? 4 : 2;
const migrations = (await readdir(new URL('../../server/migrations/', import.meta.url))).filter((name) =>
  name.endsWith('.sql'),
);

const postgres = await startDebianPostgres({ settings: { max_connections: '200' } });
afterAll(() => postgres.stop());

test('servers that start at once on an empty database all become ready, and migrate it once', async () => {
  for (let round = 0; round < rounds; round += 1) {
    const name = `race_${round}`;
    await postgres.query(`create database ${name}`);
    const env = {
      DATABASE_URL: postgres.databaseUrl.replace('/halo?', `/${name}?`),
      HALO_SECRET: 'a secret that all of these servers share',
    };
    const starts = await Promise.allSettled(Array.from({ length: serversEach }, () => startHalo({ env })));
    const servers = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
    try {
      expect(starts.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))).toEqual([]);
      const [first, ...others] = servers.map(({ url }) => haloAt(url));
      const person = await first?.signUp();
      if (person === undefined) throw new Error('There is no server.');
      await first?.set(person, 'key', 'value');
      for (const other of others) expect((await other.read(person, 'key')).toString()).toBe('value');
      const applied = await postgres.query('select name from kysely_migration order by name', name);
      expect(applied.split('\n')).toEqual(migrations.map((file) => file.replace(/\.sql$/, '')).sort());
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
    }
  }
  await report({
    what: 'Servers starting at once on an empty database that did not become ready',
    result: '0',
    of: `${rounds * serversEach} starts, ${serversEach} at a time`,
  });
});
