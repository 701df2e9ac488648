import { randomBytes } from 'node:crypto';
import { type Grant, operations, type PutResult } from 'halo-contract';
import { answerSecondsMax, value, type Workload } from './workload.js';

/** Someone with an account, and with keys to read and write. */
export interface Person {
  /** A workload over the person's keys, or so many of them, with a fresh access token: good for 15 minutes. */
  workload(method: 'GET' | 'PUT', keys?: number): Promise<Workload>;
  readonly accountId: string;
  /** Headers with a fresh access token. */
  authorize(): Promise<Readonly<Record<string, string>>>;
}

/** Also how many connections Halo's PUT is measured at, so that seeding is no harder than that. */
const seedConnections = 64;
const contentType = 'application/octet-stream';

/** What the keys of a workload begin with; a number follows. */
export const keyBeginning = 'bench/';

/**
 * Signs somebody up and writes every key once, then reads one back to see that it is really there.
 *
 * @param keys 0 for a store that is filled in another way
 */
export async function createPerson(origin: string, keys: number, signal: AbortSignal): Promise<Person> {
  const name = `bench-${randomBytes(6).toString('hex')}`;
  const password = randomBytes(24).toString('base64url');
  let grant = (await post(origin + operations.signUp.path, { name, password })) as Grant;
  const path = operations.putKey.path.replace('{key}', encodeURIComponent(keyBeginning));
  const authorization = () => ({ Authorization: `Bearer ${grant.access_token}` });

  let next = 0;
  const seed = async (): Promise<void> => {
    while (next < keys) {
      signal.throwIfAborted();
      const url = `${origin}${path}${next}`;
      next += 1;
      const { created } = (await succeed(
        await fetch(url, {
          method: 'PUT',
          headers: { ...authorization(), 'Content-Type': contentType },
          body: value,
          signal: patience(),
        }),
        (response) => response.json(),
      )) as PutResult;
      if (!created) throw new Error(`${url} was there before it was written.`);
    }
  };
  await Promise.all(Array.from({ length: seedConnections }, seed));
  if (keys > 0) {
    const last = await fetch(`${origin}${path}${keys - 1}`, { headers: authorization(), signal: patience() });
    const stored = await succeed(last, (response) => response.text());
    if (stored !== value) throw new Error(`Halo answered ${stored} where ${value} was stored.`);
  }

  let renewed: Promise<unknown> = Promise.resolve();
  const renew = async (): Promise<void> => {
    grant = (await post(origin + operations.refresh.path, { refresh_token: grant.refresh_token })) as Grant;
  };
  const authorize = async () => {
    // One after the other: an old refresh token that comes late ends the session.
    renewed = renewed.then(renew);
    await renewed;
    return authorization();
  };

  return {
    accountId: grant.account.id,
    authorize,
    async workload(method, some = keys) {
      await authorize();
      const sent = method === 'PUT' ? { 'Content-Type': contentType } : {};
      return {
        origin,
        method,
        path,
        keys: some,
        headers: { ...authorization(), ...sent },
        body: method === 'PUT' ? value : undefined,
      };
    },
  };
}

/** One for each request: thousands that wait for the same signal would all hang their listeners on it. */
function patience(): AbortSignal {
  return AbortSignal.timeout(answerSecondsMax * 1_000);
}

async function post(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal: patience(),
  });
  return succeed(response, (answered) => answered.json());
}

/** @throws Error with the problem that Halo answered, if it is not a success */
async function succeed<Answer>(
  response: Response,
  read: (response: Response) => Promise<Answer>,
): Promise<Answer> {
  if (response.ok) return read(response);
  throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`);
}
