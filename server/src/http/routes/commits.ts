import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { CommitRequest, DryRunQuery, limits, operations, UndoRequest } from 'halo-contract';
import { Type } from 'typebox';
import type { Engine } from '../../engine/engine.js';
import type { Accepted } from '../../engine/plan.js';
import { HaloError } from '../../errors.js';
import type { Authenticate } from '../authenticate.js';
import { acceptJson, acceptJsonBytes, parseJson } from '../json.js';
import { sourcesOf } from '../json-sources.js';
import { parseCheck, parseMutation } from '../mutation-requests.js';
import { compileQuery } from '../query.js';
import { compileValidate } from '../validate.js';

export interface CommitRoutes {
  readonly engine: Engine;
  readonly authenticate: Authenticate;
}

/** Mutations are validated one by one, for then the pointer leads to the member at fault. */
const validateEnvelope = compileValidate(
  Type.Object(
    {
      ...CommitRequest.properties,
      mutations: Type.Array(Type.Unknown(), { minItems: 1, maxItems: limits.mutationsMax }),
    },
    { additionalProperties: false },
  ),
);
const validateUndo = compileValidate(UndoRequest);
const readDryRun = compileQuery(DryRunQuery);

/** Metadata stands in `set`, in a mutation, in `mutations`, in the body. */
const metadataDepth = 4;

/** Changing many keys at once, and taking it back. */
export async function commitRoutes(
  app: FastifyInstance,
  { engine, authenticate }: CommitRoutes,
): Promise<void> {
  await app.register(async (scope) => {
    acceptJsonBytes(scope, limits.bodyBytesMax);
    // Nobody without a credential gets to fill memory with a body.
    scope.addHook('onRequest', async (request) => {
      await authenticate(request.raw);
    });
    scope.post(operations.commit.path, async (request) => {
      const { dry_run } = readDryRun(request.raw.url ?? '');
      const body = request.body as Buffer | undefined;
      const asked = parseCommit(body ?? Buffer.alloc(0));
      return answer(
        await engine.commit(await authenticate(request.raw), { ...asked, dryRun: dry_run ?? false }),
      );
    });
  });
  await app.register(async (scope) => {
    acceptJson(scope);
    scope.post(operations.undo.path, async (request) => {
      const { dry_run } = readDryRun(request.raw.url ?? '');
      const { revision } = validateUndo(request.body);
      const asked = { checks: [], mutations: [{ kind: 'undo', revision }], idempotency: undefined } as const;
      return answer(
        await engine.commit(await authenticate(request.raw), { ...asked, dryRun: dry_run ?? false }),
      );
    });
  });
}

function parseCommit(body: Buffer) {
  const parsed = parseJson(body);
  const { checks = [], mutations, idempotency_key: key } = validateEnvelope(parsed);
  // PostgreSQL cannot keep NUL, and all lone surrogates would become one character.
  if (key !== undefined && (key.includes('\0') || !key.isWellFormed())) {
    const extra = { pointer: '/idempotency_key' };
    throw new HaloError('invalid-request', '/idempotency_key may not contain NUL or lone surrogates.', {
      extra,
    });
  }
  const metadata = sourcesOf(body.toString(), 'metadata', metadataDepth);
  const hash = () => createHash('sha256').update(JSON.stringify(parsed)).digest();
  return {
    checks: checks.map(parseCheck),
    mutations: mutations.map((mutation, index) => parseMutation(mutation, index, metadata)),
    idempotency: key === undefined ? undefined : { key, hash: hash() },
  };
}

/** Whatever the commit changed carries its revision. */
function answer({ revision, results }: Accepted): object {
  return {
    revision,
    results: results.map(({ key, ...result }) => ({ ...(key === '' ? {} : { key }), revision, ...result })),
  };
}
