import { connect } from 'node:net';

/** One answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface RawOptions {
  /** Ends our side after the bytes, for requests that promise more than they send. */
  readonly end?: boolean;
  /** Sends the bytes in pieces of this size, one a turn of the event loop. */
  readonly pieceBytes?: number;
}

/** Whatever is sent, an answer or a close is due at once; this only keeps a hung test short. */
const answerMsMax = 10_000;

/**
 * Sends bytes that no HTTP client would, and returns the answers until the server closes the connection. Ask
 * for that with `Connection: close`; after what is not HTTP the server closes by itself.
 *
 * @param bytes a string stands for one byte a character
 */
export async function sendRaw(
  port: number,
  bytes: string | Uint8Array,
  { end = false, pieceBytes = Number.POSITIVE_INFINITY }: RawOptions = {},
): Promise<RawAnswer[]> {
  const received: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host: 'localhost', port });
    const sendPiece = (rest: Uint8Array): void => {
      socket.write(rest.subarray(0, pieceBytes));
      if (rest.length > pieceBytes) setImmediate(sendPiece, rest.subarray(pieceBytes));
      else if (end) socket.end();
    };
    const timer = setTimeout(() => {
      socket.destroy();
      reject(
        new Error(`The connection stayed open; so far came: ${Buffer.concat(received).toString('latin1')}`),
      );
    }, answerMsMax);
    socket.on('data', (chunk) => received.push(chunk));
    // A server that closes while we still write resets the connection. What it answered before counts.
    socket.on('error', () => {});
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.once('connect', () => {
      sendPiece(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    });
  });
  return parseAnswers(Buffer.concat(received).toString('latin1'));
}

/** The lines of a request, joined as HTTP joins them. */
export function requestLines(...lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function parseAnswers(text: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = text;
  while (rest !== '') {
    const headEnd = rest.indexOf('\r\n\r\n');
    const [statusLine, ...lines] = rest.slice(0, headEnd).split('\r\n');
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(statusLine ?? '')?.[1];
    if (headEnd === -1 || status === undefined) throw new Error(`This is not an HTTP answer: ${rest}`);
    const headers = new Map(lines.map((line) => parseHeader(line)));
    const { body, end } = readBody(rest, headEnd + 4, headers);
    answers.push({ status: Number(status), headers, body });
    rest = rest.slice(end);
  }
  return answers;
}

/** The body that starts at `start`, and where it ends. */
function readBody(text: string, start: number, headers: ReadonlyMap<string, string>) {
  if (headers.get('transfer-encoding') !== 'chunked') {
    const end = start + Number(headers.get('content-length') ?? 0);
    return { body: text.slice(start, end), end };
  }
  let body = '';
  for (let at = start; ; ) {
    const lineEnd = text.indexOf('\r\n', at);
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    if (!(size > 0)) return { body, end: lineEnd + 4 };
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
  }
}

function parseHeader(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}
