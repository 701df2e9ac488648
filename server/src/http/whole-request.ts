import type { IncomingHttpHeaders } from 'node:http';
import { limits } from 'halo-contract';
import { createMemo, type Memo } from '../auth/memo.js';

/** A request that lies whole in one piece of what a connection received. */
export interface WholeRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<IncomingHttpHeaders>;
  readonly body: Buffer;
  /** Where the next one begins. */
  readonly end: number;
}

/**
 * Makes a reader of plain requests for one connection. It knows only a part of HTTP/1.1 (RFC 9112), so that nothing it
 * accepts could be understood in two ways; for everything else it answers undefined, and Node's own parser has to be
 * asked about the same bytes. A plain request is for a path below `pathPrefix`, has each header once, and has a body
 * only with PUT, of the length it says.
 *
 * Clients send the same headers again and again: those that equal the ones before are not read again. Behind a proxy,
 * many people's requests take turns on a connection: their headers are looked up.
 *
 * @param heads what was read before, which the readers of all connections may share
 */
export function createWholeRequestReader(
  pathPrefix: string,
  heads: Heads = createHeads(),
): (bytes: Buffer, start: number) => WholeRequest | undefined {
  const openings = methods.map((method) => ({ method, text: `${method} ${pathPrefix}` }));
  /** That of the last request. */
  let known: Head | undefined;

  return (bytes, start) => {
    const lineEnd = bytes.indexOf('\r\n', start, 'latin1');
    if (lineEnd === -1 || lineEnd - start > limits.headerBytesMax) return undefined;
    const line = bytes.toString('latin1', start, lineEnd);
    const opening = openings.find(({ text }) => line.startsWith(text));
    if (opening === undefined || !line.endsWith(version)) return undefined;
    const { method } = opening;
    const url = line.slice(method.length + 1, -version.length);
    if (notVisible.test(url)) return undefined;

    if (known === undefined || !isAt(bytes, lineEnd, known.bytes)) {
      known = findHead(heads, bytes, lineEnd);
      if (known === undefined) return undefined;
    }
    const bodyStart = lineEnd + known.bytes.length;
    const { headers, bodyBytes } = known;
    if (bodyStart - start > limits.headerBytesMax) return undefined;
    if ((bodyBytes !== undefined) !== (method === 'PUT')) return undefined;
    const end = bodyStart + (bodyBytes ?? 0);
    if (end > bytes.length) return undefined;
    return { method, url, headers, body: bytes.subarray(bodyStart, end), end };
  };
}

/** The headers of a request, by their text. */
export type Heads = Memo<Head>;

/** Each takes three times its length. */
const headsMax = 2_000;
/** Anybody can send headers, so that what is kept of them is bounded: to 12 MB. */
const keptBytesMax = 2_048;

export function createHeads(): Heads {
  return createMemo(headsMax);
}

interface Head {
  /** Where they were read, from the end of the first line to the empty line. */
  readonly bytes: Buffer;
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** What `Content-Length` says. */
  readonly bodyBytes: number | undefined;
}

const methods = ['GET', 'PUT', 'HEAD', 'DELETE'];
const version = ' HTTP/1.1';
const headEnd = '\r\n\r\n';
const notVisible = /[^\x21-\x7e]/;
/** RFC 9110 section 5.5, without line folding: a name, a value of visible characters, and spaces around it. */
const headerLine =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[ \t]*[\x21-\x7e\x80-\xff])*)?)[ \t]*$/;
const lengthForm = /^(?:0|[1-9]\d{0,7})$/;
/** They change what a request or its connection is, or are somebody else's to look at. */
const notPlain = new Set([
  'transfer-encoding',
  'trailer',
  'te',
  'upgrade',
  'expect',
  'proxy-connection',
  'keep-alive',
  'forwarded',
  'x-forwarded-for',
]);

function isAt(bytes: Buffer, start: number, known: Buffer): boolean {
  const end = start + known.length;
  return end <= bytes.length && known.compare(bytes, start, end) === 0;
}

/** @param start where the first line ends */
function findHead(heads: Heads, bytes: Buffer, start: number): Head | undefined {
  const end = bytes.indexOf(headEnd, start, 'latin1');
  if (end === -1 || end - start > limits.headerBytesMax) return undefined;
  const text = bytes.toString('latin1', start, end);
  const found = heads.get(text);
  if (found !== undefined) return found;
  // A copy, for a part of a piece would keep the whole piece.
  const head = readHead(text, Buffer.from(bytes.subarray(start, end + headEnd.length)));
  if (head !== undefined && text.length <= keptBytesMax) heads.set(text, head);
  return head;
}

function readHead(text: string, bytes: Buffer): Head | undefined {
  const headers: Record<string, string> = Object.create(null);
  for (const line of text.slice('\r\n'.length).split('\r\n')) {
    const [, name, value] = headerLine.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    const lower = name.toLowerCase();
    if (notPlain.has(lower) || lower in headers) return undefined;
    headers[lower] = value;
  }
  const { host, connection, 'content-length': length } = headers;
  if (host === undefined || host === '') return undefined;
  if (connection !== undefined && connection.toLowerCase() !== 'keep-alive') return undefined;
  if (length !== undefined && !lengthForm.test(length)) return undefined;
  return { bytes, headers, bodyBytes: length === undefined ? undefined : Number(length) };
}
