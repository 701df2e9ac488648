import { describe, expect, test } from 'vitest';
import { openApiDocument } from './openapi.js';
import { commonProblems, type Operation } from './operation.js';
import { operations } from './operations.js';
import { problems } from './problems.js';

type Json = Record<string, unknown>;

/** What a document is when it has been through JSON, as clients get it. */
const document = JSON.parse(JSON.stringify(openApiDocument('1.2.3'))) as Json;
const all = Object.values(operations) as Operation[];
const httpMethods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const schemaTypes = ['string', 'integer', 'number', 'boolean', 'object', 'array', 'null'];

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const memberOf = (value: unknown, ...path: string[]): unknown =>
  path.reduce<unknown>((at, name) => (isObject(at) ? at[name] : undefined), value);
const entriesOf = (value: unknown): [string, unknown][] => Object.entries(isObject(value) ? value : {});

/** Every value in the document with the JSON pointer that leads to it. */
function* walk(value: unknown, pointer = ''): Generator<readonly [string, unknown]> {
  yield [pointer, value];
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    yield* walk(member, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  }
}

function resolveReference(root: Json, reference: string): unknown {
  const names = reference.slice(2).split('/');
  return memberOf(root, ...names.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~')));
}

/** References that lead nowhere. */
function danglingReferences(root: Json): string[] {
  return [...walk(root)].flatMap(([pointer, value]) => {
    if (!pointer.endsWith('/$ref')) return [];
    const found =
      typeof value === 'string' && value.startsWith('#/') && isObject(resolveReference(root, value));
    return found ? [] : [`${pointer}: ${String(value)}`];
  });
}

/** What a schema has wrong by JSON Schema 2020-12, as far as TypeBox could get it wrong. */
function schemaFaults(schema: unknown, at: string): string[] {
  if (typeof schema === 'boolean') return [];
  if (!isObject(schema)) return [`${at} is not a schema`];
  const faults: string[] = [];
  if (schema.$id !== undefined) faults.push(`${at} kept its $id, which would change the base of references`);
  if (schema.type !== undefined && !schemaTypes.includes(String(schema.type))) {
    faults.push(`${at} has the type ${String(schema.type)}`);
  }
  for (const name of Array.isArray(schema.required) ? schema.required : []) {
    if (memberOf(schema, 'properties', String(name)) === undefined) {
      faults.push(`${at} requires ${String(name)}, which it does not describe`);
    }
  }
  for (const [name, member] of entriesOf(schema.properties))
    faults.push(...schemaFaults(member, `${at}/${name}`));
  if (schema.items !== undefined) faults.push(...schemaFaults(schema.items, `${at}/items`));
  for (const [index, member] of (Array.isArray(schema.anyOf) ? schema.anyOf : []).entries()) {
    faults.push(...schemaFaults(member, `${at}/anyOf/${index}`));
  }
  return faults;
}

/** What an OpenAPI 3.1 document lacks of the members that the specification requires, and what contradicts it. */
function documentFaults(root: Json): string[] {
  const faults: string[] = [];
  const want = (holds: boolean, fault: string) => {
    if (!holds) faults.push(fault);
  };
  want(/^3\.1\.\d+$/.test(String(root.openapi)), 'openapi is not 3.1');
  want(typeof memberOf(root, 'info', 'title') === 'string', 'info.title is missing');
  want(typeof memberOf(root, 'info', 'version') === 'string', 'info.version is missing');
  want(entriesOf(root.paths).length > 0, 'paths is empty');
  const tags = (root.tags as { name: string }[]).map(({ name }) => name);
  const schemes = entriesOf(memberOf(root, 'components', 'securitySchemes')).map(([name]) => name);
  for (const [name, schema] of entriesOf(memberOf(root, 'components', 'schemas'))) {
    want(/^[\w.-]+$/.test(name), `${name} cannot name a component`);
    faults.push(...schemaFaults(schema, name));
  }
  const ids: unknown[] = [];
  for (const [path, item] of entriesOf(root.paths)) {
    want(path.startsWith('/'), `${path} does not begin with a slash`);
    for (const [method, operation] of entriesOf(item)) {
      want(httpMethods.includes(method), `${path} has the method ${method}`);
      ids.push(memberOf(operation, 'operationId'));
      faults.push(...operationFaults(operation, `${method} ${path}`, path, { tags, schemes }));
    }
  }
  want(new Set(ids).size === ids.length && !ids.includes(undefined), 'operationId is missing or not unique');
  return faults;
}

interface Names {
  readonly tags: readonly string[];
  readonly schemes: readonly string[];
}

function operationFaults(operation: unknown, at: string, path: string, names: Names): string[] {
  const faults: string[] = [];
  const parameters = memberOf(operation, 'parameters') as Json[];
  const inPath = parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name);
  const asked = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  if (inPath.join() !== asked.join()) faults.push(`${at} describes the path parameters ${inPath.join()}`);
  const identities = parameters.map((parameter) => `${String(parameter.in)} ${String(parameter.name)}`);
  if (new Set(identities).size !== identities.length) faults.push(`${at} has a parameter twice`);
  for (const parameter of parameters) {
    const { in: place, name, required } = parameter;
    if (!['path', 'query', 'header'].includes(String(place)))
      faults.push(`${at}: ${String(name)} is nowhere`);
    if (place === 'path' && required !== true) faults.push(`${at}: ${String(name)} must be required`);
    if (
      place === 'header' &&
      ['accept', 'content-type', 'authorization'].includes(String(name).toLowerCase())
    ) {
      faults.push(`${at}: OpenAPI ignores the header ${String(name)}`);
    }
    faults.push(...schemaFaults(parameter.schema, `${at}: ${String(name)}`));
  }
  for (const tag of memberOf(operation, 'tags') as string[]) {
    if (!names.tags.includes(tag)) faults.push(`${at} has the unknown tag ${tag}`);
  }
  for (const scheme of (memberOf(operation, 'security') as Json[]).flatMap(Object.keys)) {
    if (!names.schemes.includes(scheme)) faults.push(`${at} has the unknown security scheme ${scheme}`);
  }
  const body = memberOf(operation, 'requestBody');
  if (body !== undefined) faults.push(...contentFaults(memberOf(body, 'content'), `${at}: body`));
  const responses = entriesOf(memberOf(operation, 'responses'));
  if (responses.length === 0) faults.push(`${at} has no responses`);
  for (const [status, response] of responses) {
    if (!/^[1-5]\d\d$/.test(status)) faults.push(`${at} answers ${status}`);
    if (typeof memberOf(response, 'description') !== 'string')
      faults.push(`${at}: ${status} is not described`);
    const content = memberOf(response, 'content');
    if (content !== undefined) faults.push(...contentFaults(content, `${at}: ${status}`));
    for (const [name, header] of entriesOf(memberOf(response, 'headers'))) {
      faults.push(...schemaFaults(memberOf(header, 'schema'), `${at}: ${status} ${name}`));
    }
  }
  return faults;
}

