/** Synchronization jobs and their results. */
import { z } from 'zod';
import { JOB_KINDS, JOB_SCOPES, JOB_STATUSES, JOB_TRIGGERS, RESULT_STATUSES } from '../../domain/terms.ts';
import { JOB_EXAMPLE } from './examples.ts';
import { choices, dryRun, listOf, page, period, search, sortedBy, text, texts } from './query.ts';
import {
  CandidateSchema,
  DirectionSchema,
  IdSchema,
  ParamsSchema,
  RecordKeySchema,
  TimeSchema,
  WriteSchema,
} from './words.ts';

const DirectionCountersSchema = z
  .strictObject({
    inserted: z.int(),
    modified: z.int(),
    deleted: z.int(),
    unchanged: z.int(),
    skipped: z.int().meta({ description: 'Changed records that wait: parked, in conflict, out of filter.' }),
    failed: z.int().meta({ description: 'Failures of this run.' }),
  })
  .meta({ id: 'DirectionCounters' });

export const CountersSchema = z
  .strictObject({
    toHq: DirectionCountersSchema,
    toChannel: DirectionCountersSchema,
    coupled: z.int(),
    uncoupled: z.int(),
    conflicts: z.int(),
    deletions: z.int(),
    ambiguous: z.int(),
    unmatchedInHq: z.int(),
    unmatchedInChannel: z.int(),
  })
  .meta({ id: 'Counters' });

export const JobSchema = z
  .strictObject({
    id: IdSchema,
    kind: z.enum(JOB_KINDS),
    mapping: z.string().nullable(),
    channel: z.string().nullable(),
    channelName: z.string().nullable(),
    scope: z.enum(JOB_SCOPES).nullable(),
    direction: DirectionSchema.nullable(),
    dryRun: z.boolean(),
    status: z.enum(JOB_STATUSES),
    trigger: z.enum(JOB_TRIGGERS),
    actor: z.string().nullable(),
    createdAt: TimeSchema,
    startedAt: TimeSchema.nullable(),
    finishedAt: TimeSchema.nullable(),
    attempts: z.int(),
    cancelRequested: z.boolean(),
    progress: z.strictObject({ done: z.int(), total: z.int().nullable() }),
    counters: CountersSchema,
    code: z.string().nullable(),
    params: ParamsSchema.nullable(),
    message: z.string().nullable(),
    parentId: IdSchema.nullable(),
    children: z
      .array(IdSchema)
      .meta({ description: 'Jobs of the single mappings and channels; their counters are summed here.' }),
    reason: z.string().nullable(),
  })
  .meta({ id: 'Job', examples: [JOB_EXAMPLE] });

export const JobListSchema = listOf(JobSchema, 'JobList');

export const JOB_SORTS = [
  'createdAt',
  'startedAt',
  'finishedAt',
  'mapping',
  'channel',
  'kind',
  'status',
  'trigger',
  'actor',
] as const;
export const JobListQuerySchema = z.strictObject({
  mapping: texts('Names of mappings.'),
  channel: texts('Names of channels.'),
  kind: choices(JOB_KINDS, 'Kinds.'),
  status: choices(JOB_STATUSES, 'Statuses.'),
  trigger: choices(JOB_TRIGGERS, 'What started it.'),
  ...period,
  sort: sortedBy(JOB_SORTS),
  ...page,
});

export const JobResultSchema = z
  .strictObject({
    mapping: z
      .string()
      .nullable()
      .meta({ description: 'Null where the job is about several and nothing tells which.' }),
    channel: z.string().nullable(),
    status: z.enum(RESULT_STATUSES),
    code: z.string().nullable(),
    params: ParamsSchema,
    message: z.string().nullable(),
    errorId: IdSchema.nullable(),
    couplingId: IdSchema.nullable(),
    hqKey: RecordKeySchema.nullable(),
    channelKey: RecordKeySchema.nullable(),
    candidates: z.array(CandidateSchema),
    writes: z.array(WriteSchema),
  })
  .meta({ id: 'JobResult', description: 'What became of one record or action; what does not apply is null.' });
export const JobResultListSchema = listOf(JobResultSchema, 'JobResultList');
const RESULT_SORTS = ['status', 'code', 'hqKey', 'channelKey'] as const;
export const JobResultQuerySchema = z.strictObject({
  status: choices(RESULT_STATUSES, 'Statuses.'),
  code: texts('Codes.'),
  q: search,
  sort: sortedBy(RESULT_SORTS),
  ...page,
});

const reason = text.optional().meta({ description: 'Kept with the actor.' });

export const SynchronizeBodySchema = z
  .strictObject({
    scope: z.enum(JOB_SCOPES).default('modified').meta({
      description:
        '`full` compares every record inside the filters with its base, and decides as any run; it never forces.',
    }),
    direction: DirectionSchema.optional(),
    channel: text.optional(),
    fields: z.array(text).min(1).max(1_000).optional(),
    dryRun: z.boolean().optional(),
    reason,
  })
  .meta({ id: 'SynchronizeBody', examples: [{ scope: 'modified' }] });

export const DryRunQuerySchema = z.strictObject({ dryRun });

export const CheckBodySchema = z.strictObject({ reason }).meta({ id: 'CheckBody' });
export const VerifyBodySchema = z
  .strictObject({ mapping: text.optional(), channel: text.optional(), reason })
  .meta({ id: 'VerifyBody' });

export type JobDocument = z.infer<typeof JobSchema>;
export type JobResultDocument = z.infer<typeof JobResultSchema>;
export type SynchronizeBody = z.infer<typeof SynchronizeBodySchema>;
