import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { expectAccessible, openPage } from './open-page.ts';

interface Provider extends AsyncDisposable {
  readonly issuer: string;
  /** Who is signed in there, by the claims of their token. */
  person: object;
  /** Parameters of the sign-ins that were begun. */
  readonly begun: URLSearchParams[];
}

/** An OpenID Connect provider where somebody is signed in already: it sends them back at once. */
async function openProvider(): Promise<Provider> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' };
  const codes = new Map<string, URLSearchParams>();
  const begun: URLSearchParams[] = [];
  const provider = { person: { preferred_username: 'petra', roles: ['operator'] } as object };
  const tokenFor = async (form: URLSearchParams): Promise<object | null> => {
    const asked = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const fits = asked?.get('code_challenge') === challenge && asked.get('redirect_uri') === form.get('redirect_uri');
    if (!fits || asked === undefined) return null;
    const token = new SignJWT({ ...provider.person, nonce: asked.get('nonce') })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setSubject('subject')
      .setIssuer(issuer())
      .setAudience('couplet-page')
      .setIssuedAt()
      .setExpirationTime('5m');
    return { id_token: await token.sign(privateKey), token_type: 'Bearer' };
  };
  const http: Server = createServer((request, answer) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', issuer());
    if (pathname === '/authorize') {
      const code = randomUUID();
      codes.set(code, searchParams);
      begun.push(searchParams);
      const back = new URL(searchParams.get('redirect_uri') ?? '');
      back.search = new URLSearchParams({ code, state: searchParams.get('state') ?? '' }).toString();
      answer.writeHead(302, { location: back.href }).end();
      return;
    }
    const documents: Record<string, object> = {
      '/.well-known/openid-configuration': {
        issuer: issuer(),
        jwks_uri: `${issuer()}/keys`,
        authorization_endpoint: `${issuer()}/authorize`,
        token_endpoint: `${issuer()}/token`,
      },
      '/keys': { keys: [jwk] },
    };
    answer.setHeader('content-type', 'application/json');
    if (pathname !== '/token') return void answer.end(JSON.stringify(documents[pathname] ?? {}));
    void textOf(request)
      .then((text) => tokenFor(new URLSearchParams(text)))
      .then((token) =>
        answer.writeHead(token === null ? 400 : 200).end(JSON.stringify(token ?? { error: 'invalid_grant' })),
      );
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const issuer = (): string => `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return Object.assign(provider, {
    issuer: issuer(),
    begun,
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  });
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

test('people sign in at their organization and come back to the address that they asked for, with their role', async () => {
  await using provider = await openProvider();
  const oidc = { issuer: provider.issuer, audience: 'couplet', roleClaim: 'roles', clientId: 'couplet-page' };
  await using open = await openPage({ auth: { kind: 'configured', apiKeys: true, oidc } });
  const { page, base } = open;
  await page.goto('/mappings/customers?tab=fields');
  const there = page.getByRole('link', { name: 'Continue with your organization' });
  await there.waitFor();
  await page.getByLabel('Access key').waitFor();
  await expectAccessible(page);
  await there.click();
  await page.getByRole('tab', { name: 'Field mappings', selected: true }).waitFor();
  expect(page.url()).toBe(`${base}/mappings/customers?tab=fields`);
  await page.getByText('petra').first().waitFor();
  expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0);
  const [asked] = provider.begun;
  expect(asked?.get('code_challenge_method')).toBe('S256');
  expect((await page.context().cookies()).map(({ name, httpOnly }) => [name, httpOnly])).toEqual([
    ['couplet_session', true],
  ]);

  // Somebody whom the organization gives no role here is sent back, and told.
  await page.getByRole('button', { name: /Sign out/ }).click();
  provider.person = { preferred_username: 'nobody', roles: ['other'] };
  await there.click();
  await page.getByText('Your organization did not sign you in, or gives you no role here.').waitFor();
});

test('a code that comes without the sign-in of this browser, and an address of another site, lead nowhere', async () => {
  await using provider = await openProvider();
  const oidc = { issuer: provider.issuer, audience: 'couplet', roleClaim: 'roles', clientId: 'couplet-page' };
  await using open = await openPage({ auth: { kind: 'configured', apiKeys: false, oidc } });
  const { here } = open;
  expect((await here.get('/session/ways')).body).toEqual({ apiKey: false, token: true, redirect: true });
  const foreign = await here.get('/session/oidc/callback?code=stolen&state=other');
  expect([foreign.status, foreign.headers['location']]).toEqual([302, '/sign-in?refused=true']);
  const begun = await here.get('/session/oidc?to=//evil.example/');
  const cookie = String(begun.headers['set-cookie']);
  expect(cookie).toMatch(/^couplet_sign_in=.*HttpOnly; SameSite=Lax/);
  const [, value = ''] = /couplet_sign_in=([^;]+)/.exec(cookie) ?? [];
  expect(JSON.parse(Buffer.from(value, 'base64url').toString())).toMatchObject({ to: '/' });
  const wrongState = await here.get('/session/oidc/callback?code=x&state=wrong', {
    cookie: `couplet_sign_in=${value}`,
  });
  expect([wrongState.status, wrongState.headers['location']]).toEqual([302, '/sign-in?refused=true']);
});

test('while the provider is away people are told so where they sign in, and a key still opens the page', async () => {
  await using provider = await openProvider();
  const oidc = { issuer: provider.issuer, audience: 'couplet', roleClaim: 'roles', clientId: 'couplet-page' };
  await using open = await openPage({ auth: { kind: 'configured', apiKeys: true, oidc } });
  const { here, page, base } = open;
  const begun = await here.get('/session/oidc');
  const state = new URL(String(begun.headers['location'])).searchParams.get('state');
  const cookie = String(begun.headers['set-cookie']).split(';')[0] ?? '';
  await provider[Symbol.asyncDispose]();
  const back = await here.get(`/session/oidc/callback?code=x&state=${state}`, { cookie });
  expect([back.status, back.headers['location']]).toEqual([302, '/sign-in?away=true']);
  await page.goto(`${base}/errors`);
  await page.getByRole('link', { name: 'Continue with your organization' }).click();
  await page.getByText('The sign-in provider cannot be reached').waitFor();
  const key = await here.database.access.createApiKey({ name: 'k', role: 'viewer', channel: null, expiresAt: null });
  await page.getByLabel('Access key').fill(key?.secret ?? '');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: /Sign out/ }).waitFor();
});
