/** Table mappings as they run, and records of one store. */
import { z } from 'zod';
import { SIDES } from '../../domain/record.ts';
import { COUPLING_STATUSES, ERROR_KINDS } from '../../domain/terms.ts';
import { choices, flag, listOf, page, text, texts } from './query.ts';
import { DirectionSchema, IdSchema, ParamsSchema, RecordKeySchema, TimeSchema } from './words.ts';

export const MAPPING_STATES = [
  'running',
  'paused',
  'disabled',
  'awaitingFirstRun',
  'storeUnreachable',
  'setupProblem',
  'stopped',
  'notConfigured',
] as const;
export const MappingStateSchema = z.enum(MAPPING_STATES).meta({ id: 'MappingState' });

const seconds = z.number().nullable().meta({ description: 'Age of the oldest change that waits; 0 when none does.' });

export const MappingChannelSchema = z
  .strictObject({
    channel: z.string(),
    channelName: z.string(),
    state: MappingStateSchema,
    lagSeconds: z.strictObject({ hq: seconds, channel: seconds }),
    backlog: z.strictObject({ hq: z.int(), channel: z.int() }).meta({ description: 'Changes that wait.' }),
    lastJobId: IdSchema.nullable(),
    lastSuccessAt: TimeSchema.nullable(),
    couplings: z.partialRecord(z.enum(COUPLING_STATUSES), z.int()),
    openErrors: z.partialRecord(z.enum(ERROR_KINDS), z.int()),
    stopped: z
      .strictObject({ code: z.string(), params: ParamsSchema, message: z.string() })
      .nullable()
      .meta({ description: 'Why it stands still until somebody resumes it, with the comparison.' }),
    records: z
      .strictObject({ hq: z.int(), channel: z.int() })
      .nullable()
      .meta({ description: 'Counts of both sides while a first run waits to be asked for.' }),
  })
  .meta({ id: 'MappingChannel' });

export const MappingSchema = z
  .strictObject({
    name: z.string(),
    label: z.string(),
    state: MappingStateSchema,
    direction: DirectionSchema,
    schedule: z.string().meta({ examples: ['continuous', 'every 30s'] }),
    nextRunAt: TimeSchema.nullable(),
    channels: z.array(MappingChannelSchema),
    configuration: z.record(z.string(), z.unknown()).meta({ description: 'The mapping with every default filled in.' }),
  })
  .meta({ id: 'Mapping' });
export const MappingListSchema = listOf(MappingSchema, 'MappingList');

const reason = text.optional();

export const PauseBodySchema = z.strictObject({ channel: text.optional(), reason }).meta({ id: 'PauseBody' });
export const ResumeBodySchema = z
  .strictObject({
    channel: text.optional(),
    lineage: z.literal('compare').optional().meta({
      description:
        'For a stopped mapping: a full run in which every difference becomes a conflict and nothing is deleted.',
    }),
    reason,
  })
  .meta({ id: 'ResumeBody' });

export const RECORD_REASONS = [
  'outOfFilter',
  'coupledOnly',
  'uncoupled',
  'matchAmbiguous',
  'createFailed',
  'waitingForParent',
  'notYet',
  'paused',
  'directionNotConfigured',
] as const;

export const RecordSchema = z
  .strictObject({
    key: RecordKeySchema,
    description: z.string(),
    couplingId: IdSchema.nullable(),
    errorId: IdSchema.nullable(),
    reason: z.enum(RECORD_REASONS).nullable().meta({ description: 'Why it is not coupled; null when it is.' }),
    at: TimeSchema.nullable().meta({ description: 'When it was uncoupled.' }),
    actor: z.string().nullable(),
  })
  .meta({ id: 'StoreRecord' });
export const RecordListSchema = listOf(RecordSchema, 'StoreRecordList');

export const RecordQuerySchema = z.strictObject({
  side: z.enum(SIDES).default('hq'),
  channel: text.optional().meta({ description: 'Needed for a mapping with several channels.' }),
  q: text.optional().meta({ description: 'Text that the key or any mapped value contains.' }),
  key: texts('The key of a record; repeated for a key of several columns.'),
  coupled: flag('Only those that are (or are not) coupled.'),
  reason: choices(RECORD_REASONS, 'Only those that are not coupled for this reason.'),
  limit: page.limit,
  cursor: page.cursor,
  count: page.count,
});

export const ConfigurationChangeSchema = z
  .strictObject({
    id: IdSchema,
    at: TimeSchema,
    actor: z.string().nullable(),
    difference: z.unknown(),
  })
  .meta({ id: 'ConfigurationChange' });
export const ConfigurationHistorySchema = listOf(ConfigurationChangeSchema, 'ConfigurationHistory');

export type MappingDocument = z.infer<typeof MappingSchema>;
export type MappingChannelDocument = z.infer<typeof MappingChannelSchema>;
export type MappingState = z.infer<typeof MappingStateSchema>;
export type RecordQuery = z.infer<typeof RecordQuerySchema>;
export type RecordDocument = z.infer<typeof RecordSchema>;
