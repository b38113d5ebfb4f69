/** Whoever reaches an unprotected server may write both stores, so without authentication only this machine may. */
import { isIP } from 'node:net';

/** The command line shows the message and ends. */
export class ListeningRefused extends Error {
  override readonly name = 'ListeningRefused';
}

export function assertListenable(host: string, auth: { readonly kind: 'local' | 'configured' }): void {
  if (auth.kind === 'configured' || isLoopback(host)) return;
  throw new ListeningRefused(
    `Without authentication Couplet listens on this machine only, and ${host === '' ? 'no host' : host} is reachable from others. ` +
      'Configure auth (auth: { apiKeys: true }, then `couplet keys create NAME --role admin`), or leave --host out.',
  );
}

export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (name === 'localhost') return true;
  if (isIP(name) === 4) return name.startsWith('127.');
  return name === '::1' || name === '0:0:0:0:0:0:0:1' || name.startsWith('::ffff:127.');
}
