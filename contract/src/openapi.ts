import type { TSchema } from 'typebox';
import { Problem } from './entries.js';
import { type Content, commonProblems, type Header, type Operation } from './operation.js';
import { operations } from './operations.js';
import { type ProblemCode, problems } from './problems.js';
import { ndjsonType } from './transfer.js';

type Json = Record<string, unknown>;

/**
 * The OpenAPI 3.1 document of the contract. TypeBox schemas are JSON Schema already, so that this only
 * arranges them: those with an `$id` become components and are referred to.
 */
export function openApiDocument(version: string): Json {
  const components: Record<string, Json> = {};
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of Object.values(operations) as Operation[]) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method.toLowerCase()]: describeOperation(operation, components),
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Halo',
      version,
      description: 'A private, durable, versioned key-value store. Errors are RFC 9457 problem documents.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: [
      { name: 'Accounts' },
      { name: 'Security' },
      { name: 'Keys' },
      { name: 'History' },
      { name: 'Server' },
    ],
    paths,
    components: {
      schemas: components,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

function describeOperation(operation: Operation, components: Record<string, Json>): Json {
  return {
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    ...(operation.description === undefined ? {} : { description: operation.description }),
    security: operation.authenticated ? [{ bearer: [] }] : [],
    parameters: describeParameters(operation),
    ...(operation.body === undefined || operation.body === 'none'
      ? {}
      : { requestBody: { required: true, content: describeContent(operation.body, components) } }),
    responses: {
      ...describeAnswers(operation, components),
      ...describeProblems([...operation.problems, ...commonProblems], components),
    },
  };
}

function describeParameters(operation: Operation): Json[] {
  const parameters: Json[] = [];
  if (operation.path.endsWith('{key}')) {
    const description = 'The key, percent-encoded. `/` may stand as it is.';
    parameters.push({ name: 'key', in: 'path', required: true, description, schema: { type: 'string' } });
  }
  if (operation.path.endsWith('{id}')) {
    const description = 'As the list shows it.';
    parameters.push({ name: 'id', in: 'path', required: true, description, schema: { type: 'string' } });
  }
  const query = operation.query as { properties?: Record<string, Json> } | undefined;
  for (const [name, { description, ...schema }] of Object.entries(query?.properties ?? {})) {
    parameters.push({ name, in: 'query', required: false, description: description ?? '', schema });
  }
  for (const { name, description } of operation.requestHeaders ?? []) {
    // OpenAPI takes Content-Type from the request body's media types and ignores it as a parameter.
    if (name === 'Content-Type') continue;
    parameters.push({ name, in: 'header', required: false, description, schema: { type: 'string' } });
  }
  return parameters;
}

function describeAnswers(operation: Operation, components: Record<string, Json>): Json {
  const headers = describeHeaders(operation.responseHeaders ?? []);
  return Object.fromEntries(
    Object.entries(operation.answers).map(([status, { description, content }]) => [
      status,
      {
        description,
        headers,
        ...(content === 'none' ? {} : { content: describeContent(content, components) }),
      },
    ]),
  );
}

function describeHeaders(headers: readonly Header[]): Json {
  return Object.fromEntries(
    headers.map(({ name, description }) => [name, { description, schema: { type: 'string' } }]),
  );
}

function describeContent(content: Exclude<Content, 'none'>, components: Record<string, Json>): Json {
  if (content === 'bytes') return { '*/*': { schema: { type: 'string', format: 'binary' } } };
  if ('lines' in content) return { [ndjsonType]: { schema: referTo(content.lines as TSchema, components) } };
  return { 'application/json': { schema: referTo(content, components) } };
}

function describeProblems(codes: readonly ProblemCode[], components: Record<string, Json>): Json {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codes) {
    const { status } = problems[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      {
        description: group.map((code) => `\`${code}\`: ${problems[code].description}`).join('\n\n'),
        content: { 'application/problem+json': { schema: referTo(Problem, components) } },
      },
    ]),
  );
}

function referTo(schema: TSchema, components: Record<string, Json>): Json {
  const { $id, ...rest } = JSON.parse(JSON.stringify(schema), liftIds(components)) as Json;
  if (typeof $id !== 'string') return rest;
  components[$id] = rest;
  return { $ref: `#/components/schemas/${$id}` };
}

/** Replaces nested schemas that have an `$id` by references, innermost first. */
function liftIds(components: Record<string, Json>) {
  return (property: string, value: unknown): unknown => {
    if (property === '' || typeof value !== 'object' || value === null || !('$id' in value)) return value;
    const { $id, ...rest } = value as Json;
    if (typeof $id !== 'string') return value;
    components[$id] = rest;
    return { $ref: `#/components/schemas/${$id}` };
  };
}
