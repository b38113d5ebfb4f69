/** Words that every answer is made of. Schemas with an `id` become named components of the OpenAPI document. */
import { z } from 'zod';
import { DIRECTIONS, SIDES } from '../../domain/record.ts';
import { ERROR_KINDS } from '../../domain/terms.ts';
import { PREVIEW_EXAMPLE } from './examples.ts';

export const SideSchema = z.enum(SIDES).meta({ id: 'Side', description: 'One of the two apps of a coupling.' });

export const DirectionSchema = z.enum(DIRECTIONS).meta({ id: 'Direction', description: 'Which way values travel.' });

export const ErrorKindSchema = z.enum(ERROR_KINDS).meta({ id: 'ErrorKind' });

export const TimeSchema = z
  .string()
  .meta({ description: 'ISO 8601 in UTC.', format: 'date-time', examples: ['2026-03-01T09:30:00.123456Z'] });

export const IdSchema = z.string().meta({ format: 'uuid', examples: ['01981d0e-6a3b-7c11-9a51-3f0b5a1f2c77'] });

export const ValueSchema = z.unknown().meta({
  id: 'Value',
  description:
    'A value of a record: text, boolean, number (small integers and floats), null; numeric and bigint as strings with every digit, bytea as base64, uuid and dates as strings, json as JSON.',
});

export const RecordKeySchema = z.record(z.string(), ValueSchema).meta({
  id: 'RecordKey',
  description: 'The key of a record: every key column with its value.',
  examples: [{ account_num: 'C0001' }],
});

export const ParamsSchema = z.record(z.string(), z.unknown()).meta({
  id: 'Params',
  description: 'The parts of a message: field, constraint, value, limit, parent, other key.',
  examples: [{ field: 'email' }],
});

export const CandidateSchema = z
  .strictObject({
    side: SideSchema,
    key: RecordKeySchema,
    description: z.string(),
    matchedOn: z.array(z.string()).meta({ description: 'Fields that were equal.' }),
  })
  .meta({ id: 'Candidate', description: 'A record that could be the partner.' });

export const WriteSchema = z
  .strictObject({
    side: SideSchema,
    operation: z.enum(['insert', 'update', 'delete', 'restore']),
    key: RecordKeySchema.nullable().meta({ description: 'Null for a record whose key the store will assign.' }),
    fields: z.array(z.strictObject({ name: z.string(), old: ValueSchema, new: ValueSchema })),
  })
  .meta({ id: 'Write', description: 'What was written to one record, or would be.' });

export const DependentSchema = z
  .strictObject({
    mapping: z.string(),
    couplingId: IdSchema,
    description: z.string(),
    errorId: IdSchema.nullable(),
  })
  .meta({ id: 'Dependent', description: 'A coupling that refers to the record which is restored or deleted.' });

export const ForeseenErrorSchema = z
  .strictObject({
    couplingId: IdSchema.nullable(),
    hqKey: RecordKeySchema.nullable(),
    channelKey: RecordKeySchema.nullable(),
    description: z.string(),
    kind: ErrorKindSchema,
    code: z.string(),
    params: ParamsSchema,
    message: z.string(),
  })
  .meta({ id: 'ForeseenError', description: 'An error that the action would open, so that a person decides.' });

export const PreviewSchema = z
  .strictObject({
    writes: z.array(WriteSchema),
    dependents: z.array(DependentSchema),
    errors: z
      .array(ForeseenErrorSchema)
      .optional()
      .meta({ description: 'Of `approve` and `decline`: what would become an error of its own.' }),
  })
  .meta({ id: 'Preview', examples: [PREVIEW_EXAMPLE], description: 'What would be written; nothing was.' });
