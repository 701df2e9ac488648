import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import helmet from '@fastify/helmet';
import serveStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { addVary } from '../cors.js';

const require = createRequire(import.meta.url);

/** Scripts only from our own files. Mantine and Swagger UI write style attributes, hence the one exception. */
const contentSecurityPolicy = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'self'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:', 'blob:'],
    fontSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    objectSrc: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
};

/** The console copies to the clipboard and asks for nothing else. */
const permissionsPolicy = 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()';

/** The console at `/home` and the interactive reference at `/docs`: pages and their files, nothing secret. */
export async function pageRoutes(app: FastifyInstance): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy,
    // Every answer behind TLS has it, not only pages: `entrance.ts`.
    strictTransportSecurity: false,
    frameguard: { action: 'deny' },
  });
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('permissions-policy', permissionsPolicy);
  });
  await app.register(consoleRoutes);
  await app.register(docsRoutes);
}

async function consoleRoutes(app: FastifyInstance): Promise<void> {
  const root = join(dirname(require.resolve('halo-console/package.json')), 'dist');
  if (!existsSync(join(root, 'index.html'))) {
    app.get('/home', async (_request, reply) => {
      return reply
        .code(503)
        .type('text/plain; charset=utf-8')
        .send('The console is not built. Run "npm run build".\n');
    });
    return;
  }
  app.addHook('onRequest', async (_request, reply) => addVary(reply.raw, 'Accept-Encoding'));
  // File names carry a hash of their content, so that they can be kept for ever; the page itself cannot.
  await app.register(serveStatic, {
    root: join(root, 'assets'),
    prefix: '/home/assets/',
    maxAge: '1y',
    immutable: true,
    // The build leaves `.br` and `.gz` beside each file. It holds for `sendFile` below, too, which comes from here.
    preCompressed: true,
  });
  await app.register(serveStatic, { root, prefix: '/home/', serve: false, decorateReply: false });
  app.get('/home', async (_request, reply) => sendPage(reply));
  app.get('/home/*', async (request, reply) => {
    const file = request.url.slice('/home/'.length);
    // Files beside the page have an extension; everything else is a screen of the console.
    return /^[\w-]+\.[a-z0-9]+$/.test(file) ? reply.sendFile(file, root) : sendPage(reply);
  });

  function sendPage(reply: import('fastify').FastifyReply) {
    return reply.header('cache-control', 'no-cache').sendFile('index.html', root, { cacheControl: false });
  }
}

async function docsRoutes(app: FastifyInstance): Promise<void> {
  // The files of Swagger UI as Fastify ships them; the page is ours, since theirs carries an inline script.
  const root = join(dirname(require.resolve('@fastify/swagger-ui/package.json')), 'static');
  await app.register(serveStatic, { root, prefix: '/docs/files/', decorateReply: false, maxAge: '1d' });
  app.get('/docs', async (_request, reply) => reply.type('text/html; charset=utf-8').send(docsPage));
  app.get('/docs/start.js', async (_request, reply) =>
    reply.type('text/javascript; charset=utf-8').send(docsScript),
  );
}

const docsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Halo API reference</title>
<link rel="stylesheet" href="/docs/files/swagger-ui.css">
<link rel="icon" href="/home/favicon.svg">
</head>
<body>
<div id="reference"></div>
<script src="/docs/files/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const docsScript = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#reference', deepLinking: true, validatorUrl: null });
`;
