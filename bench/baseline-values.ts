import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { fastify } from 'fastify';

/** Fastify with nothing added, which answers as many bytes as are asked for and lets those it is sent go by. */
const app = fastify();
const values = new Map<string, Buffer>();

app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
app.get<{ Params: { bytes: string } }>('/value/:bytes/:n', ({ params: { bytes } }, reply) => {
  const value = values.get(bytes) ?? Buffer.alloc(Number(bytes), 'halo');
  values.set(bytes, value);
  reply.type('application/octet-stream').send(value);
});
app.put('/value/:bytes/:n', ({ body }, reply) => {
  (body as Readable).on('end', () => reply.code(204).send()).resume();
});
await app.listen({ port: 0, host: '127.0.0.1' });
process.send?.((app.server.address() as AddressInfo).port);
// The benchmark has ended, one way or another.
process.once('disconnect', () => process.exit());
