import {
  commonProblems,
  ndjsonType,
  type Operation,
  type OperationName,
  operationNames,
  operations,
  type ProblemCode,
} from 'halo-contract';
import { afterAll, expect, test } from 'vitest';
import { type Halo, haloAt, type Person } from '../halo.js';
import { startHalo } from '../halo-server.js';
import { expectProblem, mediaType } from '../problem.js';
import { schemaFault } from '../schema-fault.js';
import { linesOf } from '../transfer.js';
import { accountCases } from './account-cases.js';
import type { AnswerCase, Sending } from './answer-case.js';
import { changeCases } from './change-cases.js';
import { commitCases } from './commit-cases.js';
import { historyCases } from './history-cases.js';
import { accountKeysMax, keyCases } from './key-cases.js';
import { readCases } from './read-cases.js';
import { scopeCases } from './scope-cases.js';
import { securityCases } from './security-cases.js';
import { transferCases } from './transfer-cases.js';

const server = await startHalo({ env: { HALO_ACCOUNT_KEYS_MAX: String(accountKeysMax) } });
const halo = haloAt(server.url);
afterAll(() => server.stop());

const describeOperation = (name: OperationName): Operation => operations[name];

const headerFlood: AnswerCase[] = operationNames.map((operation) => ({
  operation,
  proves: 'headers-too-large',
  when: 'the headers are over 16 KiB',
  send: () => ({ key: 'a key', headers: { 'x-flood': 'x'.repeat(17 * 1024) } }),
}));

const cases = [
  ...accountCases,
  ...keyCases,
  ...readCases,
  ...commitCases,
  ...historyCases,
  ...changeCases,
  ...transferCases,
  ...securityCases,
  ...scopeCases,
  ...headerFlood,
];

/** What cannot be brought about by sending a request, and why. */
const notCausedByRequests: Partial<Record<ProblemCode, string>> = {
  'request-timeout': 'needs a sender that stalls for longer than a test run may take',
  internal: 'is a defect; that no input causes one is tested with bad input',
  overloaded: 'needs more load than these tests make',
  unavailable: 'needs a PostgreSQL that fails',
  'outcome-unknown': 'needs a connection that breaks during COMMIT',
  'rate-limited': 'is tested with brakes and settings of its own: here it would hold up the other tests',
  'sign-up-closed': 'needs a server whose operator closed sign-up, which has tests of its own',
  'account-disabled': 'needs an operator, whose commands have tests of their own',
};

/** History is kept for a day at least; that older revisions are refused is tested where it is pruned. */
const takesDays = new Set(['listKeys pruned', 'listChanges pruned']);

const named = cases.map(
  (each) => [`${each.operation} answers ${each.proves} when ${each.when}`, each] as const,
);

test.for(named)('%s', async ([, { operation, proves, send: prepare }]) => {
  const person = await halo.signUp();
  const sending = await prepare(halo, person);
  const response = await send(operation, person, sending);
  if (typeof proves === 'number') return checkAnswer(operation, proves, response);
  if (describeOperation(operation).method !== 'HEAD') {
    await expectProblem(response, proves);
    return;
  }
  // HEAD tells the status alone; its twin tells which problem that is.
  const twin = await send('getKey', person, sending);
  expect([response.status, mediaType(response)]).toEqual([twin.status, 'application/problem+json']);
  expect(await response.text()).toBe('');
  await expectProblem(twin, proves);
});

test('every operation is tested for every answer that the contract documents', () => {
  const proved = new Set(cases.map(({ operation, proves }) => `${operation} ${proves}`));
  const documented = operationNames.flatMap((name) => {
    const { answers, problems } = describeOperation(name);
    return [...Object.keys(answers), ...problems, ...commonProblems]
      .filter((answer) => !Object.hasOwn(notCausedByRequests, answer) && !takesDays.has(`${name} ${answer}`))
      .map((answer) => `${name} ${answer}`);
  });
  expect([...proved].sort()).toEqual([...new Set(documented)].sort());
});

test('nothing is excused from testing that could be tested', () => {
  const documented = new Set<string>(
    operationNames.flatMap((name) => [...describeOperation(name).problems, ...commonProblems]),
  );
  expect(Object.keys(notCausedByRequests).filter((code) => !documented.has(code))).toEqual([]);
});

