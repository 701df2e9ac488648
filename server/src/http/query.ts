import type { Static, TSchema } from 'typebox';
import { HaloError } from '../errors.js';
import { compileValidate, escapePointer } from './validate.js';

/**
 * Makes a reader of query strings for a schema of the contract. Stricter than the usual parsers: a parameter
 * given twice, unknown, of the wrong form, or not percent-encoded UTF-8 is refused rather than guessed at.
 *
 * @returns a function from the request's URL to the parameters; it throws HaloError `invalid-request`
 */
export function compileQuery<Schema extends TSchema>(schema: Schema): (url: string) => Static<Schema> {
  const validate = compileValidate(schema);
  const { properties } = schema as unknown as { properties: Record<string, { type?: unknown }> };
  return (url) => {
    const parameters: Record<string, unknown> = Object.create(null);
    const from = url.indexOf('?') + 1;
    const pairs = from === 0 ? [] : url.slice(from).split('&');
    for (const pair of pairs) {
      if (pair === '') continue;
      const equals = pair.indexOf('=');
      const name = decode(equals === -1 ? pair : pair.slice(0, equals));
      if (name in parameters) throw refusal(name, 'is given more than once');
      const text = equals === -1 ? '' : decode(pair.slice(equals + 1));
      parameters[name] = parse(
        name,
        text,
        Object.hasOwn(properties, name) ? properties[name]?.type : undefined,
      );
    }
    return validate(parameters);
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new HaloError('invalid-request', 'The query string is not percent-encoded UTF-8.');
  }
}

function parse(name: string, text: string, type: unknown): unknown {
  if (text.includes('\0')) throw refusal(name, 'may not contain NUL');
  if (type === 'integer') {
    if (!/^-?\d{1,16}$/.test(text)) throw refusal(name, 'must be a whole number');
    return Number(text);
  }
  if (type === 'boolean') {
    if (text !== 'true' && text !== 'false') throw refusal(name, 'must be true or false');
    return text === 'true';
  }
  return text;
}

function refusal(name: string, fault: string): HaloError {
  const pointer = `/${escapePointer(name)}`;
  return new HaloError('invalid-request', `${pointer} ${fault}.`, { extra: { pointer } });
}
