import type { FastifyInstance, FastifyReply } from 'fastify';
import { openApiDocument, operations } from 'halo-contract';
import type { Tokens } from '../../auth/tokens.js';

export interface ServerRoutes {
  readonly tokens: Tokens;
  readonly version: string;
  /** Resolves when PostgreSQL answers; rejects with HaloError `unavailable`. */
  readonly checkReady: () => Promise<void>;
}

/** What concerns the server rather than anybody's data. */
export async function serverRoutes(app: FastifyInstance, options: ServerRoutes): Promise<void> {
  const document = JSON.stringify(openApiDocument(options.version));

  app.get(operations.live.path, async () => ({ status: 'live' }));
  app.get(operations.ready.path, async () => {
    await options.checkReady();
    return { status: 'ready' };
  });
  app.get(operations.jwks.path, async (_request, reply) => {
    return reply.header('cache-control', 'public, max-age=300').send(options.tokens.jwks);
  });
  app.get('/openapi.json', async (_request, reply) => sendJson(reply, document));
  app.get('/', async (_request, reply) => reply.redirect('/home'));
}

function sendJson(reply: FastifyReply, text: string): FastifyReply {
  return reply.header('content-type', 'application/json; charset=utf-8').send(text);
}
