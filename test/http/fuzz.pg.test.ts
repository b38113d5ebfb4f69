import { expect, test } from 'vitest';
import { makeConflict, openServerInStep, type TestServer } from './open-test-server.ts';

/**
 * Every route of the OpenAPI document with what no sane client sends. A seed of one's own makes a run that can be
 * repeated: `FUZZ_SEED=7 FUZZ_ROUNDS=40`.
 */
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const ROUNDS = Number(process.env['FUZZ_ROUNDS'] ?? 12);

const STRANGE_TEXTS = [
  '',
  ' ',
  "'; drop table couplet.sync_error; --",
  "' or '1'='1",
  '1); select pg_sleep(10); --',
  '%00',
  '\u0000',
  '\ud800',
  '\u202eabc',
  '😀'.repeat(50),
  'ﷺ'.repeat(200),
  'a'.repeat(3_000),
  '../../etc/passwd',
  '{"$ne":null}',
  '__proto__',
  'constructor',
  'null',
  'undefined',
  'NaN',
  '-1',
  '0',
  '999999999999999999999',
  '1e400',
  '0x10',
  'true',
  '2026-02-31T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:60Z',
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  'eyJhIjoxfQ',
  'WzEsMl0',
  '%',
  '_',
  '\\',
  '\r\nx-injected: 1',
];
const STRANGE_VALUES: unknown[] = [
  null,
  true,
  -1,
  1e308,
  0.1,
  [],
  {},
  [[[[]]]],
  { a: { b: { c: {} } } },
  JSON.parse('{"__proto__":{"polluted":true}}'),
  ...STRANGE_TEXTS,
];

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: {
    readonly type?: string;
    readonly enum?: readonly string[];
    readonly items?: { readonly enum?: readonly string[] };
  };
}
interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> };
}
interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Record<string, Schema>;
  readonly items?: Schema;
}

/** A small generator of its own: the same seed, the same requests. */
function random(seed: number): { pick<T>(items: readonly T[]): T; chance(percent: number): boolean } {
  let state = seed * 2_654_435_761;
  const next = (): number => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) | 0;
    return (state >>> 0) / 2 ** 32;
  };
  return {
    pick: (items) => items[Math.floor(next() * items.length)] as never,
    chance: (percent) => next() * 100 < percent,
  };
}

test('whatever is sent, the answer is a success or a problem document with a code, and nothing breaks inside', async () => {
  const unhandled: unknown[] = [];
  const note = (fault: unknown): void => void unhandled.push(fault);
  process.on('unhandledRejection', note);
  await using here = await openServerInStep({ queueWithoutWorkers: true });
  const known = await knownWords(here);
  const document = JSON.parse((await here.get('/!openapi.json')).text);
  const dice = random(SEED);
  const statuses = new Map<number, number>();
  for (const [path, operations] of Object.entries<Record<string, Operation>>(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      if (path === '/api/v1/events') continue;
      for (let round = 0; round < ROUNDS; round += 1) {
        const request = strangeRequest(dice, document, path, method, operation, known);
        const answer = await here.server.inject(request as never);
        statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1);
        const told = JSON.stringify({ request, status: answer.statusCode, body: answer.body.slice(0, 500) });
        expect(answer.statusCode, told).toBeLessThan(500);
        if (answer.statusCode >= 400) {
          expect(String(answer.headers['content-type']), told).toContain('application/problem+json');
          expect(JSON.parse(answer.body).code, told).toMatch(/^[a-z0-9-]+$/);
        }
        expect(answer.headers['x-injected'], told).toBeUndefined();
      }
    }
  }
  if (process.env['LOUD'] === '1') console.log(Object.fromEntries(statuses));
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  // The tables are still there, and a share of the requests got past the refusals.
  expect((await here.get('/synchronization-errors?status=open&status=resolved')).status).toBe(200);
  expect(statuses.get(200)).toBeGreaterThan(20);
});

/** Words that exist, so that some requests reach what lies behind the checks of their shape. */
async function knownWords(here: TestServer) {
  const errorId = await makeConflict(here);
  const [coupling] = (await here.get('/couplings?mapping=customers')).body.items;
  const [entry] = (await here.get('/synchronization-log')).body.items;
  const job = await here.post('/check');
  return {
    mapping: 'customers',
    channel: 'houston',
    field: 'email',
    ids: [errorId, coupling.id, entry.id, job.body.id],
    keys: [{ num: 'C1' }, { id: 1 }],
  };
}
type Known = Awaited<ReturnType<typeof knownWords>>;
type Dice = ReturnType<typeof random>;