test('the OpenAPI document lists every operation with every status', async () => {
  const document = (await (await halo.request('GET', '/openapi.json')).json()) as {
    openapi: string;
    paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
  };
  expect(document.openapi).toMatch(/^3\.1\./);
  for (const name of operationNames) {
    const { method, path, answers } = describeOperation(name);
    const described = document.paths[path]?.[method.toLowerCase()];
    expect(described?.operationId).toBe(name);
    const statuses = Object.keys(described?.responses ?? {});
    expect(statuses).toEqual(expect.arrayContaining(Object.keys(answers)));
    const observed = cases.filter(
      ({ operation, proves }) => operation === name && typeof proves === 'number',
    );
    expect(statuses).toEqual(expect.arrayContaining(observed.map(({ proves }) => String(proves))));
  }
});

test('a path with other methods answers 405 and lists them', async () => {
  expect(await listed('POST', '/v1/keys/a/b')).toEqual(['DELETE', 'GET', 'HEAD', 'PUT']);
  expect(await listed('PATCH', '/v1/keys/a')).toEqual(['DELETE', 'GET', 'HEAD', 'PUT']);
  expect(await listed('GET', '/v1/auth/log-in')).toEqual(['POST']);
  expect(await listed('DELETE', '/v1/keys')).toEqual(['GET', 'HEAD']);
  expect(await listed('PUT', '/health/live')).toEqual(['GET', 'HEAD']);
});

test('a page with other methods answers 405 and lists them', async () => {
  expect(await listed('POST', '/openapi.json')).toEqual(['GET', 'HEAD']);
  expect(await listed('DELETE', '/docs')).toEqual(['GET', 'HEAD']);
});

test('a path that does not exist answers 404', async () => {
  for (const path of ['/v1', '/v1/nothing', '/v2/keys/a', '/v1/auth', '/home-made', '/.well-known/nothing']) {
    await expectProblem(await halo.request('GET', path), 'not-found');
  }
});

test('the root leads to the console and the reference is a page', async () => {
  const root = await halo.request('GET', '/');
  expect([root.status, root.headers.get('location')]).toEqual([302, '/home']);
  const docs = await halo.request('GET', '/docs');
  expect([docs.status, mediaType(docs)]).toEqual([200, 'text/html']);
  expect(docs.headers.get('content-security-policy')).toContain("script-src 'self'");
});

test('no two answers have the same request id', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => halo.request('GET', '/health/live')));
  expect(new Set(answers.map(({ headers }) => headers.get('x-request-id'))).size).toBe(50);
});

test('a request id that a client sends is not taken over', async () => {
  const headers = { 'x-request-id': 'chosen-by-client' };
  const response = await halo.request('GET', '/health/live', { headers });
  expect(response.headers.get('x-request-id')).not.toBe('chosen-by-client');
});

function send(name: OperationName, person: Person, sending: Sending): ReturnType<Halo['request']> {
  const { method, path, authenticated } = describeOperation(name);
  const { key, rawKey = encodeURIComponent(key ?? ''), id = '', query, headers, body, token } = sending;
  const own = authenticated ? person.accessToken : undefined;
  const filled = path.replace('{key}', () => rawKey).replace('{id}', () => encodeURIComponent(id));
  return halo.request(method, `${filled}${query === undefined ? '' : `?${query}`}`, {
    token: token === undefined ? own : (token ?? undefined),
    headers,
    body,
  });
}

/** The methods that a path allows, from its refusal of another. */
async function listed(method: string, path: string): Promise<string[]> {
  const response = await halo.request(method, path);
  await expectProblem(response, 'method-not-allowed');
  return (response.headers.get('allow') ?? '').split(', ').sort();
}

async function checkAnswer(name: OperationName, status: number, response: Response): Promise<void> {
  const text = await response.text();
  expect({ status: response.status, text }).toEqual({ status, text: expect.anything() });
  const content = describeOperation(name).answers[status]?.content;
  for (const { name: header } of describeOperation(name).responseHeaders ?? []) {
    const isOptional = header === 'Halo-Expires-At' || header === 'Halo-Metadata';
    if (!isOptional) expect(response.headers.get(header), header).not.toBeNull();
  }
  if (content === 'none') expect(text).toBe('');
  else if (content === 'bytes') expect(text).toBe('value');
  else if (content !== undefined && 'lines' in content) {
    expect(mediaType(response)).toBe(ndjsonType);
    const { lines } = content;
    expect(linesOf(text).map((line) => schemaFault(lines, line))).not.toContainEqual(expect.anything());
    expect(linesOf(text)).not.toEqual([]);
  } else if (content !== undefined) {
    expect(mediaType(response)).toBe('application/json');
    expect(schemaFault(content, JSON.parse(text))).toBeUndefined();
  }
}
