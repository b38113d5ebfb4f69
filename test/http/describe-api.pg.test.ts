import { expect, test } from 'vitest';
import type { z } from 'zod';
import { CouplingSchema } from '../../src/http/schemas/couplings.ts';
import {
  COUPLING_EXAMPLE,
  ERROR_EXAMPLE,
  OPERATION_EXAMPLE,
  JOB_EXAMPLE,
  LOG_EXAMPLE,
  PREVIEW_EXAMPLE,
  PROBLEM_EXAMPLE,
  STORE_EXAMPLE,
} from '../../src/http/schemas/examples.ts';
import { JobSchema } from '../../src/http/schemas/jobs.ts';
import { ProblemSchema } from '../../src/http/schemas/problem.ts';
import { StoreSchema } from '../../src/http/schemas/stores.ts';
import { CustomerOperationSchema } from '../../src/http/schemas/customer-operations.ts';
import { SynchronizationErrorSchema } from '../../src/http/schemas/synchronization-errors.ts';
import { LogEntrySchema } from '../../src/http/schemas/synchronization-log.ts';
import { PreviewSchema } from '../../src/http/schemas/words.ts';
import { openTestServer } from './open-test-server.ts';

const EXAMPLES: readonly [z.ZodType, unknown][] = [
  [SynchronizationErrorSchema, ERROR_EXAMPLE],
  [CustomerOperationSchema, OPERATION_EXAMPLE],
  [CouplingSchema, COUPLING_EXAMPLE],
  [JobSchema, JOB_EXAMPLE],
  [LogEntrySchema, LOG_EXAMPLE],
  [StoreSchema, STORE_EXAMPLE],
  [ProblemSchema, PROBLEM_EXAMPLE],
  [PreviewSchema, PREVIEW_EXAMPLE],
];

test('every example is what the schema beside it says', () => {
  for (const [schema, example] of EXAMPLES) expect(schema.safeParse(example).error?.issues ?? []).toEqual([]);
});

test('the document is whole: every operation named once, every answer described, no reference into nothing', async () => {
  await using here = await openTestServer();
  const { body, status } = await here.get('/!openapi.json');
  expect(status).toBe(200);
  expect(body.openapi).toBe('3.1.0');
  const operations = Object.entries<Record<string, Operation>>(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
  );
  expect(operations.length).toBeGreaterThan(40);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  for (const operation of operations) {
    const told = `${operation.method} ${operation.path}`;
    expect(operation.summary, told).toMatch(/\S/);
    expect(operation.tags, told).toHaveLength(1);
    const good = Object.keys(operation.responses).filter((code) => code.startsWith('2'));
    expect(good.length, told).toBeGreaterThan(0);
    if (operation.path.startsWith('/api/v1'))
      expect(Object.keys(operation.responses), told).toEqual(expect.arrayContaining(['4XX', '5XX']));
    if (operation.method === 'post')
      expect(
        operation.parameters?.map(({ name }) => name),
        told,
      ).toContain('Idempotency-Key');
    for (const [, name] of operation.path.matchAll(/\{(\w+)\}/g)) {
      expect(operation.parameters, told).toContainEqual(expect.objectContaining({ name, in: 'path', required: true }));
    }
  }
  for (const [, name] of JSON.stringify(body).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    expect(body.components.schemas, name).toHaveProperty(name ?? '');
  }
  expect(Object.keys(body.components.schemas).filter((name) => name.endsWith('Input'))).toEqual([]);
});

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly responses: Record<string, unknown>;
  readonly parameters?: readonly { readonly name: string }[];
}

test('every route of the API is in the document', async () => {
  await using here = await openTestServer();
  const { body } = await here.get('/!openapi.json');
  const documented = new Set(
    Object.entries<object>(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    ),
  );
  const asked = [
    'GET /stores',
    'POST /check',
    'POST /stores/:channel/pause',
    'POST /stores/:channel/resume',
    'GET /overview',
    'GET /mappings',
    'GET /mappings/:mapping',
    'POST /mappings/:mapping/pause',
    'POST /mappings/:mapping/resume',
    'GET /mappings/:mapping/records',
    'GET /configuration/history',
    'POST /verify',
    'GET /verification',
    'POST /synchronize',
    'POST /mappings/:mapping/synchronize',
    'GET /jobs',
    'GET /jobs/:id',
    'GET /jobs/:id/results',
    'POST /jobs/:id/cancel',
    'GET /couplings',
    'GET /couplings/:id',
    'POST /couplings',
    'DELETE /couplings/:id',
    'POST /couplings/:id/synchronize',
    'POST /mappings/:mapping/couple',
    'POST /mappings/:mapping/uncouple',
    'GET /synchronization-errors',
    'GET /synchronization-errors/summary',
    'GET /synchronization-errors/:id',
    'PATCH /synchronization-errors/:id',
    'GET /synchronization-errors/:id/records',
    'POST /synchronization-errors/:id/:action',
    'POST /synchronization-errors/bulk',
    'GET /synchronization-log',
    'GET /couplings/:id/synchronization-log',
    'POST /synchronization-log/:id/revert',
    'POST /synchronization-log/revert',
    'GET /customer-operations',
    'GET /customer-operations/summary',
    'GET /customer-operations/:id',
    'PATCH /customer-operations/:id',
    'POST /customer-operations/:id/edit',
    'DELETE /customer-operations/:id/edit',
    'POST /customer-operations/:id/synchronize',
    'POST /customer-operations/:id/dismiss',
    'POST /customer-operations/:id/reopen',
    'POST /customer-operations/bulk',
    'GET /events',
    'GET /me',
    'POST /session',
    'DELETE /session',
  ];
  for (const route of asked) expect(documented).toContain(route.replace(' /', ' /api/v1/'));
  expect(documented).toContain('GET /healthz');
  expect(documented).toContain('GET /readyz');
});
