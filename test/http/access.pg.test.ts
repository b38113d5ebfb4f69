import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import type { Role } from '../../src/domain/terms.ts';
import { assertListenable } from '../../src/http/assert-listenable.ts';
import { openServerInStep, openTestServer, type TestServer } from './open-test-server.ts';

const KEYS = { kind: 'configured', apiKeys: true, oidc: null } as const;

async function keyOf(here: TestServer, role: Role, channel: string | null = null): Promise<Record<string, string>> {
  const made = await here.database.access.createApiKey({ name: `${role} key`, role, channel, expiresAt: null });
  return { authorization: `Bearer ${made?.secret}` };
}

describe('API keys', () => {
  test('nobody without a key gets in, and each role does what it may', async () => {
    await using here = await openServerInStep({ auth: KEYS });
    const none = await here.get('/mappings');
    expect(none).toMatchObject({
      status: 401,
      body: { code: 'not-authenticated' },
      headers: { 'www-authenticate': 'Bearer realm="couplet"' },
    });
    for (const headers of [
      { authorization: 'Bearer cpl_wrong' },
      { authorization: 'Basic eDp5' },
      { authorization: 'Bearer a.b.c' },
      { cookie: 'couplet_session=wrong' },
    ]) {
      expect((await here.get('/mappings', headers)).status).toBe(401);
    }
    const keys = {
      viewer: await keyOf(here, 'viewer'),
      operator: await keyOf(here, 'operator'),
      admin: await keyOf(here, 'admin'),
      channel: await keyOf(here, 'channel', 'houston'),
    };
    expect((await here.get('/me', keys.viewer)).body).toEqual({ actor: 'viewer key', role: 'viewer', channel: null });
    expect((await here.get('/me', keys.channel)).body).toEqual({
      actor: 'channel key',
      role: 'channel',
      channel: 'houston',
    });
    const [{ id }] = (await here.get('/couplings?mapping=customers', keys.viewer)).body.items;
    const asks = [
      ['GET', '/mappings', 200, 200, 200],
      ['POST', `/couplings/${id}/synchronize`, 403, 200, 200],
      ['POST', '/mappings/customers/pause', 403, 403, 200],
      ['POST', '/mappings/customers/resume', 403, 403, 200],
      ['POST', '/mappings/customers/uncouple', 403, 403, 400],
      ['POST', '/synchronization-errors/bulk', 403, 400, 400],
    ] as const;
    for (const [method, path, viewer, operator, admin] of asks) {
      const statuses = [];
      for (const role of ['viewer', 'operator', 'admin'] as const)
        statuses.push((await here.ask(method, path, { headers: keys[role] })).status);
      expect([path, ...statuses]).toEqual([path, viewer, operator, admin]);
      expect((await here.ask(method, path, { headers: keys.channel })).status).toBe(403);
    }
    expect((await here.post('/mappings/customers/pause', {}, keys.viewer)).body).toMatchObject({
      code: 'not-allowed',
      role: 'admin',
      params: { role: 'admin' },
    });
    expect((await here.get('/!metrics')).status).toBe(401);
    expect((await here.get('/!healthz')).status).toBe(200);
    expect((await here.get('/!openapi.json')).status).toBe(200);
  });

  test('an error says what this caller may do about it', async () => {
    await using here = await openServerInStep({
      auth: KEYS,
      configuration: (text) =>
        text.replace(
          '    initialWinner: manual',
          '    initialWinner: manual\n    deletions: propagate\n    deletionBreaker: { count: 1, percent: 100 }',
        ),
    });
    for (const num of ['C1', 'C2', 'C3']) here.site.hq.delete('customers', { num });
    await here.site.run();
    for (const [role, allowed] of [
      ['viewer', []],
      ['operator', ['decline']],
      ['admin', ['approve', 'decline']],
    ] as const) {
      const headers = await keyOf(here, role);
      const [error] = (await here.get('/synchronization-errors?code=mass-deletion', headers)).body.items;
      expect([role, error.allowedActions]).toEqual([role, allowed]);
      const one = await here.get(`/synchronization-errors/${error.id}`, headers);
      expect([role, one.body.allowedActions]).toEqual([role, allowed]);
    }
  });

  test('what a caller does carries the name of the key', async () => {
    await using here = await openServerInStep({ auth: KEYS });
    const operator = await keyOf(here, 'operator');
    const [{ id }] = (await here.get('/couplings?mapping=customers', operator)).body.items;
    here.site.hq.update('customers', { num: 'C4' }, { name: 'Changed' });
    await here.ask('DELETE', `/couplings/${id}`, { headers: operator });
    const log = await here.get('/synchronization-log?action=uncoupled', operator);
    expect(log.body.items[0]).toMatchObject({ actor: 'operator key' });
  });

  test('the page signs in with a cookie that no other site can use, and signs out for good', async () => {
    await using here = await openTestServer({ auth: KEYS });
    const { authorization } = await keyOf(here, 'operator');
    const apiKey = authorization?.slice('Bearer '.length);
    expect((await here.post('/session', { apiKey: 'cpl_wrong' })).status).toBe(401);
    const signedIn = await here.post('/session', { apiKey });
    expect(signedIn).toMatchObject({ status: 200, body: { role: 'operator' } });
    const set = String(signedIn.headers['set-cookie']);
    expect(set).toMatch(/^couplet_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
    const cookie = { cookie: `theme=dark; ${set.split(';')[0]}` };
    expect((await here.get('/me', cookie)).body).toMatchObject({ actor: 'operator key', role: 'operator' });
    const forged = await here.post('/check', {}, { ...cookie, origin: 'https://evil.example' });
    expect(forged).toMatchObject({ status: 403, body: { code: 'foreign-origin' } });
    expect((await here.post('/check', {}, { ...cookie, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await here.post('/jobs/none/cancel', {}, { ...cookie, origin: 'http://localhost:80' })).body.code).toBe(
      'job-not-found',
    );
    const out = await here.ask('DELETE', '/session', { headers: cookie });
    expect(out.status).toBe(204);
    expect(String(out.headers['set-cookie'])).toContain('Max-Age=0');
    expect((await here.get('/me', cookie)).status).toBe(401);
  });

  test('whoever guesses keys is slowed down', async () => {
    await using here = await openTestServer({ auth: KEYS, deps: { limits: { perMinute: 100, signInsPerMinute: 3 } } });
    const statuses = [];
    for (let n = 0; n < 5; n += 1) statuses.push((await here.post('/session', { apiKey: `cpl_${n}` })).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    const refused = await here.post('/session', { apiKey: 'cpl_x' });
    expect(refused).toMatchObject({
      body: { code: 'too-many-requests' },
      headers: { 'retry-after': expect.anything() },
    });
  });
});

describe('tokens of a provider', () => {
  test('are taken when issuer, audience, time and signature are right, with the role of the claim', async () => {
    await using provider = await openProvider();
    await using here = await openTestServer({
      auth: {
        kind: 'configured',
        apiKeys: false,
        oidc: { issuer: provider.issuer, audience: 'couplet', roleClaim: 'realm.roles' },
      },
    });
    const me = async (claims: object, more: Parameters<typeof provider.token>[1] = {}) =>
      here.get('/me', { authorization: `Bearer ${await provider.token(claims, more)}` });
    expect(await me({ preferred_username: 'anna', realm: { roles: ['viewer', 'admin', 'other'] } })).toMatchObject({
      status: 200,
      body: { actor: 'anna', role: 'admin', channel: null },
    });
    expect((await me({ realm: { roles: ['channel:houston'] } })).body).toEqual({
      actor: 'subject',
      role: 'channel',
      channel: 'houston',
    });
    expect(await me({ realm: { roles: ['other'] } })).toMatchObject({ status: 403, body: { code: 'not-allowed' } });
    const admin = { realm: { roles: ['admin'] } };
    for (const wrong of [
      { audience: 'another' },
      { issuer: 'https://evil.example' },
      { expiresIn: '-5m' },
      { foreignKey: true },
    ]) {
      expect((await me(admin, wrong)).status, JSON.stringify(wrong)).toBe(401);
    }
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"iss":"x"}').toString('base64url')}.`;
    expect((await here.get('/me', { authorization: `Bearer ${none}` })).status).toBe(401);
    expect((await here.post('/session', { token: await provider.token(admin) })).body).toMatchObject({ role: 'admin' });
  });

  test('while the provider is away the answer says so, and it is asked again', async () => {
    const provider = await openProvider();
    await using here = await openTestServer({
      auth: {
        kind: 'configured',
        apiKeys: true,
        oidc: { issuer: provider.issuer, audience: 'couplet', roleClaim: 'roles' },
      },
    });
    const token = await provider.token({ roles: ['viewer'] });
    await provider[Symbol.asyncDispose]();
    expect(await here.get('/me', { authorization: `Bearer ${token}` })).toMatchObject({
      status: 503,
      body: { code: 'identity-provider-unreachable' },
    });
    expect((await here.get('/me', await keyOf(here, 'viewer'))).status).toBe(200);
  });

  test('a provider that answers and gives no keys is away as well: nothing is wrong with the token', async () => {
    await using provider = await openProvider();
    await using here = await openTestServer({ auth: tokensOf(provider) });
    const authorization = `Bearer ${await provider.token({ roles: ['viewer'] })}`;
    for (const answer of [{ status: 502 }, { text: '<html>Maintenance</html>' }, { text: '{}' }]) {
      provider.instead = { '/keys': answer };
      expect(await here.get('/me', { authorization }), JSON.stringify(answer)).toMatchObject({
        status: 503,
        body: { code: 'identity-provider-unreachable' },
      });
    }
    provider.instead = {};
    expect((await here.get('/me', { authorization })).status).toBe(200);
  });

  test('what speaks against one stands in the log, and only there; the token does not', async () => {
    await using provider = await openProvider();
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) });
    await using here = await openTestServer({ auth: tokensOf(provider), deps: { log } });
    const token = await provider.token({ roles: ['viewer'] }, { audience: 'another' });
    const refused = await here.get('/me', { authorization: `Bearer ${token}`, 'x-request-id': 'asked-once' });
    expect(refused.status).toBe(401);
    expect(refused.text).not.toContain('aud');
    const [line = '{}'] = lines.filter((text) => text.includes('asked-once'));
    expect(JSON.parse(line)).toMatchObject({ code: 'not-authenticated', reason: 'unexpected "aud" claim value' });
    expect(lines.join('')).not.toContain(token.split('.')[2]);
  });

  test('a sign-in that the provider refuses leaves the reason in the log', async () => {
    await using provider = await openProvider();
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) });
    const oidc = { ...tokensOf(provider).oidc, clientId: 'couplet-page', clientSecret: 'sekret-of-client' };
    await using here = await openTestServer({ auth: { ...tokensOf(provider), oidc }, deps: { log } });
    const comeBack = async (query: string): Promise<void> => {
      const begun = await here.get('/session/oidc');
      const cookie = String(begun.headers['set-cookie']).split(';')[0] ?? '';
      const state = new URL(String(begun.headers['location'])).searchParams.get('state');
      const back = await here.get(`/session/oidc/callback?${query}&state=${state}`, { cookie });
      expect([back.status, back.headers['location']]).toEqual([302, '/sign-in?refused=true']);
    };
    provider.instead = { '/token': { status: 401, text: '{"error":"invalid_client"}' } };
    await comeBack('code=code-of-today');
    await comeBack('error=access_denied');
    await comeBack('error=%3Cscript%3E');
    await here.get('/session/oidc/callback?code=code-of-today&state=stolen');
    expect(lines.map((line) => JSON.parse(line).reason)).toEqual([
      'the provider gave no token: 401 invalid_client',
      'the provider gave no code: access_denied',
      'the provider gave no code: without an error code',
      'this browser began no sign-in, or too long ago',
    ]);
    expect(lines.join('')).not.toMatch(/sekret-of-client|code-of-today/);
  });
});

