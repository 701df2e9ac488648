import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerOptions } from 'node:http';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import { limits } from 'halo-contract';
import type { Activity } from '../auth/activity.js';
import type { SpanMaker } from '../observability/open-telemetry.js';
import type { Quota } from './allowances.js';
import { type Authenticate, createAuthenticate } from './authenticate.js';
import { createBodyTimeout } from './body-timeout.js';
import { cloudflareMount } from './compat/cloudflare/cloudflare-mount.js';
import { createMounts, type Mounts } from './compat/mount.js';
import { unstorageMount } from './compat/unstorage/unstorage-mount.js';
import { createUpstashMount } from './compat/upstash/upstash-mount.js';
import { createEntrance } from './entrance.js';
import { checkHost } from './host.js';
import { openKeyLane } from './key-lane.js';
import { serveKeyRequest } from './key-requests.js';
import { createObservation } from './observation.js';
import {
  answerClientError,
  answerExpectation,
  answerFrameworkError,
  fixedHeaders,
  registerProblems,
  writeProblem,
} from './problems.js';
import { createProxies } from './proxies.js';
import { authenticateOnce, createRateLimit } from './rate-limit.js';
import { type AccountRoutes, accountRoutes } from './routes/accounts.js';
import { changeRoutes } from './routes/changes.js';
import { commitRoutes } from './routes/commits.js';
import { historyRoutes } from './routes/history.js';
import { type KeyRoutes, keyRoutes } from './routes/keys.js';
import { type MetricsRoutes, metricsRoutes } from './routes/metrics.js';
import { pageRoutes } from './routes/pages.js';
import { readRoutes } from './routes/read.js';
import { type SecurityRoutes, securityRoutes } from './routes/security.js';
import { type ServerRoutes, serverRoutes } from './routes/server.js';
import { transferRoutes } from './routes/transfer.js';
import type { Step } from './step.js';

export type AppOptions = Omit<
  AccountRoutes & SecurityRoutes & KeyRoutes & MetricsRoutes & ServerRoutes,
  'authenticate'
> & {
  readonly logger: FastifyBaseLogger;
  /** Where requests are counted. */
  readonly activity: Pick<Activity, 'note'>;
  /** Networks of proxies whose `X-Forwarded-*` are believed, as `address/bits`. */
  readonly trustedProxies: readonly string[];
  readonly corsOrigins: readonly string[];
  /** Undefined: an account may ask as much as it likes. */
  readonly rateLimit: Quota | undefined;
  /** Undefined: no traces are made. */
  readonly spans: SpanMaker | undefined;
};

/** Headers come at once or not at all. */
const headersTimeoutMs = 20_000;
/** 25 MiB over two megabits a second. */
const bodyMsMax = 120_000;
const bodyLookEveryMs = 5_000;
/**
 * What the longest of all requests, an import, may take; other bodies have less (`body-timeout.ts`). Fastify's
 * default of 0 would switch Node's own limit off.
 */
const requestTimeoutMs = 3_600_000;
/** Longer than the minute for which usual load balancers keep idle connections. */
const keepAliveTimeoutMs = 72_000;

const serverOptions: ServerOptions = {
  maxHeaderSize: limits.headerBytesMax,
  headersTimeout: headersTimeoutMs,
  requestTimeout: requestTimeoutMs,
  keepAliveTimeout: keepAliveTimeoutMs,
  // A missing Host is refused in our words.
  requireHostHeader: false,
};

