import { AssertionError } from 'node:assert';
import type { Problem } from 'halo-contract';
import type { Seen } from '../consistency/store-history.js';
import { type Halo, type Person, pathOf } from '../halo.js';
import type { Outcome } from './recording.js';

export interface Reply {
  readonly outcome: Outcome;
  readonly detail: string;
  /** The body of an answer in JSON. */
  readonly json: unknown;
  /** The value that a GET was answered with. */
  readonly seen: Seen | undefined;
}

/** More than the server may take for an error in any state that it can be in. */
const answerMsMax = 45_000;

/** Posts to a path, or gets a key, and says what the client learned from it. It never throws. */
export async function ask(
  halo: Halo,
  method: 'GET' | 'POST',
  target: string,
  person: Person,
  body?: object,
): Promise<Reply> {
  const isGet = method === 'GET';
  try {
    const response = await halo.request(method, isGet ? pathOf(target) : target, {
      token: person.accessToken,
      signal: AbortSignal.timeout(answerMsMax),
      ...(isGet ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const { status, headers } = response;
    if (isGet && (status === 200 || status === 404)) {
      const seen = { revision: Number(headers.get('halo-revision')), value: text };
      return { outcome: 'done', detail: '', json: undefined, seen: status === 404 ? undefined : seen };
    }
    const json = JSON.parse(text) as Problem;
    const outcome = outcomeOf(status, json.code);
    const told = outcome === 'done' ? '' : `${status} ${json.code}`;
    const detail = outcome === 'unexpected' ? `${method} ${target} was answered ${text}` : told;
    return { outcome, detail, json, seen: undefined };
  } catch (error) {
    return { ...failureOf(error), json: undefined, seen: undefined };
  }
}

function outcomeOf(status: number, code: string | undefined): Outcome {
  if (status === 200) return 'done';
  if (status === 409) return 'refused';
  if (status !== 503) return 'unexpected';
  return code === 'outcome-unknown' ? 'outcome-unknown' : 'unavailable';
}

/** What fetch throws when there is no whole answer. */
function failureOf(error: unknown): { readonly outcome: Outcome; readonly detail: string } {
  const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  const detail = `${message}: ${cause?.code ?? cause?.message ?? name}`;
  if (error instanceof AssertionError || error instanceof SyntaxError)
    return { outcome: 'unexpected', detail };
  if (name === 'TimeoutError') return { outcome: 'hung', detail };
  return { outcome: cause?.code === 'ECONNREFUSED' ? 'unavailable' : 'no-answer', detail };
}
