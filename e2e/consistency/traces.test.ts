import { readFileSync } from 'node:fs';
import { operations } from 'halo-contract';
import { afterAll, describe, expect, test } from 'vitest';
import { haloAt } from '../halo.js';
import { type HaloServer, runHalo, startHalo } from '../halo-server.js';
import { until } from '../until.js';
import { attributesOf, type ReceivedSpan, startCollector } from './collector.js';

/** Has a process say which files it imports. */
const sayWhatIsLoaded = `
  import { writeSync } from 'node:fs';
  export function load(url, context, nextLoad) {
    writeSync(1, 'loaded: ' + url + '\\n');
    return nextLoad(url, context);
  }`;
const dataUrlOf = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
const tellTale = `import { register } from 'node:module'; register(${JSON.stringify(dataUrlOf(sayWhatIsLoaded))});`;
const nodeOptions = { NODE_OPTIONS: `--import=${dataUrlOf(tellTale)}` };

/**
 * Which of OpenTelemetry's packages are in those files: the bundle says above each module where it comes from. Without
 * the interface, which has no code to speak of, and which prom-client brings along.
 */
function loadedBy(server: HaloServer): string[] {
  const files = [...server.output().matchAll(/^loaded: (file:.*)$/gmu)].map(([, url = '']) =>
    readFileSync(new URL(url), 'utf8'),
  );
  const names = files.flatMap((code) =>
    [...code.matchAll(/^\/\/ \S*node_modules\/@opentelemetry\/([\w-]+)\//gmu)].map(([, name = '']) => name),
  );
  return [...new Set(names)].filter((name) => name !== 'api');
}

const collector = await startCollector();
/** Nobody has told the second where spans could go. */
const [traced, silent] = await Promise.all([
  startHalo({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SERVICE_NAME: 'shop-store',
      OTEL_BSP_SCHEDULE_DELAY: '50',
      ...nodeOptions,
    },
  }),
  startHalo({ env: { OTEL_SERVICE_NAME: 'shop-store', ...nodeOptions } }),
]);
afterAll(async () => {
  await Promise.all([traced.stop(), silent.stop()]);
  await collector.close();
});
const halo = haloAt(traced.url);

const serverKind = 2;
const errorStatus = 2;

/** A header of W3C's Trace Context, with the flag that asks for the trace. */
function traceparent(isSampled = true) {
  const hex = (bytes: number): string =>
    Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex');
  const [traceId, spanId] = [hex(16), hex(8)];
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-0${isSampled ? 1 : 0}` } };
}

const spansOf = (traceId: string): ReceivedSpan[] =>
  collector.spans().filter((span) => span.traceId === traceId);
const named = (spans: readonly ReceivedSpan[], name: string): ReceivedSpan[] =>
  spans.filter((span) => span.name === name);

describe('with a collector', () => {
  test('a request is a span of the client’s trace, named by its route, with its flight below it', async () => {
    const person = await halo.signUp();
    const { traceId, spanId, headers } = traceparent();
    await halo.set(person, 'a-key-to-trace', 'value', { headers });
    const [served, flown] = await until('Both spans', () => {
      const spans = spansOf(traceId);
      const [request] = named(spans, `PUT ${operations.putKey.path}`);
      const [flight] = named(spans, 'write flight');
      return request !== undefined && flight !== undefined && ([request, flight] as const);
    });
    expect(served).toMatchObject({ kind: serverKind, parentSpanId: spanId });
    expect(attributesOf(served.attributes)).toEqual({
      'http.request.method': 'PUT',
      'http.route': operations.putKey.path,
      'http.response.status_code': 201,
      'url.scheme': 'http',
      'network.protocol.version': '1.1',
    });
    expect(flown.parentSpanId).toBe(served.spanId);
    expect(attributesOf(flown.attributes)).toEqual({ 'halo.flight.items': 1 });
    expect(collector.resource()).toMatchObject({ 'service.name': 'shop-store' });
    expect(collector.bodies()).not.toContain('a-key-to-trace');
  });

  test('what is planned has its transaction below its flight, and a log-in below its request', async () => {
    const person = await halo.signUp();
    const first = traceparent();
    const body = { mutations: [{ set: { key: 'one', value: '1' } }, { set: { key: 'two', value: '2' } }] };
    const json = { authorization: `Bearer ${person.accessToken}`, ...first.headers };
    expect((await halo.post(operations.commit.path, body, json)).status).toBe(200);
    const parents = await until('The transaction', () => {
      const spans = spansOf(first.traceId);
      const [inner] = named(spans, 'transaction');
      const flight = spans.find((span) => span.spanId === inner?.parentSpanId);
      const request = spans.find((span) => span.spanId === flight?.parentSpanId);
      return request !== undefined && [flight?.name, request.name];
    });
    expect(parents).toEqual(['write flight', `POST ${operations.commit.path}`]);
    const second = traceparent();
    const { name, password } = person;
    await halo.post(operations.logIn.path, { name, password }, second.headers);
    await until('The log-in', () => {
      const spans = spansOf(second.traceId);
      const [request] = named(spans, `POST ${operations.logIn.path}`);
      return named(spans, 'transaction').some((span) => span.parentSpanId === request?.spanId);
    });
  });

  test('requests that fly together are linked with their flight, and it with them', async () => {
    const person = await halo.signUp();
    await halo.set(person, 'key', 'value');
    const shared = await until('A flight of several', async () => {
      const asked = Array.from({ length: 40 }, () => traceparent());
      await Promise.all(asked.map(({ headers }) => halo.get(person, 'key', { headers })));
      return collector.spans().find((span) => span.name === 'read flight' && (span.links?.length ?? 0) > 0);
    });
    const request = await until('The span at the other end', () =>
      collector.spans().find((span) => span.spanId === shared.links?.[0]?.spanId),
    );
    expect(request.name).toBe(`GET ${operations.getKey.path}`);
    expect(request.links).toMatchObject([{ traceId: shared.traceId, spanId: shared.spanId }]);
    expect(attributesOf(shared.attributes)['halo.flight.items']).toBeGreaterThan(1);
  });

  test('a refusal is no error of the server, and what is at no route is not named by its path', async () => {
    const { traceId, headers } = traceparent();
    await halo.request('GET', '/v1/nothing-of-the-kind?x=1', { headers });
    const span = await until('The span', () => spansOf(traceId)[0]);
    expect([span.name, span.status.code === errorStatus]).toEqual(['GET (none)', false]);
    expect(collector.bodies()).not.toContain('nothing-of-the-kind');
  });

  test('what the client does not trace is not traced', async () => {
    const [left, taken] = [traceparent(false), traceparent()];
    await halo.request('GET', '/health/live', { headers: left.headers });
    await halo.request('GET', '/health/live', { headers: taken.headers });
    await until('The later span', () => spansOf(taken.traceId).length > 0);
    expect(spansOf(left.traceId)).toEqual([]);
  });

  test('stopping sends what is left', async () => {
    const { traceId, headers } = traceparent();
    await halo.request('GET', '/health/live', { headers });
    expect(await traced.terminate()).toBe(0);
    expect(spansOf(traceId)).toHaveLength(1);
  });
});

test('a collector that is away delays neither answers nor the end', async () => {
  const away = await startHalo({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' } });
  try {
    const lonely = haloAt(away.url);
    const person = await lonely.signUp();
    await lonely.set(person, 'key', 'value');
    expect((await lonely.read(person, 'key')).toString()).toBe('value');
    const beganMs = performance.now();
    expect(await away.terminate()).toBe(0);
    expect(performance.now() - beganMs).toBeLessThan(15_000);
  } finally {
    await away.stop();
  }
});

test('without a variable that asks for it nothing is sent, and OpenTelemetry’s SDK is not loaded', async () => {
  const lone = haloAt(silent.url);
  const person = await lone.signUp();
  await lone.set(person, 'key', 'value', { headers: traceparent().headers });
  expect(await silent.terminate()).toBe(0);
  expect(loadedBy(silent)).toEqual([]);
  // The search finds what is there.
  expect(loadedBy(traced)).toEqual(expect.arrayContaining(['exporter-trace-otlp-http', 'sdk-trace-node']));
});

test('traces that cannot be made are refused at the start', async () => {
  const { code, output } = await runHalo({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4317',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
  });
  expect([code, output]).toEqual([1, expect.stringContaining('OTEL_EXPORTER_OTLP_PROTOCOL is "grpc"')]);
});
