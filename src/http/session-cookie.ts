/** Cookies of the page: no script reads them, and none travels in clear where the browser came by TLS. */
import type { FastifyRequest } from 'fastify';

export interface CookieOptions {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  readonly maxAgeSeconds: number;
  /** Strict: no request that another site begins carries it. Lax: the way back from another site does. */
  readonly sameSite: 'Strict' | 'Lax';
}

export function cookieText(
  request: FastifyRequest,
  { name, value, path, maxAgeSeconds, sameSite }: CookieOptions,
): string {
  const secure = schemeOf(request) === 'https' ? '; Secure' : '';
  return `${name}=${value}; Path=${path}; HttpOnly; SameSite=${sameSite}; Max-Age=${maxAgeSeconds}${secure}`;
}

/** As the browser sees it, which may come through a proxy that ends TLS. */
export function schemeOf(request: FastifyRequest): string {
  const forwarded = String(request.headers['x-forwarded-proto'] ?? '')
    .split(',')[0]
    ?.trim();
  return request.protocol === 'https' || forwarded === 'https' ? 'https' : 'http';
}
