import { expect, test } from 'vitest';
import { startCluster } from './cluster.js';

const t0 = performance.now();
const cluster = await startCluster();
console.log('start', performance.now() - t0);
test('comes up', async () => {
  const leader = await cluster.whole('whole');
  const t = performance.now();
  console.log(leader.host.name, await leader.host.kill9());
  await leader.primaryStatus();
  for (;;) {
    const ok = await cluster
      .query(
        'create table if not exists t (a int); insert into t values (1); select pg_last_wal_replay_lsn()',
      )
      .then(
        () => true,
        () => false,
      );
    if (ok) break;
  }
  console.log('write after', performance.now() - t);
  leader.start();
  await cluster.whole('again');
  console.log('whole after', performance.now() - t);
  expect(1).toBe(1);
});
