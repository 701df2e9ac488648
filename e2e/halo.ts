import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type AccountView, type EntryList, type Grant, operations, type PutResult } from 'halo-contract';

export type Body = string | Uint8Array<ArrayBuffer>;
export type Headers = Readonly<Record<string, string>>;

export interface RequestParts {
  readonly token?: string | undefined;
  readonly headers?: Headers | undefined;
  readonly body?: Body | undefined;
  /** Gives the request up. */
  readonly signal?: AbortSignal | undefined;
}

export interface KeyParts {
  /** Without the question mark. */
  readonly query?: string;
  readonly headers?: Headers;
}

/** Somebody with an account and a session. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly password: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

export const goodPassword = 'a lantern over quiet water';

const runId = randomBytes(4).toString('hex');
let people = 0;

/** A name that nobody has had yet, on whichever server. */
export function newName(): string {
  people += 1;
  return `person-${runId}-${process.pid}-${people}`;
}

export type Halo = ReturnType<typeof haloAt>;

/**
 * The requests that tests make. Whatever they ask, each answer must carry what every answer promises, so
 * that this is checked here once for all of them.
 */
export function haloAt(url: string) {
  const request = async (method: string, path: string, parts: RequestParts = {}): Promise<Response> => {
    const { token, headers, body, signal } = parts;
    const response = await fetch(`${url}${path}`, {
      method,
      redirect: 'manual',
      ...(signal === undefined ? {} : { signal }),
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
      // As bytes, because fetch would declare a string to be text.
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
    });
    checkEveryAnswer(response);
    return response;
  };
  const post = (path: string, body: unknown, headers: Headers = {}): Promise<Response> => {
    const json = { 'content-type': 'application/json', ...headers };
    return request('POST', path, { headers: json, body: JSON.stringify(body) });
  };
  const onKey = (method: string, person: Person, key: string, parts: KeyParts = {}, body?: Body) => {
    const query = parts.query === undefined ? '' : `?${parts.query}`;
    const { accessToken: token } = person;
    return request(method, `${pathOf(key)}${query}`, { token, headers: parts.headers, body });
  };
  return {
    request,
    post,
    async signUp(name = newName(), password = goodPassword): Promise<Person> {
      const response = await post(operations.signUp.path, { name, password });
      return personOf(await expectJson<Grant>(response, 201), password);
    },
    async logIn({ name, password }: Pick<Person, 'name' | 'password'>): Promise<Person> {
      const response = await post(operations.logIn.path, { name, password });
      return personOf(await expectJson<Grant>(response, 200), password);
    },
    refresh: (refreshToken: string) => post(operations.refresh.path, { refresh_token: refreshToken }),
    logOut: (person: Person) => request('POST', operations.logOut.path, { token: person.accessToken }),
    async account(person: Person): Promise<AccountView> {
      const response = await request('GET', operations.getAccount.path, { token: person.accessToken });
      return expectJson<AccountView>(response, 200);
    },
    get: (person: Person, key: string, parts?: KeyParts) => onKey('GET', person, key, parts),
    head: (person: Person, key: string, parts?: KeyParts) => onKey('HEAD', person, key, parts),
    put: (person: Person, key: string, value: Body, parts?: KeyParts) =>
      onKey('PUT', person, key, parts, value),
    delete: (person: Person, key: string, parts?: KeyParts) => onKey('DELETE', person, key, parts),
    purge: (person: Person, key: string, query = '') => {
      const path = operations.purgeKey.path.replace('{key}', () => encodeURIComponent(key));
      return request('DELETE', `${path}?${query}`, { token: person.accessToken });
    },
    /** Sets a value that must be taken. */
    async set(person: Person, key: string, value: Body, parts?: KeyParts): Promise<PutResult> {
      const response = await onKey('PUT', person, key, parts, value);
      assert.ok(response.ok, `PUT answered ${response.status}`);
      return (await response.json()) as PutResult;
    },
    /** The value under a key that must be there. */
    async read(person: Person, key: string): Promise<Buffer<ArrayBuffer>> {
      const response = await onKey('GET', person, key);
      assert.equal(response.status, 200);
      return Buffer.from(await response.arrayBuffer());
    },
    list: (person: Person, query = '') =>
      request('GET', `${operations.listKeys.path}${query === '' ? '' : `?${query}`}`, {
        token: person.accessToken,
      }),
    /** A page that must be answered. */
    async page(person: Person, query: Readonly<Record<string, string>> = {}): Promise<EntryList> {
      const path = `${operations.listKeys.path}?${new URLSearchParams(query)}`;
      return expectJson<EntryList>(await request('GET', path, { token: person.accessToken }), 200);
    },
  };
}

/** Where a key is. Escaping the slashes too keeps URL parsers from folding `../a`. */
export function pathOf(key: string): string {
  return operations.getKey.path.replace('{key}', () => encodeURIComponent(key));
}

export async function expectJson<Content>(response: Response, status: number): Promise<Content> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.match(response.headers.get('content-type') ?? '', /^application\/json\b/);
  return JSON.parse(text) as Content;
}

export function personOf({ account, access_token, refresh_token }: Grant, password = goodPassword): Person {
  const { id, name } = account;
  return { id, name, password, accessToken: access_token, refreshToken: refresh_token ?? '' };
}

function checkEveryAnswer({ status, headers }: Response): void {
  assert.match(headers.get('x-request-id') ?? '', /^[\w-]{6,}$/, `X-Request-Id of a ${status}`);
  assert.equal(headers.get('x-content-type-options'), 'nosniff', `X-Content-Type-Options of a ${status}`);
  if (status >= 400) assert.match(headers.get('content-type') ?? '', /^application\/problem\+json\b/);
  if (status === 401) assert.match(headers.get('www-authenticate') ?? '', /^Bearer\b/);
  if (status === 405) assert.match(headers.get('allow') ?? '', /^[A-Z]+(, [A-Z]+)*$/);
}
