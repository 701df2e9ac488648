export interface Asked {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: unknown;
  readonly signal: AbortSignal | undefined;
}

type Answer = (asked: Asked) => Response | Promise<Response>;

/**
 * A fetch that answers as it is told, in turn, the last answer again and again; and what it was asked. It is handed
 * to the SDK as an option, as anybody may.
 */
export function fetchThat(...answers: Answer[]) {
  const asked: Asked[] = [];
  const send = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(String(input));
    const one: Asked = {
      method: init.method ?? 'GET',
      path: url.pathname + url.search,
      headers: new Headers(init.headers),
      body: init.body ?? undefined,
      signal: init.signal ?? undefined,
    };
    asked.push(one);
    one.signal?.throwIfAborted();
    const answer = answers[Math.min(asked.length, answers.length) - 1];
    if (answer === undefined) throw new TypeError('fetch failed');
    return answer(one);
  };
  return { fetch: send as typeof fetch, asked };
}

export const answerJson =
  (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer =>
  () =>
    Response.json(body, { status, headers });

export function refuse(status: number, code: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const problem = { type: '', title: code, status, code, detail: `It is ${code}.`, request_id: 'r-1' };
  return answerJson(problem, status, headers);
}

/** The connection breaks, after the request may have arrived. */
export const breakOff: Answer = () => {
  throw new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) });
};

/** There is nobody to connect to. */
export const refuseConnection: Answer = () => {
  throw new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code: 'ECONNREFUSED' }) });
};

/** No answer, until the request is aborted. */
export const hang: Answer = ({ signal }) =>
  new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