function contentFaults(content: unknown, at: string): string[] {
  const types = entriesOf(content);
  if (types.length === 0) return [`${at} has no media type`];
  return types.flatMap(([type, media]) => [
    ...(/^[\w*.+-]+\/[\w*.+-]+$/.test(type) ? [] : [`${at}: ${type} is no media type`]),
    ...schemaFaults(memberOf(media, 'schema'), `${at} ${type}`),
  ]);
}

describe('openApiDocument', () => {
  test('is what OpenAPI 3.1 asks for', () => {
    expect(documentFaults(document)).toEqual([]);
  });

  test('carries the version it was given', () => {
    expect(memberOf(document, 'info', 'version')).toBe('1.2.3');
  });

  test('refers to nothing that is not there, and holds no component that nothing refers to', () => {
    expect(danglingReferences(document)).toEqual([]);
    const used = new Set(
      [...walk(document)].filter(([at]) => at.endsWith('/$ref')).map(([, value]) => value),
    );
    expect(used.size).toBeGreaterThan(0);
    const components = entriesOf(memberOf(document, 'components', 'schemas'));
    expect(components.filter(([name]) => !used.has(`#/components/schemas/${name}`))).toEqual([]);
  });

  test('holds the operations of the contract and no other', () => {
    const described = entriesOf(document.paths).flatMap(([path, item]) =>
      Object.keys(item as Json).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.sort()).toEqual(all.map(({ method, path }) => `${method} ${path}`).sort());
  });

  test.each(all)('describes every status of $id', (operation) => {
    const responses = memberOf(
      document,
      'paths',
      operation.path,
      operation.method.toLowerCase(),
      'responses',
    );
    const refusals = [...operation.problems, ...commonProblems];
    const statuses = [
      ...Object.keys(operation.answers),
      ...refusals.map((code) => String(problems[code].status)),
    ];
    expect(Object.keys(responses as Json).sort()).toEqual([...new Set(statuses)].sort());
    for (const code of refusals) {
      const response = memberOf(responses, String(problems[code].status));
      expect(memberOf(response, 'description')).toContain(`\`${code}\`: ${problems[code].description}`);
      expect(memberOf(response, 'content', 'application/problem+json', 'schema')).toEqual({
        $ref: '#/components/schemas/Problem',
      });
    }
  });

  test.each(all)('describes what $id takes, and whether it asks for a credential', (operation) => {
    const described = memberOf(document, 'paths', operation.path, operation.method.toLowerCase());
    const query = Object.keys((operation.query as { properties?: Json } | undefined)?.properties ?? {});
    const headers = (operation.requestHeaders ?? [])
      .map(({ name }) => name)
      .filter((name) => name !== 'Content-Type');
    const parameters = (memberOf(described, 'parameters') as Json[]).filter(
      ({ in: place }) => place !== 'path',
    );
    expect(parameters.map(({ in: place, name }) => `${String(place)} ${String(name)}`)).toEqual([
      ...query.map((name) => `query ${name}`),
      ...headers.map((name) => `header ${name}`),
    ]);
    expect(memberOf(described, 'security')).toEqual(operation.authenticated ? [{ bearer: [] }] : []);
    expect(memberOf(described, 'requestBody') !== undefined).toBe(operation.body !== undefined);
    expect(operation.authenticated).toBe(
      operation.problems.includes('session-ended') && operation.id !== 'refresh',
    );
  });

  test('is made anew for each caller, so that none can spoil it for another', () => {
    const spoilt = openApiDocument('1.2.3');
    Object.assign(memberOf(spoilt, 'components', 'schemas') as Json, { Problem: null, Entry: null });
    expect(JSON.parse(JSON.stringify(openApiDocument('1.2.3')))).toEqual(document);
  });
});

