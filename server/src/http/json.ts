import type { FastifyInstance, FastifyRequest } from 'fastify';
import { limits } from 'halo-contract';
import { HaloError } from '../errors.js';
import { readBody } from './body.js';

/** Deeper than any body of the contract, and far from what would exhaust a stack. */
const depthMax = 64;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses a JSON body strictly: valid UTF-8, no member twice in one object (parsers disagree on which counts),
 * no more than 64 levels.
 *
 * @throws HaloError `invalid-request`
 */
export function parseJson(body: Uint8Array): unknown {
  let text: string;
  try {
    text = decoder.decode(body);
  } catch {
    throw new HaloError('invalid-request', 'The body is not UTF-8.');
  }
  checkDepth(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new HaloError('invalid-request', 'The body is not JSON.');
  }
  checkMembers(text);
  return value;
}

/** The brackets, commas and strings of a JSON text. A loop: one expression for strings overflows the stack at 16 MB. */
function* tokensOf(text: string): Generator<string> {
  const next = /["{}[\],]/g;
  const ending = /["\\]/g;
  for (let found = next.exec(text); found !== null; found = next.exec(text)) {
    if (found[0] !== '"') {
      yield found[0];
      continue;
    }
    ending.lastIndex = next.lastIndex;
    let end = ending.exec(text);
    while (end !== null && end[0] === '\\') {
      ending.lastIndex += 1;
      end = ending.exec(text);
    }
    if (end === null) return;
    yield text.slice(found.index, ending.lastIndex);
    next.lastIndex = ending.lastIndex;
  }
}

function checkDepth(text: string): void {
  let depth = 0;
  for (const token of tokensOf(text)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    if (depth > depthMax)
      throw new HaloError('invalid-request', `The body is nested deeper than ${depthMax} levels.`);
  }
}

/** Runs after JSON.parse, so that the text is known to be well formed. */
function checkMembers(text: string): void {
  // For each open object its member names; undefined for an array.
  const open: (Set<string> | undefined)[] = [];
  let nameComes = false;
  for (const token of tokensOf(text)) {
    const members = open.at(-1);
    if (token === '{' || token === '[') {
      open.push(token === '{' ? new Set() : undefined);
      nameComes = token === '{';
    } else if (token === '}' || token === ']') {
      open.pop();
      nameComes = false;
    } else if (token === ',') nameComes = members !== undefined;
    else if (nameComes && members !== undefined) {
      const name: unknown = JSON.parse(token);
      if (members.has(String(name))) throw new HaloError('invalid-request', 'The body has a member twice.');
      members.add(String(name));
      nameComes = false;
    }
  }
}

/**
 * Lets the routes of an encapsulated context read JSON, strictly, and nothing else.
 *
 * @param bodyLimit bytes; more is refused with `too-large`
 */
export function acceptJson(app: FastifyInstance, bodyLimit: number = limits.smallBodyBytesMax): void {
  acceptJsonAs(app, bodyLimit, parseJson);
}

/** Likewise for routes that need the text itself; they call `parseJson`. */
export function acceptJsonBytes(app: FastifyInstance, bodyLimit: number): void {
  acceptJsonAs(app, bodyLimit, (body) => body);
}

function acceptJsonAs(app: FastifyInstance, bodyLimit: number, parse: (body: Buffer) => unknown): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { bodyLimit }, async (request: FastifyRequest) => {
    checkEncoding(request.headers['content-encoding']);
    return parse(await readBody(request.raw, bodyLimit));
  });
}

/**
 * Bodies are taken as they are: nothing is decompressed.
 *
 * @throws HaloError `unsupported-media-type`
 */
export function checkEncoding(contentEncoding: string | undefined): void {
  if (contentEncoding === undefined || contentEncoding === 'identity') return;
  throw new HaloError(
    'unsupported-media-type',
    'Content-Encoding is not supported: send the bytes themselves.',
  );
}
