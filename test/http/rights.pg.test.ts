/** Every route of the OpenAPI document, asked by everybody: nobody may more than the table of docs/api.md says. */
import { expect, test } from 'vitest';
import type { Role } from '../../src/domain/terms.ts';
import { openTestServer, type TestServer } from './open-test-server.ts';

const KEYS = { kind: 'configured', apiKeys: true, oidc: null } as const;
/** Open to everybody: there is no other way to sign in or out, and whoever watches the process has no key. */
const OPEN = new Set([
  'GET /healthz',
  'GET /readyz',
  'POST /api/v1/session',
  'DELETE /api/v1/session',
  'GET /api/v1/session/ways',
]);
const OF_ADMINS = new Set([
  'POST /api/v1/mappings/{mapping}/pause',
  'POST /api/v1/mappings/{mapping}/resume',
  'POST /api/v1/mappings/{mapping}/uncouple',
  'POST /api/v1/stores/{channel}/pause',
  'POST /api/v1/stores/{channel}/resume',
  'PUT /api/v1/commerce/features/{feature}',
]);
const OWN_CHANNEL = '/api/v1/commerce/channels/{channel}/';

const PARTS: Readonly<Record<string, string>> = {
  mapping: 'customers',
  channel: 'houston',
  action: 'retry',
  job: '1010',
  feature: 'edit-customers-asynchronously',
};
const NOBODY = '01a1fc29-94b2-77ba-b641-5011da81d19b';

interface Route {
  readonly method: string;
  readonly path: string;
}

const filled = (path: string, channel: string): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => (name === 'channel' ? channel : (PARTS[name] ?? NOBODY)));

async function routesOf(here: TestServer): Promise<readonly Route[]> {
  const { paths } = (await here.get('/!openapi.json')).body as { paths: Record<string, Record<string, object>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  );
}

async function statusFor(here: TestServer, route: Route, headers: object, channel = 'houston'): Promise<number> {
  const { method, path } = route;
  const request = { method, url: filled(path, channel), headers: { ...headers } };
  const payload = method === 'GET' ? {} : { payload: {} };
  return (await here.server.inject({ ...request, ...payload } as never)).statusCode;
}

/** What a role is refused: null where it is not. */
function refusalOf(role: Role, { method, path }: Route, channel: string): 403 | null {
  const name = `${method} ${path}`;
  if (OPEN.has(name) || role === 'admin') return null;
  if (role === 'channel')
    return name === 'GET /api/v1/me' || (path.startsWith(OWN_CHANNEL) && channel === 'houston') ? null : 403;
  if (method === 'GET') return null;
  return role === 'viewer' || OF_ADMINS.has(name) ? 403 : null;
}

test('at every route each role may what it may, and nobody without a key anything but sign in', async () => {
  await using here = await openTestServer({ auth: KEYS, queueWithoutWorkers: true });
  const routes = await routesOf(here);
  expect(routes.length).toBeGreaterThan(60);
  const names = new Set(routes.map(({ method, path }) => `${method} ${path}`));
  expect([...OPEN, ...OF_ADMINS].filter((name) => !names.has(name))).toEqual([]);
  const wrong: string[] = [];
  for (const route of routes) {
    const status = await statusFor(here, route, {});
    if ((status === 401) === OPEN.has(`${route.method} ${route.path}`) && route.path !== '/api/v1/session')
      wrong.push(`nobody: ${route.method} ${route.path} ${status}`);
  }
  for (const role of ['viewer', 'operator', 'admin', 'channel'] as const) {
    const made = await here.database.access.createApiKey({
      name: role,
      role,
      channel: role === 'channel' ? 'houston' : null,
      expiresAt: null,
    });
    const headers = { authorization: `Bearer ${made?.secret}` };
    for (const route of routes) {
      for (const channel of role === 'channel' && route.path.includes('{channel}')
        ? ['houston', 'online']
        : ['houston']) {
        const refused = refusalOf(role, route, channel);
        // The stream of events ends with its reader only.
        if (refused === null && route.path === '/api/v1/events') continue;
        const status = await statusFor(here, route, headers, channel);
        const isRight = refused === null ? status !== 403 && status !== 401 && status < 500 : status === refused;
        if (!isRight) wrong.push(`${role}: ${route.method} ${filled(route.path, channel)} ${status}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test('an address says which methods it has when it is asked for another', async () => {
  await using here = await openTestServer({ auth: KEYS });
  const wrong: string[] = [];
  const routes = await routesOf(here);
  const byPath = Map.groupBy(routes, ({ path }) => path);
  for (const [path, methods] of byPath) {
    for (const method of ['GET', 'POST', 'PATCH', 'PUT', 'DELETE']) {
      if (methods.some((route) => route.method === method)) continue;
      const answer = await here.server.inject({ method, url: filled(path, 'houston') } as never);
      const allowed = String(answer.headers['allow']).split(', ');
      const names = methods.every((route) => allowed.includes(route.method)) && !allowed.includes(method);
      // Where a name stands in the place of an id, an address of ids is met as well.
      const isOther = routes.some(
        (route) => route.method === method && new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
      );
      if (!isOther && (answer.statusCode !== 405 || !names || JSON.parse(answer.body).code !== 'method-not-allowed'))
        wrong.push(`${method} ${path} ${answer.statusCode} ${allowed.join()}`);
    }
  }
  expect(wrong).toEqual([]);
  expect((await here.ask('PUT', '/nowhere')).body).toMatchObject({ status: 404, code: 'not-found' });
  const { body, headers } = await here.ask('DELETE', '/synchronization-errors?q=x');
  expect(body).toMatchObject({ status: 405, params: { method: 'DELETE' } });
  expect(headers['allow']).toBe('GET, HEAD');
});
