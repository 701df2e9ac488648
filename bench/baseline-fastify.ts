import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { value } from './workload.js';

/** Fastify with nothing added, answering a constant: what Halo's GET is measured against. */
const app = fastify();
app.get('/', (_request, reply) => {
  reply.type('application/octet-stream').send(value);
});
await app.listen({ port: 0, host: '127.0.0.1' });
process.send?.((app.server.address() as AddressInfo).port);
// The benchmark has ended, one way or another.
process.once('disconnect', () => process.exit());
