import { Redis, type RedisConfigNodejs } from '@upstash/redis';

export const mount = '/compat/upstash';

/** The client as its users make it. It would otherwise try again when a connection breaks, and tell on itself. */
export function redisAt(url: string, token: string, options: Partial<RedisConfigNodejs> = {}): Redis {
  return new Redis({
    url: `${url}${mount}`,
    token,
    retry: false,
    enableTelemetry: false,
    enableAutoPipelining: false,
    ...options,
  });
}

/** Sends a JSON body as it is given, right or wrong. */
export function upstashAt(url: string) {
  return (token: string, body: unknown, path = ''): Promise<Response> =>
    fetch(`${url}${mount}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
}
