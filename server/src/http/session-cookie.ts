import type { FastifyReply, FastifyRequest } from 'fastify';
import { HaloError } from '../errors.js';

/**
 * The refresh token of a browser lives in a cookie that scripts cannot read and other sites cannot cause to be
 * sent. `__Host-` binds it to this host and to TLS. Plain http is for localhost only, where cookies are shared
 * between ports, so that the name tells servers on one machine apart.
 */
export function setSessionCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  token: string,
  expires: Date,
): void {
  const secure = isSecure(request);
  reply.setCookie(cookieName(request), token, {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure,
    expires,
  });
}

export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  const secure = isSecure(request);
  reply.clearCookie(cookieName(request), { path: '/', httpOnly: true, sameSite: 'strict', secure });
}

export function readSessionCookie(request: FastifyRequest): string | undefined {
  return request.cookies[cookieName(request)];
}

/**
 * Lets through what a page of our own origin sends, after OWASP: the browser's word in `Sec-Fetch-Site`, or
 * else an `Origin` that names this host.
 *
 * @throws HaloError `cross-site`
 */
export function checkSameOrigin(request: FastifyRequest): void {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (
    site === undefined
      ? origin !== undefined && host !== undefined && hostOf(origin) === host
      : site === 'same-origin'
  )
    return;
  throw new HaloError('cross-site', 'The session cookie only works from the console’s own origin.');
}

function cookieName(request: FastifyRequest): string {
  return isSecure(request) ? '__Host-halo_refresh' : `halo_refresh_${request.socket.localPort ?? 0}`;
}

/** A proxy that ends TLS leaves its trace in the browser's own Origin; a forged one only spoils the forger's cookie. */
function isSecure({ protocol, headers }: FastifyRequest): boolean {
  return protocol === 'https' || headers.origin?.startsWith('https://') === true;
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