/** The HTTP server with all its routes, not yet listening. */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const nextRequestId = createRequestIds();
  const { logger, rateLimit, trustedProxies } = options;
  const verify = createAuthenticate(options.tokens, options.activity);
  const authenticate = rateLimit === undefined ? verify : authenticateOnce(verify);
  const proxies = createProxies(trustedProxies);
  const bodyTimeout = createBodyTimeout({ everyMs: bodyLookEveryMs, nextRequestId });
  const shared = {
    watchBody: (request: IncomingMessage) => bodyTimeout.watch(request, bodyMsMax),
    engine: options.engine,
    authenticate,
    nextRequestId,
  };
  const keyRequests = { ...shared, logger };
  const mounts = createMounts({ ...shared, logger }, [
    cloudflareMount,
    unstorageMount,
    createUpstashMount(options.engine),
  ]);
  const observation = createObservation({
    meter: options.metrics.requests,
    spans: options.spans,
    mountPaths: mounts.paths,
  });
  const limitRate = rateLimit && limitRateBy(rateLimit, authenticate, options, nextRequestId, mounts);
  const enterUnseen = createEntrance({ ...options, nextRequestId, proxies, limitRate });
  const enter: Step = (serve) => observation.step(enterUnseen(serve));
  let closing = false;
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    // Fastify would make a logger for every request, to write its id; `sendProblem` writes it when it matters.
    childLoggerFactory: (logger) => logger,
    genReqId: nextRequestId,
    requestIdHeader: false,
    bodyLimit: limits.smallBodyBytesMax,
    // By default an id of more than 100 characters is no 404, but an error that tells of the router.
    routerOptions: { maxParamLength: limits.headerBytesMax },
    trustProxy: trustedProxies.length === 0 ? false : proxies.trusts,
    serverFactory: (serveOther) => {
      const serve = enter((request, response) => {
        if (serveKeyRequest(keyRequests, request, response)) return;
        if (!mounts.serve(request, response)) serveOther(request, response);
      });
      return createServer(serverOptions, (request, response) => {
        // Otherwise a busy connection would keep the server from closing.
        if (closing) response.shouldKeepAlive = false;
        serve(request, response);
      });
    },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    frameworkErrors: answerFrameworkError,
    clientErrorHandler: (error, socket) => {
      if (answerClientError(error, socket, nextRequestId())) observation.countMalformed();
    },
  });
  // What else has to see every request sees none of those in the lane.
  const isOpen = trustedProxies.length === 0 && options.corsOrigins.length === 0 && rateLimit === undefined;
  const hasLane = isOpen && options.spans === undefined;
  const lane = hasLane
    ? openKeyLane(app.server, {
        ...keyRequests,
        firstMsMax: headersTimeoutMs,
        keepAliveMsMax: keepAliveTimeoutMs,
        count: observation.countKeyRequest,
      })
    : undefined;
  app.addHook('preClose', async () => {
    closing = true;
    lane?.close();
  });
  app.addHook('onRequest', (request, reply, done) => {
    observation.routed(request.raw, request.routeOptions.url);
    reply.headers(fixedHeaders(request.id));
    checkHost(request.raw);
    bodyTimeout.watch(request.raw, request.routeOptions.config.bodyMsMax ?? bodyMsMax);
    done();
  });
  app.addHook('onClose', async () => bodyTimeout.stop());
  app.server.on(
    'checkExpectation',
    enter((request, response) => answerExpectation(request, response, nextRequestId(), mounts.refuse)),
  );
  registerProblems(app);
  await app.register(accountRoutes, { ...options, authenticate });
  await app.register(securityRoutes, { ...options, authenticate });
  await app.register(keyRoutes, { ...options, authenticate });
  await app.register(readRoutes, { ...options, authenticate });
  await app.register(commitRoutes, { ...options, authenticate });
  await app.register(historyRoutes, { ...options, authenticate });
  await app.register(changeRoutes, { ...options, authenticate });
  await app.register(transferRoutes, { ...options, authenticate, importMsMax: requestTimeoutMs });
  await app.register(serverRoutes, options);
  await app.register(metricsRoutes, options);
  await app.register(pageRoutes);
  return app;
}

function limitRateBy(
  quota: Quota,
  authenticate: Authenticate,
  { logger, metrics }: AppOptions,
  nextRequestId: () => string,
  mounts: Mounts,
): Step {
  return createRateLimit({
    quota,
    authenticate,
    refuse: (request, response, error) => {
      const requestId = nextRequestId();
      if (!mounts.refuse(request, response, requestId, error))
        writeProblem(logger, request, response, requestId, error);
    },
    mountPaths: mounts.paths,
    countThrottled: metrics.countThrottled,
  });
}

/** Unique across servers by a random prefix, and cheap: a counter in base 36. */
function createRequestIds(): () => string {
  const prefix = randomBytes(6).toString('base64url');
  let count = 0;
  return () => {
    count += 1;
    return `${prefix}-${count.toString(36)}`;
  };
}
