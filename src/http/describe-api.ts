/** The OpenAPI document: made from the schemas of the routes, so that it cannot say anything else than they do. */
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { needsOf } from './authorize.ts';
import { completeDocument } from './complete-document.ts';
import { ProblemSchema } from './schemas/problem.ts';

const problemContent = { content: { 'application/problem+json': { schema: ProblemSchema } } };

/** What any route may answer besides; each names what happened by its `code`. */
export const PROBLEMS = {
  '4xx': { description: 'The caller has to change something; `code` says what.', ...problemContent },
  '5xx': { description: 'Couplet, or a store, cannot do it now.', ...problemContent },
} as const;

/** A list is also offered as CSV. Only the words say so: a second type would make every typed client ask which one it got. */
export const csvContent = <T extends z.ZodType>(schema: T) =>
  ({
    description: 'A page of the list. With `Accept: text/csv`, the whole list as CSV (100,000 rows at most).',
    content: { 'application/json': { schema } },
  }) as const;

export const NO_CONTENT = z.undefined().describe('Done; there is nothing to say.');

export async function describeApi(server: FastifyInstance): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Couplet',
        version: '1',
        description:
          'Keeps records of two business apps in step. Values: numeric and bigint as strings, bytea as base64, times as ISO 8601 in UTC. ' +
          'Lists: `limit` and `cursor`; a filter given twice means either. Errors are `application/problem+json` with a stable `code`.',
      },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description: 'An API key, or a token of the OpenID Connect provider.',
          },
          session: { type: 'apiKey', in: 'cookie', name: 'couplet_session', description: 'Made by `POST /session`.' },
        },
      },
      security: [{ bearer: [] }, { session: [] }, {}],
    },
    transform: ({ schema, url, route, ...rest }) => {
      const transformed = jsonSchemaTransform({ schema, url, route, ...rest });
      const method = Array.isArray(route.method) ? (route.method[0] ?? 'GET') : route.method;
      const needs = needsOf(method, route.config?.needs);
      return {
        ...transformed,
        schema: {
          ...transformed.schema,
          ...(needs === 'public' ? { security: [] } : { 'x-needs-role': needs }),
        },
      };
    },
    transformObject: (document) => completeDocument(jsonSchemaTransformObject(document) as never) as never,
  });
}
