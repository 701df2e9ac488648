import type { FastifyInstance } from 'fastify';
import { keyFault, limits, operations, ReadRequest } from 'halo-contract';
import type { Engine } from '../../engine/engine.js';
import { HaloError } from '../../errors.js';
import type { Authenticate } from '../authenticate.js';
import { snapshotJson } from '../entry-json.js';
import { acceptJson } from '../json.js';
import { compileValidate } from '../validate.js';

export interface ReadRoutes {
  readonly engine: Engine;
  readonly authenticate: Authenticate;
}

const validateRead = compileValidate(ReadRequest);

/** JSON may write any character of a key as `\u0001`: six bytes for one. */
const keyJsonBytesMax = 6 * limits.keyBytesMax + '"",'.length;
/** The largest request of the contract, and some room for white space. */
const readBodyBytesMax = limits.readKeysMax * keyJsonBytesMax + limits.smallBodyBytesMax;

/** Many keys in one snapshot. */
export async function readRoutes(app: FastifyInstance, { engine, authenticate }: ReadRoutes): Promise<void> {
  acceptJson(app, readBodyBytesMax);
  // Nobody without a credential gets to fill memory with a body.
  app.addHook('onRequest', async (request) => {
    await authenticate(request.raw);
  });

  app.post(operations.read.path, async (request, reply) => {
    const { keys } = validateRead(request.body);
    checkKeys(keys);
    const snapshot = await engine.read(await authenticate(request.raw), keys);
    return reply
      .header('content-type', 'application/json; charset=utf-8')
      .header('cache-control', 'private, no-cache')
      .send(snapshotJson(snapshot));
  });
}

function checkKeys(keys: readonly string[]): void {
  for (const [index, key] of keys.entries()) {
    const fault = keyFault(key);
    if (fault !== undefined) {
      throw new HaloError('invalid-key', fault, { extra: { pointer: `/keys/${index}` } });
    }
  }
}
