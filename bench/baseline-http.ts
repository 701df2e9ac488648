import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { value } from './workload.js';

/** Node's own HTTP server, answering a constant: the ceiling of anything written for Node. */
const headers = { 'content-type': 'application/octet-stream', 'content-length': value.length };

const server = createServer((_request, response) => {
  response.writeHead(200, headers).end(value);
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
// The benchmark has ended, one way or another.
process.once('disconnect', () => process.exit());