function strangeRequest(
  dice: Dice,
  document: unknown,
  path: string,
  method: string,
  operation: Operation,
  known: Known,
) {
  const parameters = operation.parameters ?? [];
  let url = path;
  const query = new URLSearchParams();
  const headers: Record<string, string> = {};
  for (const parameter of parameters) {
    if (parameter.in === 'path')
      url = url.replace(`{${parameter.name}}`, encodeURIComponent(pathPart(dice, parameter, known)));
    else if (parameter.in === 'header' && dice.chance(15)) headers[parameter.name.toLowerCase()] = headerText(dice);
    else if (parameter.in === 'query' && dice.chance(35))
      for (let n = dice.chance(80) ? 1 : 3; n > 0; n -= 1)
        query.append(parameter.name, queryText(dice, parameter, known));
  }
  if (dice.chance(5)) query.append(dice.pick(STRANGE_TEXTS), 'x');
  const content = operation.requestBody?.content;
  const request = {
    method: method.toUpperCase(),
    url: `${url}${query.size > 0 ? `?${query.toString()}` : ''}`,
    headers,
  };
  if (content === undefined && !dice.chance(5)) return request;
  if (dice.chance(5))
    return {
      ...request,
      headers: { ...headers, 'content-type': 'application/json' },
      payload: dice.pick(['{', '[', 'nul', '"\\ud800"', '{"a":1,"a":2}', '\ufeff{}', '']),
    };
  if (dice.chance(3))
    return {
      ...request,
      headers: { ...headers, 'content-type': dice.pick(['text/plain', 'application/xml', 'multipart/form-data', 'x']) },
      payload: 'x',
    };
  if (dice.chance(1))
    return {
      ...request,
      headers: { ...headers, 'content-type': 'application/json' },
      payload: `{"reason":"${'x'.repeat(40 * 1024 * 1024)}"}`,
    };
  if (content?.['text/csv'] !== undefined && dice.chance(30))
    return {
      ...request,
      headers: { ...headers, 'content-type': 'text/csv' },
      payload: dice.pick([
        '',
        'a',
        'hqKey,channelKey\n',
        'hqKey,channelKey\n"',
        "hqKey,channelKey\n'; drop table x;--,1",
        'hqKey,channelKey,winner\nC1,1,both\n',
      ]),
    };
  const schema = content?.['application/json']?.schema ?? {};
  return {
    ...request,
    headers: { ...headers, 'content-type': 'application/json' },
    payload: JSON.stringify(bodyOf(dice, document, schema, known, 0)) ?? 'null',
  };
}

function pathPart(dice: Dice, parameter: Parameter, known: Known): string {
  if (dice.chance(25)) return dice.pick(STRANGE_TEXTS.filter((text) => text.isWellFormed()));
  if (parameter.name === 'id') return dice.pick(known.ids);
  if (parameter.name === 'mapping') return known.mapping;
  if (parameter.name === 'channel') return known.channel;
  return dice.pick(['retry', 'synchronize', 'restore', 'delete', 'couple', 'remove-coupling', 'approve', 'decline']);
}

const headerText = (dice: Dice): string =>
  dice.pick([
    '',
    '*',
    '"x"',
    'W/"x"',
    '"a", "b"',
    'wait=0',
    'wait=-1',
    'wait=x',
    'respond-async, wait=0',
    'x'.repeat(300),
    "'; drop",
  ]);

function queryText(dice: Dice, { name, schema }: Parameter, known: Known): string {
  const choices = schema.enum ?? schema.items?.enum;
  if (dice.chance(40))
    return String(dice.pick(STRANGE_VALUES.filter((value) => typeof value !== 'string' || value.isWellFormed())));
  if (choices !== undefined) return dice.pick(choices);
  const plain: Record<string, string> = {
    mapping: known.mapping,
    channel: known.channel,
    field: known.field,
    q: 'c',
    key: 'C1',
    limit: '3',
    since: '2020-01-01',
    until: '2100-01-01T00:00:00+14:00',
  };
  return plain[name] ?? (schema.type === 'boolean' ? 'true' : dice.pick(known.ids));
}

function bodyOf(dice: Dice, document: unknown, schema: Schema, known: Known, depth: number): unknown {
  if (depth > 6 || dice.chance(12)) return dice.pick(STRANGE_VALUES);
  const found = schema.$ref === undefined ? schema : schemaNamed(document, schema.$ref);
  if (found.anyOf !== undefined) return bodyOf(dice, document, dice.pick(found.anyOf), known, depth + 1);
  if (found.enum !== undefined) return dice.pick(found.enum);
  switch (found.type) {
    case 'object':
      if (found.properties === undefined)
        return dice.pick<unknown>([
          ...known.keys,
          { [known.field]: dice.pick<unknown>(['hq', { value: 'x' }, { value: 1, side: 'channel' }]) },
        ]);
      return Object.fromEntries(
        Object.entries(found.properties)
          .filter(() => dice.chance(55))
          .map(([name, inner]) => [
            name,
            wordFor(dice, name, known) ?? bodyOf(dice, document, inner, known, depth + 1),
          ]),
      );
    case 'array':
      return Array.from({ length: dice.pick([0, 1, 2]) }, () =>
        bodyOf(dice, document, found.items ?? {}, known, depth + 1),
      );
    case 'boolean':
      return dice.chance(50);
    case 'integer':
      return dice.pick([0, 1, 2]);
    default:
      return dice.pick<unknown>([...known.ids, known.mapping, known.channel, 'hq']);
  }
}

const wordFor = (dice: Dice, name: string, known: Known): unknown =>
  dice.chance(50)
    ? (
        { mapping: known.mapping, channel: known.channel, hqKey: known.keys[0], channelKey: known.keys[1] } as Record<
          string,
          unknown
        >
      )[name]
    : undefined;

function schemaNamed(document: unknown, reference: string): Schema {
  const name = reference.split('/').at(-1) ?? '';
  return (document as { components: { schemas: Record<string, Schema> } }).components.schemas[name] ?? {};
}
