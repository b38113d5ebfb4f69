/** Problem details (RFC 9457): the one shape of every answer that is not a success. */
import { z } from 'zod';
import { PROBLEM_EXAMPLE } from './examples.ts';
import { IdSchema, ParamsSchema } from './words.ts';
import { SynchronizationErrorSchema } from './synchronization-errors.ts';

export const ProblemPlaceSchema = z
  .strictObject({
    in: z.enum(['body', 'query', 'path', 'header']),
    pointer: z.string().meta({ description: 'JSON pointer of the place.', examples: ['/fields/email'] }),
    detail: z.string(),
  })
  .meta({ id: 'ProblemPlace' });

export const ProblemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().meta({ description: 'Stable; docs/errors.md has them all.', examples: ['stale-decision'] }),
    detail: z.string(),
    params: ParamsSchema,
    requestId: z.string(),
    remedy: z.string().optional(),
    errors: z
      .array(ProblemPlaceSchema)
      .optional()
      .meta({ description: 'What is wrong with the request, place by place.' }),
    error: SynchronizationErrorSchema.optional().meta({
      description: 'The error as it is now (stale or answered decisions).',
    }),
    allowedActions: z.array(z.string()).optional(),
    role: z.string().optional().meta({ description: 'The role that this needs.' }),
    count: z.int().optional().meta({ description: 'What the filter selects.' }),
    couplingId: IdSchema.optional(),
    differences: z.array(z.unknown()).optional().meta({ description: 'What has moved since.' }),
  })
  .meta({ id: 'Problem', examples: [PROBLEM_EXAMPLE] });

export type ProblemDocument = z.infer<typeof ProblemSchema>;
export type ProblemPlace = z.infer<typeof ProblemPlaceSchema>;
