import { drawValue, type Pools, pick, type Schema } from './fuzz-values.js';
import type { Random } from './random.js';

export interface FuzzRequest {
  readonly operation: string;
  readonly method: string;
  /** With the query, percent-encoded where that is meant to be right. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  /** Whether it may end the credential that it is sent with. */
  readonly isMortal: boolean;
}

/** As much of an OpenAPI document as is needed to make requests. */
export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface DocumentOperation {
  readonly operationId: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly schema: Schema;
}

/** These cost a password hash, or the account that they are asked for: one in so many of the requests. */
const rare = new Set(['signUp', 'logIn', 'changePassword', 'deleteAccount', 'logOut', 'endOtherSessions']);
const rareEvery = 60;
const mortal = new Set(['changePassword', 'deleteAccount', 'logOut', 'endOtherSessions']);

/** Makes requests of every operation that a server's own document describes: right ones, and less and less so. */
export function createRequests(document: Document, pools: Pools): (random: Random) => FuzzRequest {
  const { schemas } = document.components;
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const usual = all.filter(({ operation }) => !rare.has(operation.operationId));
  const costly = all.filter(({ operation }) => rare.has(operation.operationId));
  return (random) => {
    const { path, method, operation } = pick(random(rareEvery) === 0 ? costly : usual, random);
    const options = { schemas, pools, random, wrong: pick([0, 0, 0, 8, 40], random) };
    const draw = ({ schema, name }: Parameter): string => {
      const value = drawValue(schema, name, options);
      return typeof value === 'string' ? value : JSON.stringify(value);
    };
    let target = path;
    const query: string[] = [];
    const headers: Record<string, string> = {};
    for (const parameter of operation.parameters) {
      if (parameter.in === 'path') {
        target = target.replace(`{${parameter.name}}`, () => encode(draw(parameter), random, options.wrong));
      } else if (random(4) === 0 || options.wrong > 30) {
        const text = draw(parameter);
        if (parameter.in === 'query') query.push(`${parameter.name}=${encode(text, random, options.wrong)}`);
        else headers[parameter.name] = headerText(headerValue(parameter.name, text, random, options.wrong));
      }
    }
    const [mediaType, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
    const body =
      content &&
      drawBody(mediaType ?? '', () => drawValue(content.schema, '', options), random, options.wrong);
    if (mediaType !== undefined) {
      const types = [
        mediaType,
        'application/json\ta',
        'text/html',
        'multipart/form-data',
        '',
        'application/json; charset=utf-16',
      ];
      headers['content-type'] =
        random(100) < options.wrong ? pick(types, random) : mediaType.replace('*/*', 'text/plain');
    }
    if (operation.operationId === 'listChanges' && random(10) === 0) headers.accept = 'text/event-stream';
    if (random(20) === 0)
      headers.accept = pick(['*/*', 'text/html', '', ';;', 'application/json;q=0'], random);
    return {
      operation: operation.operationId,
      method,
      path: query.length === 0 ? target : `${target}?${query.join('&')}`,
      headers,
      body,
      isMortal: mortal.has(operation.operationId),
    };
  };
}

function encode(text: string, random: Random, wrong: number): string {
  const encoded = encodeURIComponent(text.toWellFormed());
  if (random(100) >= wrong) return encoded;
  return encoded + pick(['%', '%zz', '%00', '%ff', '%c0%80', '%ed%a0%80', '/../', '?a=b', '&a', ''], random);
}

/** What a header of that name is usually like, since the document calls all of them text. */
function headerValue(name: string, drawn: string, random: Random, wrong: number): string {
  if (random(100) < wrong) return drawn;
  if (name === 'Halo-Metadata') return JSON.stringify({ drawn: drawn.slice(0, 20), list: [1, null] });
  if (name === 'Last-Event-ID') return String(random(50));
  return pick(['*', `"${random(50)}"`, `"${random(50)}", "7"`, `W/"1"`], random);
}

/** What Node's client lets through; the rest is sent as bytes (`fuzz-bytes.ts`). */
function headerText(text: string): string {
  return text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?');
}

function drawBody(mediaType: string, draw: () => unknown, random: Random, wrong: number): Buffer {
  if (mediaType === '*/*') return Buffer.alloc(random(10) === 0 ? random(100_000) : random(200), random(256));
  const isLines = mediaType.endsWith('ndjson');
  const text = isLines
    ? Array.from({ length: random(20) }, () => `${JSON.stringify(draw())}\n`).join('')
    : JSON.stringify(draw());
  const bytes = Buffer.from(text);
  return random(100) < wrong ? pick(spoilers, random)(bytes, random) : bytes;
}

const spoilers: readonly ((bytes: Buffer, random: Random) => Buffer)[] = [
  (bytes, random) => bytes.subarray(0, random(bytes.length + 1)),
  (bytes, random) => {
    const spoiled = Buffer.from(bytes);
    for (let n = 0; n < 3 && spoiled.length > 0; n += 1) spoiled[random(spoiled.length)] = random(256);
    return spoiled;
  },
  (bytes) => Buffer.concat([bytes, bytes]),
  () => Buffer.from('['.repeat(7_000)),
  () => Buffer.from(`${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`),
  () => Buffer.from('{"mutations":[{"set":{"key":"a","value":"x"}}],"mutations":[]}'),
  () => Buffer.from('{"keys":["\\ud800"]}'),
  () => Buffer.from('{"revision":1e999,"keys":[1e400]}'),
  () => Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]),
  () => Buffer.from([0x22, 0xc0, 0x80, 0x22]),
  () => Buffer.alloc(0),
];
