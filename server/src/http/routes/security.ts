import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AuditQuery, limits, operations, TokenRequest } from 'halo-contract';
import { createToken, listTokens, revokeToken } from '../../auth/api-tokens.js';
import { listAudit } from '../../auth/audit.js';
import { endListedSession, endOtherSessions, listSessions } from '../../auth/session-list.js';
import type { Database } from '../../database/database.js';
import type { Authenticate } from '../authenticate.js';
import { acceptJson } from '../json.js';
import { originOf } from '../origin.js';
import { compileQuery } from '../query.js';
import { compileValidate } from '../validate.js';

export interface SecurityRoutes {
  readonly authenticate: Authenticate;
  readonly database: Database;
}

const validateToken = compileValidate(TokenRequest);
const readAuditQuery = compileQuery(AuditQuery);

/** Sessions, API tokens and the audit trail. */
export async function securityRoutes(app: FastifyInstance, options: SecurityRoutes): Promise<void> {
  const { authenticate } = options;
  const { kysely } = options.database;
  acceptJson(app);
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });

  app.get(operations.listSessions.path, async (request) => {
    return listSessions(kysely, await authenticate(request.raw));
  });

  app.delete(operations.endOtherSessions.path, async (request, reply) => {
    await endOtherSessions(kysely, await authenticate(request.raw), originOf(request));
    return reply.code(204).send();
  });

  app.delete(withId(operations.endSession.path), async (request, reply) => {
    const credential = await authenticate(request.raw);
    await endListedSession(kysely, credential, idOf(request), originOf(request));
    return reply.code(204).send();
  });

  app.get(operations.listTokens.path, async (request) => {
    return listTokens(kysely, await authenticate(request.raw));
  });

  app.post(operations.createToken.path, async (request, reply) => {
    const wanted = validateToken(request.body);
    const created = await createToken(kysely, await authenticate(request.raw), wanted, originOf(request));
    return reply.code(201).send(created);
  });

  app.delete(withId(operations.revokeToken.path), async (request, reply) => {
    const credential = await authenticate(request.raw);
    await revokeToken(kysely, credential, idOf(request), originOf(request));
    return reply.code(204).send();
  });

  app.get(operations.listAudit.path, async (request) => {
    const { limit = limits.auditListDefault, cursor } = readAuditQuery(request.raw.url ?? '');
    return listAudit(kysely, await authenticate(request.raw), { limit, cursor });
  });
}

/** The contract's path as Fastify writes it. */
function withId(path: string): string {
  return path.replace('{id}', ':id');
}

/** What no id looks like is looked up all the same, and not found; PostgreSQL only takes text without NUL. */
function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id.replaceAll('\0', ' ');
}
