import { abortable } from './abortable.js';
import { backoffMs, pause } from './backoff.js';
import { HaloError, readProblem } from './problem.js';

/** What can be given up: the call then rejects with the signal's reason. */
export interface Cancellable {
  readonly signal?: AbortSignal | undefined;
}

export interface Ask extends Cancellable {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** From the server's root, escaped, such as `/v1/keys/a`. */
  readonly path: string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, everything else as it is. */
  readonly body?: BodyInit | object;
  /**
   * What repeating it does. `safe`: nothing, it may be repeated after any failure. `if-refused`: it is a write, and
   * may be repeated only when the server has said that nothing was done. `never`: it is sent once. Left out, GET and
   * HEAD are safe, and everything else is a write.
   */
  readonly repeat?: 'safe' | 'if-refused' | 'never';
  /** How long to wait for its answer to begin, instead of what the sender was made with. */
  readonly timeoutMs?: number;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Sends one request to the server and returns the answer of a success. */
export type Send = (ask: Ask) => Promise<Response>;

/** Where requests go, and with how much patience. */
export interface ConnectionOptions {
  /** Where Halo is, such as `https://halo.example`; in a browser left out for the page's own origin. */
  readonly url?: string;
  /** How often a request is tried again after what may pass; 3 by default. */
  readonly retries?: number;
  /** How long to wait for an answer to begin, in milliseconds; 30,000 by default, 0 for ever. */
  readonly timeoutMs?: number;
  /** Instead of the platform's own. */
  readonly fetch?: typeof fetch;
}

export interface SenderOptions extends ConnectionOptions {
  /** The value of `Authorization` for each try; undefined to send what the request itself has, if anything. */
  readonly authorization?: () => Promise<string | undefined>;
  /** Told of a 401; says whether there are new credentials to try once with. */
  readonly renew?: (refused: HaloError, sent: string | undefined) => Promise<boolean>;
}

const retriesDefault = 3;
const timeoutMsDefault = 30_000;
/** Waiting longer than this for a server that asks for it is left to the caller. */
const waitMsMax = 30_000;

/**
 * Makes what `createHalo` sends with, for programs that keep their sessions themselves: it tries again what may be
 * tried again, and turns everything that does not succeed into a HaloError.
 */
export function createSender(options: SenderOptions = {}): Send {
  const { authorization: authorize = async () => undefined, renew = async () => false } = options;
  const { retries = retriesDefault } = options;
  return async (ask) => {
    let renewed = false;
    for (let tries = 0; ; tries += 1) {
      const authorization = await unlessAborted(authorize(), ask.signal);
      try {
        return await sendOnce(options, ask, authorization);
      } catch (error) {
        ask.signal?.throwIfAborted();
        if (!(error instanceof HaloError)) throw error;
        if (isRefusedCredential(error) && !renewed && ask.repeat !== 'never') {
          renewed = true;
          if (await unlessAborted(renew(error, authorization), ask.signal)) continue;
        }
        const waitMs = error.retryAfterMs ?? backoffMs(tries);
        if (tries >= retries || !mayRepeat(ask, error) || waitMs > waitMsMax) throw error;
        await pause(waitMs, ask.signal);
      }
    }
  };
}

/** A wrong password is a 401 too, but of something else than the credential: it names the field. */
function isRefusedCredential({ status, problem }: HaloError): boolean {
  return status === 401 && problem?.pointer === undefined;
}

function mayRepeat(ask: Ask, { code, status }: HaloError): boolean {
  if (ask.repeat === 'never') return false;
  const nothingDone = status === 429 || ['overloaded', 'unreachable'].includes(code);
  if (nothingDone || (status === 503 && code === 'unavailable')) return true;
  return isSafe(ask) && (code === 'outcome-unknown' || status >= 502);
}

function isSafe({ method, repeat }: Ask): boolean {
  return repeat === undefined ? method === 'GET' || method === 'HEAD' : repeat === 'safe';
}

async function sendOnce(
  options: ConnectionOptions,
  ask: Ask,
  authorization: string | undefined,
): Promise<Response> {
  // Called as a method of anything, some platforms' fetch refuses; called by a name of its own it does not.
  const { url = '', fetch: send = fetch } = options;
  const { timeoutMs = options.timeoutMs ?? timeoutMsDefault } = ask;
  const headers = new Headers(ask.headers);
  if (authorization !== undefined) headers.set('authorization', authorization);
  const body = bodyOf(ask, headers);
  const timeout = new AbortController();
  const timer = timeoutMs > 0 ? setTimeout(() => timeout.abort(), timeoutMs) : undefined;
  const signals = ask.signal === undefined ? [timeout.signal] : [timeout.signal, ask.signal];
  let response: Response;
  try {
    // Cookies go along to the page's own origin and to no other, which is how fetch has it by itself. Some platforms
    // refuse to be told.
    response = await send(url.replace(/\/+$/, '') + ask.path + queryText(ask.query), {
      method: ask.method,
      headers,
      body,
      // Nothing of a person's data belongs in a browser's cache.
      cache: 'no-store',
      redirect: 'error',
      signal: AbortSignal.any(signals),
      // Without it Node refuses bodies that are streams. Browsers know it; TypeScript does not yet.
      ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
    } as RequestInit);
  } catch (cause) {
    ask.signal?.throwIfAborted();
    if (isSafe(ask) || neverConnected(cause)) {
      throw new HaloError('unreachable', 'The server cannot be reached.', { cause });
    }
    throw new HaloError('outcome-unknown', lostText, { cause });
  } finally {
    clearTimeout(timer);
  }
  if (!response.ok && response.status !== 304) throw lostBehindProxy(ask, await readProblem(response));
  return ask.signal === undefined ? response : abortable(response, ask.signal);
}

const lostText = 'The answer to a write was lost: it may or may not have been done.';
/** What proxies answer when a server has broken off, or is too slow. A 503 says that there was none. */
const proxyStatuses = [502, 504];

/** A proxy that has lost the server does not know what became of a write. Halo itself always says why it refuses. */
function lostBehindProxy(ask: Ask, error: HaloError): HaloError {
  const { status, problem, requestId } = error;
  const isLost = !isSafe(ask) && problem === undefined && proxyStatuses.includes(status);
  return isLost ? new HaloError('outcome-unknown', lostText, { status, requestId, cause: error }) : error;
}

/** Who waits for what others wait for too, such as one refresh for all, can stop waiting alone. */
function unlessAborted<Result>(waited: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return waited;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    waited.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** What Node says of connections that did not come about, so that nothing was sent. Browsers do not tell. */
const connectFailures = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function neverConnected(error: unknown): boolean {
  const { cause } = error as { readonly cause?: { readonly code?: unknown } };
  return typeof cause?.code === 'string' && connectFailures.has(cause.code);
}

function bodyOf({ body }: Ask, headers: Headers): BodyInit | null {
  if (body === undefined) return null;
  if (isBodyInit(body)) return body;
  headers.set('content-type', 'application/json');
  return JSON.stringify(body);
}

function isBodyInit(body: BodyInit | object): body is BodyInit {
  return (
    typeof body === 'string' ||
    body instanceof Blob ||
    body instanceof ArrayBuffer ||
    ArrayBuffer.isView(body) ||
    body instanceof ReadableStream
  );
}

/** Returns a query with its `?`, or an empty string when there is nothing to ask. */
function queryText(query: Query = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`;
}

/** Reads the JSON of an answer, trusted to be what the contract says. */
export async function readJson<Content>(response: Response): Promise<Content> {
  return wholly(response.json() as Promise<Content>, response.status);
}

/** Reads the bytes of an answer. */
export async function readBytes(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await wholly(response.arrayBuffer(), response.status));
}

async function wholly<Content>(read: Promise<Content>, status: number): Promise<Content> {
  try {
    return await read;
  } catch (cause) {
    // Everything else is the reason of an abort signal, which is whoever aborted's own.
    if (!(cause instanceof TypeError) && !(cause instanceof SyntaxError)) throw cause;
    throw new HaloError('incomplete', 'The answer broke off.', { status, cause });
  }
}
