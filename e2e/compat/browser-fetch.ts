/** What a page may send to another origin without asking first (WHATWG Fetch, section 2.2.2). */
const safeMethods = ['GET', 'HEAD', 'POST'];
const safeRequestHeaders = ['accept', 'accept-language', 'content-language'];
const safeContentTypes = /^(text\/plain|application\/x-www-form-urlencoded|multipart\/form-data)\b/;
const safeResponseHeaders = [
  'cache-control',
  'content-language',
  'content-length',
  'content-type',
  'expires',
  'last-modified',
  'pragma',
];

/** The platform's own, which a test may have put this one in the place of. */
const platformFetch = globalThis.fetch;

export interface BrowserFetch {
  readonly fetch: typeof fetch;
  /** Names of the headers for which leave was asked, on whatever request. */
  readonly asked: Set<string>;
}

/**
 * A fetch that is as strict as that of a page of `origin` which asks another one: it asks before it sends, fails as
 * a browser does when it may not, and shows of an answer only what is exposed.
 */
export function browserFetch(origin: string): BrowserFetch {
  const asked = new Set<string>();
  const crossing: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const names = [...request.headers.keys()].filter(
      (name) => !isSafe(name, request.headers.get(name) ?? ''),
    );
    if (names.length > 0 || !safeMethods.includes(request.method)) {
      for (const name of names) asked.add(name);
      await preflight(origin, request, names);
    }
    const headers = new Headers(request.headers);
    headers.set('origin', origin);
    const response = await platformFetch(new Request(request, { headers }));
    if (response.headers.get('access-control-allow-origin') !== origin)
      throw failed('The answer may not be read.');
    const readable = [...safeResponseHeaders, ...namesIn(response, 'access-control-expose-headers')];
    const shown = [...response.headers].filter(([name]) => readable.includes(name));
    const { status, statusText } = response;
    return new Response(response.body, { status, statusText, headers: shown });
  };
  return { fetch: crossing, asked };
}

async function preflight(origin: string, { url, method }: Request, names: readonly string[]): Promise<void> {
  const headers = {
    origin,
    'access-control-request-method': method,
    ...(names.length > 0 ? { 'access-control-request-headers': [...names].sort().join(',') } : {}),
  };
  const answer = await platformFetch(url, { method: 'OPTIONS', headers });
  if (!answer.ok || answer.headers.get('access-control-allow-origin') !== origin)
    throw failed('The origin is not allowed.');
  const allowed = namesIn(answer, 'access-control-allow-headers');
  const refused = names.filter((name) => !allowed.includes(name));
  if (refused.length > 0) throw failed(`Not allowed: ${refused.join(', ')}.`);
  const methods = namesIn(answer, 'access-control-allow-methods');
  if (!safeMethods.includes(method) && !methods.includes(method.toLowerCase()))
    throw failed(`Not allowed: ${method}.`);
}

function isSafe(name: string, value: string): boolean {
  return safeRequestHeaders.includes(name) || (name === 'content-type' && safeContentTypes.test(value));
}

function namesIn({ headers }: Response, list: string): string[] {
  return (headers.get(list) ?? '').toLowerCase().split(/\s*,\s*/);
}

/** Of all reasons, a page is told only that it failed; the rest stands in the browser's console. */
const failed = (why: string) => new TypeError('Failed to fetch', { cause: new Error(why) });