describe('without authentication', () => {
  test('this machine may, by its own names; a name that resolves here may not', async () => {
    await using here = await openTestServer();
    expect((await here.get('/me')).body).toEqual({ actor: 'local', role: 'admin', channel: null });
    for (const host of ['localhost:4870', '127.0.0.1:4870', '[::1]:4870'])
      expect((await here.get('/me', { host })).status).toBe(200);
    expect(await here.get('/me', { host: 'evil.example' })).toMatchObject({
      status: 403,
      body: { code: 'foreign-origin' },
    });
    expect((await here.post('/session', {})).status).toBe(200);
  });

  test('listening where others reach it is refused, with the remedy', () => {
    for (const host of ['127.0.0.1', 'localhost', '::1', '127.8.8.8'])
      expect(() => assertListenable(host, { kind: 'local' })).not.toThrow();
    for (const host of ['0.0.0.0', '::', '192.168.1.5', '', 'couplet.example', '127.evil.example']) {
      expect(() => assertListenable(host, { kind: 'local' }), host).toThrow(/auth: \{ apiKeys: true \}/);
      expect(() => assertListenable(host, { kind: 'configured' })).not.toThrow();
    }
  });
});

const tokensOf = ({ issuer }: Provider) =>
  ({ kind: 'configured', apiKeys: false, oidc: { issuer, audience: 'couplet', roleClaim: 'roles' } }) as const;

