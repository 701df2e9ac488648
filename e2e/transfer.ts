import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { type ImportEnd, ndjsonType, operations } from 'halo-contract';
import type { Person } from './halo.js';

/** An answer that is read no faster than it is asked for. */
export interface Download {
  /** What came so far is left to pile up; the connection's buffers do the rest. */
  readonly response: IncomingMessage;
  /** Reads on, to the end or to where it broke off. */
  rest(): Promise<{ readonly text: string; readonly isWhole: boolean }>;
}

/** Begins an export, and reads nothing but the head of the answer. */
export async function beginExport(url: string, person: Person, query = ''): Promise<Download> {
  const sent = request(`${url}${operations.exportStore.path}${query}`, {
    headers: { authorization: `Bearer ${person.accessToken}` },
  }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return {
    response,
    rest: async () => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => {});
      // Not `once`, which would take a connection that breaks for a failure of its own.
      if (!response.closed) await new Promise((resolve) => response.once('close', resolve));
      return { text: Buffer.concat(chunks).toString(), isWhole: response.complete };
    },
  };
}

/** An import that is sent bit by bit. */
export interface Upload {
  readonly sent: ClientRequest;
  /** The lines that were answered so far. */
  readonly answered: () => readonly ImportEnd[];
  /** Resolves when the answer is over, or the connection. */
  readonly over: Promise<unknown>;
}

export function beginImport(url: string, person: Person, query = ''): Upload {
  const sent = request(`${url}${operations.importStore.path}${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${person.accessToken}`, 'content-type': ndjsonType },
  });
  let text = '';
  const over = new Promise((resolve) => {
    sent.once('error', resolve).once('response', (response: IncomingMessage) => {
      response.setEncoding('utf8').on('data', (more: string) => {
        text += more;
      });
      response.once('end', resolve).once('error', resolve);
    });
  });
  sent.flushHeaders();
  return { sent, over, answered: () => linesOf(text) as ImportEnd[] };
}

export function linesOf(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
}
