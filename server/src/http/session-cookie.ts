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
 * else an `Origin` that names this host. Behind a trusted proxy that is the host that the proxy was asked for.
 *
 * @throws HaloError `cross-site`
 */
export function checkSameOrigin(request: FastifyRequest): void {
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (site === undefined ? origin !== undefined && isOwnOrigin(request, origin) : site === 'same-origin')
    return;
  throw new HaloError('cross-site', 'The session cookie only works from the console’s own origin.');
}

function cookieName(request: FastifyRequest): string {
  return isSecure(request) ? '__Host-halo_refresh' : `halo_refresh_${request.socket.localPort ?? 0}`;
}

/**
 * What a trusted proxy says. One that is not named in TRUST_PROXY leaves its trace in the browser's own Origin; a
 * forged one only spoils the forger's cookie.
 */
function isSecure(request: FastifyRequest): boolean {
  return isHttps(request) || request.headers.origin?.startsWith('https://') === true;
}

function isHttps({ protocol }: FastifyRequest): boolean {
  return protocol?.toLowerCase() === 'https';
}

function isOwnOrigin(request: FastifyRequest, origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  // Where TLS is certain, a page that came without it may be anybody's.
  if (isHttps(request) && protocol !== 'https:') return false;
  // A proxy may write the port that a browser leaves out.
  const own = `${protocol}//${request.host}`;
  return host !== '' && URL.canParse(own) && new URL(own).host === host;
}
