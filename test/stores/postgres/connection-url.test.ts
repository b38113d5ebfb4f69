import { expect, it } from 'vitest';
import { addressText, parseConnectionUrl } from '../../../src/stores/postgres/session/connection-url.ts';

const addresses = (url: string) => parseConnectionUrl(url).addresses.map(({ host, port }) => `${host} ${port}`);

it('hosts and ports are read in every way that libpq knows', () => {
  expect(addresses('postgres://u:p@db.example/x')).toEqual(['db.example 5432']);
  expect(addresses('postgresql://u@a:1,b:2/x')).toEqual(['a 1', 'b 2']);
  expect(addresses('postgres://u@[::1]:7/x')).toEqual(['::1 7']);
  expect(addresses('postgres:///x?host=/var/run/postgresql&port=5433')).toEqual(['/var/run/postgresql 5433']);
  expect(addresses('postgres://%2Fvar%2Frun/x')).toEqual(['/var/run 5432']);
  expect(addresses('postgres:///x')).toEqual(['localhost 5432']);
});

it('users and passwords are taken to the letter, percent signs and all', () => {
  expect(parseConnectionUrl('postgres://a%40b:p%3Aq@h/x')).toMatchObject({ user: 'a@b', password: 'p:q' });
  expect(parseConnectionUrl('postgres://u:100%@h/x')).toMatchObject({ user: 'u', password: '100%' });
  expect(parseConnectionUrl('postgres://u:p@q@h/x')).toMatchObject({ password: 'p@q', addresses: [{ host: 'h' }] });
});

it('TLS is tried with other machines, left out on this one, and checked as asked', () => {
  const tls = (url: string) => parseConnectionUrl(url).tls;
  expect(tls('postgres://u@127.0.0.1/x')).toBe(false);
  expect(tls('postgres://u@db.example/x')).toBe('prefer');
  expect(tls('postgres://u@db.example/x?sslmode=disable')).toBe(false);
  expect(tls('postgres://u@db.example/x?sslmode=require')).toEqual({ rejectUnauthorized: false });
  expect(tls('postgres://u@db.example/x?sslmode=verify-full')).toEqual({ rejectUnauthorized: true });
  expect(tls('postgres://u@db.example/x?sslmode=verify-ca')).toMatchObject({
    rejectUnauthorized: true,
    checkServerIdentity: expect.any(Function),
  });
});

it('what names a store in messages has no user and no password', () => {
  expect(addressText(parseConnectionUrl('postgres://u:secret@h:1,[::1]:2/shop'))).toBe('h:1,[::1]:2/shop');
});

it('a URL that is none is refused without being repeated', () => {
  expect(() => parseConnectionUrl('mysql://u:secret@h/x')).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining('secret') }) as Error,
  );
  expect(() => parseConnectionUrl('postgres://u:secret@h:port/x')).toThrow('no valid host');
});
