import { downloadName } from '../download-name.js';
import { keyPath } from '../key-path.js';
import type { Snapshot } from '../snapshot.js';
import { decodeText } from '../value-text.js';
import { metadataHeader } from './metadata-text.js';
import { shellQuote } from './shell-quote.js';

export type CommandLanguage = 'curl' | 'javascript' | 'cli';

export interface KeyCommand {
  readonly title: string;
  readonly text: string;
}

/** A longer value is not written out, but read from a file. */
const inlineCharactersMax = 400;

/** Returns what gets, sets and deletes this very key, ready to be pasted; the token is in `HALO_TOKEN`. */
export function keyCommands(language: CommandLanguage, origin: string, snapshot: Snapshot): KeyCommand[] {
  const [get, set, remove] = {
    curl: curlCommands,
    javascript: javascriptCommands,
    cli: cliCommands,
  }[language](`${origin}/v1/keys/${keyPath(snapshot.key) ?? ''}`, snapshot);
  return [
    { title: 'Get', text: get },
    { title: 'Set', text: set },
    { title: 'Delete', text: remove },
  ];
}

type Commands = readonly [get: string, set: string, remove: string];

const curlToken = `-H "Authorization: Bearer $HALO_TOKEN"`;

function curlCommands(url: string, snapshot: Snapshot): Commands {
  const { text, file } = sample(snapshot);
  const target = shellQuote(url);
  const headers = Object.entries(headersOf(snapshot)).map(
    ([name, value]) => `  -H ${shellQuote(`${name}: ${value}`)} \\`,
  );
  // `--data-raw`, because `--data-binary` would read a file for a value that begins with `@`.
  const data =
    text === undefined ? `--data-binary ${shellQuote(`@${file}`)}` : `--data-raw ${shellQuote(text)}`;
  return [
    `curl -sS ${target} \\\n  ${curlToken}`,
    [
      `curl -sS -X PUT ${shellQuote(url + setQuery(snapshot))} \\`,
      `  ${curlToken} \\`,
      ...headers,
      `  ${data}`,
    ].join('\n'),
    `curl -sS -X DELETE ${target} \\\n  ${curlToken}`,
  ];
}

function javascriptCommands(url: string, snapshot: Snapshot): Commands {
  const { text, file } = sample(snapshot);
  const headers = Object.entries(headersOf(snapshot)).map(
    ([name, value]) => `    ${JSON.stringify(name)}: ${literal(value)},`,
  );
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a template where it is pasted.
  const authorization = 'Authorization: `Bearer ${process.env.HALO_TOKEN}`';
  const call = (method: string) =>
    [
      `const response = await fetch(${literal(url)}, {`,
      ...(method === 'GET' ? [] : [`  method: "${method}",`]),
      `  headers: { ${authorization} },`,
      '});',
      'if (!response.ok) throw new Error(await response.text());',
    ].join('\n');
  const set = [
    ...(text === undefined ? ['import { readFile } from "node:fs/promises";', ''] : []),
    `const response = await fetch(${literal(url + setQuery(snapshot))}, {`,
    '  method: "PUT",',
    '  headers: {',
    `    ${authorization},`,
    ...headers,
    '  },',
    `  body: ${text === undefined ? `await readFile(${literal(file)})` : literal(text)},`,
    '});',
    'if (!response.ok) throw new Error(await response.text());',
  ].join('\n');
  const read = text === undefined ? 'await response.arrayBuffer()' : 'await response.text()';
  return [`${call('GET')}\nconst value = ${read};`, set, call('DELETE')];
}

function cliCommands(_url: string, snapshot: Snapshot): Commands {
  const { text, file } = sample(snapshot);
  // What begins with a dash would be taken for an option.
  const word = (value: string) => (value.startsWith('-') ? `-- ${shellQuote(value)}` : shellQuote(value));
  const key = word(snapshot.key);
  const set =
    text === undefined
      ? `halo set ${key} < ${shellQuote(file)}`
      : `halo set ${text.startsWith('-') && !key.startsWith('--') ? `-- ${key}` : key} ${shellQuote(text)}`;
  return [`halo get ${key}`, set, `halo rm ${key}`];
}

/** The value as it is, where it can be written out on a line or a few; else the name of a file to have it in. */
function sample({ key, body }: Snapshot): { readonly text: string | undefined; readonly file: string } {
  const text = body === undefined || body.length > inlineCharactersMax ? undefined : decodeText(body);
  // A shell has no words with NUL.
  return { text: text?.includes('\0') ? undefined : text, file: downloadName(key) };
}

/** Setting a value sets all that goes with it, so that what is there now is said again. */
function headersOf({ contentType, metadata }: Snapshot): Record<string, string> {
  return {
    'Content-Type': contentType,
    ...(metadata === undefined ? {} : { 'Halo-Metadata': metadataHeader(metadata) }),
  };
}

function setQuery({ expiresAt }: Snapshot): string {
  return expiresAt === undefined ? '' : '?ttl=keep';
}

/** A string for JavaScript; these two end a line in older engines. */
function literal(text: string): string {
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}
