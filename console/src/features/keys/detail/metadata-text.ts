import { limits, utf8Bytes } from 'halo-contract';
import { jsonFault } from '../json-fault.js';
import { jsonTokens } from './json-format.js';

export interface MetadataRow {
  readonly name: string;
  /** A JSON value as it is written: `1.0` stays `1.0`. */
  readonly value: string;
}

/**
 * Returns the members of metadata in their order, the values as they are written. Halo has made sure that it
 * is an object without repeated names before it stored it.
 */
export function metadataRows(metadata: string | undefined): MetadataRow[] {
  const rows: MetadataRow[] = [];
  let depth = 0;
  let name: string | undefined;
  let value: string[] = [];
  const finish = () => {
    if (name !== undefined) rows.push({ name, value: value.join('') });
    name = undefined;
    value = [];
  };
  for (const token of jsonTokens(readable(metadata ?? ''))) {
    if ((token === '}' || token === ']') && --depth === 0) finish();
    else if (token === ',' && depth === 1) finish();
    else if (depth === 1 && name === undefined) name = JSON.parse(token) as string;
    else if (depth > 1 || (depth === 1 && token !== ':')) value.push(spaced(token));
    if (token === '{' || token === '[') depth += 1;
  }
  return rows;
}

/** Between the tokens of a nested value, where it makes it easier to read on its one line. */
function spaced(token: string): string {
  return token === ',' || token === ':' ? `${token} ` : token;
}

/** Returns the metadata that rows make, or undefined when there are none; what is left wholly empty is no row. */
export function metadataOfRows(rows: readonly MetadataRow[]): string | undefined {
  const members = filled(rows).map(({ name, value }) => `${JSON.stringify(name)}: ${value.trim()}`);
  return members.length === 0 ? undefined : `{${members.join(', ')}}`;
}

/** The bytes that count against the limit. */
export function metadataBytes(rows: readonly MetadataRow[]): number {
  return utf8Bytes(metadataOfRows(rows) ?? '');
}

/** Returns what is wrong with a row among all rows, or undefined. */
export function rowFault(row: MetadataRow, rows: readonly MetadataRow[]): string | undefined {
  if (row.name === '' && row.value.trim() === '') return undefined;
  if (filled(rows).filter(({ name }) => name === row.name).length > 1) return 'This name is there twice.';
  if (row.value.trim() === '') return 'Enter a JSON value, such as "text", 1 or true.';
  const fault = jsonFault(row.value);
  if (fault === undefined) return undefined;
  return `Not valid JSON: column ${fault.column}: ${fault.message}. Text stands in double quotes.`;
}

function filled(rows: readonly MetadataRow[]): readonly MetadataRow[] {
  return rows.filter(({ name, value }) => name !== '' || value.trim() !== '');
}

/**
 * Returns metadata as a header may carry it: in ASCII with all else escaped, which every proxy lets through,
 * or as bytes of UTF-8 where the escapes would take it over the limit. Both are the same JSON.
 */
export function metadataHeader(metadata: string): string {
  const oneLine = metadata.replace(/[\r\n\t]/g, ' ');
  const ascii = oneLine.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  if (ascii.length <= limits.metadataBytesMax) return ascii;
  // A header of fetch is bytes, each written as the character of that number.
  return Array.from(new TextEncoder().encode(readable(oneLine)), (byte) => String.fromCharCode(byte)).join(
    '',
  );
}

/** Returns JSON with the escapes undone that headers need: those of characters beyond ASCII. */
function readable(json: string): string {
  const text = json.replace(/\\(?:u([0-9a-fA-F]{4})|.)/g, (written, hex: string | undefined) => {
    const unit = hex === undefined ? 0 : Number.parseInt(hex, 16);
    return unit < 0x80 ? written : String.fromCharCode(unit);
  });
  return text.isWellFormed() ? text : json;
}