interface Provider extends AsyncDisposable {
  readonly issuer: string;
  /** Other answers than it would give, by path. */
  instead: Readonly<Record<string, { readonly status?: number; readonly text?: string }>>;
  token(
    claims: object,
    more?: { audience?: string; issuer?: string; expiresIn?: string; foreignKey?: boolean },
  ): Promise<string>;
}

/** What of a provider a resource server meets: its discovery document and its keys. */
async function openProvider(): Promise<Provider> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const foreign = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' };
  const http: Server = createServer((request, answer) => {
    answer.setHeader('content-type', 'application/json');
    const documents: Record<string, object> = {
      '/.well-known/openid-configuration': {
        issuer: issuer(),
        jwks_uri: `${issuer()}/keys`,
        authorization_endpoint: `${issuer()}/authorize`,
        token_endpoint: `${issuer()}/token`,
      },
      '/keys': { keys: [jwk] },
    };
    const { status = 200, text = JSON.stringify(documents[request.url ?? ''] ?? {}) } =
      provider.instead[request.url ?? ''] ?? {};
    answer.writeHead(status).end(text);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const issuer = (): string => `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const address = issuer();
  const provider: Provider = {
    issuer: address,
    instead: {},
    token: (claims, { audience = 'couplet', issuer: by = address, expiresIn = '5m', foreignKey = false } = {}) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setSubject('subject')
        .setIssuer(by)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime(expiresIn)
        .sign(foreignKey ? foreign.privateKey : privateKey),
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return provider;
}
