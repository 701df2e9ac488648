import type { FastifyInstance } from 'fastify';
import { limits } from 'halo-contract';
import { HaloError } from '../errors.js';

/** Deeper than any body of the contract, and far from what would exhaust a stack. */
const depthMax = 64;

const decoder = new TextDecoder('utf-8', { fatal: true });

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

/** Matches a string, or one character that opens, closes or separates. */
const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],]/gs;

function checkDepth(text: string): void {
  let depth = 0;
  for (const [token] of text.matchAll(tokens)) {
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
  for (const [token] of text.matchAll(tokens)) {
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

/** Lets the routes of an encapsulated context read JSON, strictly, and nothing else. */
export function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const options = { parseAs: 'buffer', bodyLimit: limits.smallBodyBytesMax } as const;
  app.addContentTypeParser('application/json', options, (_request, body: Buffer, done) => {
    try {
      done(null, parseJson(body));
    } catch (error) {
      done(error as HaloError);
    }
  });
}
