import type { IncomingMessage } from 'node:http';
import { HaloError } from '../errors.js';
import { bodyRoom } from './body-room.js';

/**
 * The whole body of a request. Waits while others take all the room that there is (`body-room.ts`).
 *
 * @param bytesMax more is refused with `too-large`, as soon as it is announced or has arrived
 */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const tooLarge = () => new HaloError('too-large', `The body may have at most ${bytesMax} bytes.`);
    if (Number(request.headers['content-length'] ?? 0) > bytesMax) {
      reject(tooLarge());
      return;
    }
    // Emptied as soon as nobody needs them: the request outlives its body, and whoever holds it would hold them.
    const chunks: Buffer[] = [];
    let bytes = 0;
    const take = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bytesMax) {
        request.off('data', take);
        chunks.length = 0;
        reject(tooLarge());
      } else {
        chunks.push(chunk);
        bodyRoom.take(request, chunk.length);
      }
    };
    request.on('data', take);
    request.on('end', () => {
      const whole = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, bytes);
      chunks.length = 0;
      resolve(whole);
    });
    // Nobody is left to read the answer; it ends the wait. Making an error costs more than all the rest here, so
    // that none is made for the connections that merely close after their request.
    request.on('close', () => {
      chunks.length = 0;
      if (!request.complete) reject(new HaloError('invalid-request', 'The request was broken off.'));
    });
    request.on('error', (cause) => {
      reject(new HaloError('invalid-request', 'The request was broken off.', { cause }));
    });
  });
}
