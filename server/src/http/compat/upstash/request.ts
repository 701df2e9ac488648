import type { IncomingHttpHeaders } from 'node:http';
import { HaloError } from '../../../errors.js';
import { parseJson } from '../../json.js';
import { pathOf } from '../../key-path.js';
import type { Encoding } from './answers.js';
import { CommandError } from './command.js';
import type { Arg } from './parse.js';

export const upstashPath = '/compat/upstash';

/** Commands that one request may carry, and arguments of all of them together. */
const commandsMax = 1_000;
const argsMax = 100_000;

/** What a request asks for: a command, or several that are to be done one by one or as one. */
export type Asked =
  | { readonly kind: 'one'; readonly args: readonly Arg[] }
  | { readonly kind: 'pipeline' | 'multi-exec'; readonly commands: readonly (readonly Arg[])[] };

/**
 * Reads the command from the body, or from the path with the body behind it and the query behind that.
 *
 * @param body undefined or empty: there is none
 * @throws CommandError; HaloError `invalid-request`, `method-not-allowed`
 */
export function readRequest(method: string, url: string, body: Buffer | undefined): Asked {
  const path = pathOf(url).slice(upstashPath.length).replace(/^\//, '');
  if (path === '') return { kind: 'one', args: argsOf(readArray(method, body)) };
  if (path === 'pipeline' || path === 'multi-exec') {
    return { kind: path, commands: commandsOf(readArray(method, body)) };
  }
  const words = path.split('/').map(decode);
  return { kind: 'one', args: [...words, ...(body?.length ? [body] : []), ...queryOf(url)] };
}

/**
 * A token in a URL would stay in the logs of everything on its way.
 *
 * @throws CommandError
 */
export function refuseTokenInUrl(url: string): void {
  if (!queryPairs(url).some(([name]) => name === '_token')) return;
  throw new CommandError(
    'ERR tokens are not taken from URLs, which end up in logs: send Authorization: Bearer',
  );
}

/** @throws CommandError for a format or an encoding that is not known */
export function encodingOf(headers: IncomingHttpHeaders): Encoding {
  const format = headers['upstash-response-format'] ?? 'json';
  if (format !== 'json') throw new CommandError('ERR Upstash-Response-Format may only be json');
  const encoding = headers['upstash-encoding'];
  if (encoding === undefined || encoding === '') return 'text';
  if (encoding === 'base64') return encoding;
  throw new CommandError('ERR Upstash-Encoding may only be base64');
}

function readArray(method: string, body: Buffer | undefined): readonly unknown[] {
  if (method !== 'POST' && method !== 'PUT') {
    throw new CommandError('ERR send the command as a JSON array in the body of a POST, or in the path');
  }
  const parsed = parseJson(body ?? Buffer.alloc(0));
  if (!Array.isArray(parsed)) throw new CommandError('ERR the body must be a JSON array');
  // Numbers are taken as they were written: 1.10 is not 1.1, and beyond 2^53 they would be rounded.
  const hasNumbers = parsed.flat().some((one) => typeof one === 'number');
  return hasNumbers ? (JSON.parse(quoteNumbers((body ?? '').toString())) as unknown[]) : parsed;
}

function commandsOf(rows: readonly unknown[]): (readonly Arg[])[] {
  if (rows.length === 0) throw new CommandError('ERR there is no command in the array');
  if (rows.length > commandsMax) throw new CommandError(`ERR at most ${commandsMax} commands in a request`);
  let args = 0;
  return rows.map((row) => {
    if (!Array.isArray(row)) throw new CommandError('ERR each command must be a JSON array');
    args += row.length;
    if (args > argsMax) throw new CommandError(`ERR at most ${argsMax} arguments in a request`);
    return argsOf(row);
  });
}

function argsOf(row: readonly unknown[]): Arg[] {
  if (row.length > argsMax) throw new CommandError(`ERR at most ${argsMax} arguments in a request`);
  return row.map((arg) => {
    if (typeof arg === 'string') return arg;
    if (typeof arg === 'boolean') return String(arg);
    throw new CommandError('ERR arguments are strings, numbers or booleans');
  });
}

/** Puts the numbers of a JSON text, which must have been parsed before, into quotes. */
function quoteNumbers(text: string): string {
  const parts: string[] = [];
  const marks = /["\d-]/g;
  let done = 0;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    const end = mark[0] === '"' ? stringEnd(text, mark.index) : numberEnd(text, mark.index);
    if (mark[0] !== '"') {
      parts.push(text.slice(done, mark.index), `"${text.slice(mark.index, end)}"`);
      done = end;
    }
    marks.lastIndex = end;
  }
  return parts.join('') + text.slice(done);
}

function numberEnd(text: string, start: number): number {
  const behind = /[^\d.eE+-]/g;
  behind.lastIndex = start;
  return behind.exec(text)?.index ?? text.length;
}

/** The index after the quote that ends the string beginning at `start`. */
function stringEnd(text: string, start: number): number {
  const marks = /["\\]/g;
  marks.lastIndex = start + 1;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    if (mark[0] === '"') return marks.lastIndex;
    marks.lastIndex += 1;
  }
  return text.length;
}

/** `?EX=100&NX` is what `EX 100 NX` is in a command. */
function queryOf(url: string): string[] {
  return queryPairs(url).flatMap(([name, value]) => (value === '' ? [name] : [name, value]));
}

function queryPairs(url: string): [string, string][] {
  const from = url.indexOf('?') + 1;
  if (from === 0) return [];
  return url
    .slice(from)
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', ...value] = pair.replaceAll('+', ' ').split('=');
      return [decode(name), decode(value.join('='))];
    });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new HaloError('invalid-request', 'The URL is not percent-encoded UTF-8.', { cause });
  }
}
