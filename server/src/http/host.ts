import type { IncomingMessage } from 'node:http';
import { HaloError } from '../errors.js';

/**
 * RFC 9112 section 3.2: a request of HTTP/1.1 names its host. Node would refuse it in its own words.
 *
 * @throws HaloError `invalid-request`
 */
export function checkHost({ headers, httpVersion }: IncomingMessage): void {
  if (headers.host !== undefined || httpVersion !== '1.1') return;
  throw new HaloError('invalid-request', 'A request needs a Host header.');
}
