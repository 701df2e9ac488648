import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { httpDate } from './dates.js';

/** The answer to a request for a key, before it is known how it will be sent. */
export interface KeyAnswer {
  readonly status: number;
  /** The header lines, each `name: value` with its line end. The lengths of bodies and connections are the sender's. */
  readonly head: string;
  /** Undefined where an answer cannot have one: 304. */
  readonly body: Buffer | undefined;
}

/** Bytes as Latin-1 characters leave together with the head; beyond this size, copying costs more than a second write. */
export const joinedBytesMax = 16_384;

/** Sends an answer by way of Node's HTTP server. */
export function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { status, head, body }: KeyAnswer,
): void {
  const length = body === undefined ? [] : ['content-length', String(body.length)];
  response.writeHead(status, [...namesAndValues(head), ...length]);
  if (body === undefined || request.method === 'HEAD') response.end();
  else if (body.length <= joinedBytesMax) response.end(body.toString('latin1'), 'latin1');
  else response.end(body);
}

/**
 * The head of an answer as the bytes of HTTP/1.1, in Latin-1.
 *
 * @param keepAliveS for how long an idle connection is kept; undefined: it closes after this answer
 */
export function headText({ status, head, body }: KeyAnswer, keepAliveS: number | undefined): string {
  const length = body === undefined ? '' : `content-length: ${body.length}\r\n`;
  const connection = keepAliveS === undefined ? 'close' : `keep-alive\r\nkeep-alive: timeout=${keepAliveS}`;
  const end = `date: ${httpDate(Date.now())}\r\nconnection: ${connection}\r\n\r\n`;
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}${length}${end}`;
}

/** Header lines of names and values. */
export function headLines(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
}

function namesAndValues(head: string): string[] {
  return head
    .split('\r\n')
    .slice(0, -1)
    .flatMap((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 2)];
    });
}