describe('the checks of this file', () => {
  const spoil = (change: (copy: Json) => void): Json => {
    const copy = structuredClone(document);
    change(copy);
    return copy;
  };
  const put = (copy: Json, path: string[], name: string, value: unknown) =>
    Object.assign(memberOf(copy, ...path) as Json, { [name]: value });
  const list = ['paths', '/v1/keys', 'get'];

  test.each<[string, (copy: Json) => void, RegExp]>([
    ['another version', (copy) => put(copy, [], 'openapi', '3.0.3'), /not 3\.1/],
    ['no title', (copy) => put(copy, ['info'], 'title', undefined), /info\.title/],
    ['no responses', (copy) => put(copy, list, 'responses', {}), /no responses/],
    ['an undescribed response', (copy) => put(copy, [...list, 'responses'], '200', {}), /not described/],
    ['an operationId twice', (copy) => put(copy, list, 'operationId', 'getKey'), /not unique/],
    ['an unknown tag', (copy) => put(copy, list, 'tags', ['Other']), /unknown tag/],
    ['an unknown scheme', (copy) => put(copy, list, 'security', [{ basic: [] }]), /unknown security/],
    [
      'no path parameter',
      (copy) => put(copy, ['paths', '/v1/keys/{key}', 'get'], 'parameters', []),
      /path parameters/,
    ],
    [
      'a type of another language',
      (copy) => put(copy, ['components', 'schemas', 'ValuedEntry'], 'type', 'file'),
      /has the type/,
    ],
    [
      'an unknown method',
      (copy) => put(copy, ['paths', '/v1/keys'], 'fetch', { ...(memberOf(copy, ...list) as Json) }),
      /method fetch/,
    ],
    [
      'a missing schema',
      (copy) => put(copy, [...list, 'responses', '200'], 'content', { 'a/b': {} }),
      /not a schema/,
    ],
  ])('report %s', (_what, change, fault) => {
    expect(documentFaults(spoil(change)).join('\n')).toMatch(fault);
  });

  test('report a reference that leads nowhere', () => {
    const copy = spoil((copy) =>
      put(copy, [...list, 'responses', '200'], 'content', { $ref: '#/components/schemas/No' }),
    );
    expect(danglingReferences(copy)).toHaveLength(1);
  });
});
