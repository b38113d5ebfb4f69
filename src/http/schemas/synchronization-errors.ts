/** Coupled Data Synchronization Errors: list, one, summary, actions. */
import { z } from 'zod';
import { ERROR_ACTIONS, ERROR_SCOPES, ERROR_STATUSES, RESOLUTION_ACTIONS } from '../../domain/terms.ts';
import { ERROR_EXAMPLE } from './examples.ts';
import {
  byRecord,
  choices,
  dryRun,
  flag,
  listOf,
  page,
  period,
  search,
  sortedBy,
  text,
  texts,
  uuids,
} from './query.ts';
import {
  CandidateSchema,
  DependentSchema,
  ErrorKindSchema,
  IdSchema,
  ParamsSchema,
  RecordKeySchema,
  SideSchema,
  TimeSchema,
  ValueSchema,
  WriteSchema,
} from './words.ts';

export const ErrorActionSchema = z.enum(ERROR_ACTIONS).meta({ id: 'ErrorAction' });

export const ErrorRecordSchema = z
  .strictObject({
    key: RecordKeySchema.nullable(),
    description: z.string(),
    exists: z.boolean(),
    modifiedAt: TimeSchema.nullable(),
    changedBy: z.string().nullable(),
    link: z.string().nullable(),
  })
  .meta({ id: 'ErrorRecord', description: 'One of the two records of an error.' });

export const ErrorFieldSchema = z
  .strictObject({
    name: z.string(),
    base: z
      .strictObject({ hq: ValueSchema, channel: ValueSchema })
      .nullable()
      .meta({ description: 'The last synchronized value, in the form of each side; null when there never was one.' }),
    hq: ValueSchema,
    channel: ValueSchema,
    changedIn: z.array(SideSchema),
    conflicting: z.boolean(),
  })
  .meta({ id: 'ErrorField' });

export const MassDeletionSchema = z
  .strictObject({
    deletedIn: SideSchema,
    deletions: z.int(),
    couplings: z.int(),
    percent: z.number(),
    policy: z.string(),
  })
  .meta({ id: 'MassDeletion' });

export const ResolutionSchema = z
  .strictObject({
    at: TimeSchema,
    action: z.enum(RESOLUTION_ACTIONS).meta({ description: '`automatic` when it ended by itself.' }),
    winner: SideSchema.nullable(),
    fields: z.unknown(),
    actor: z.string().nullable(),
    reason: z.string().nullable(),
    jobId: IdSchema.nullable(),
    logIds: z.array(IdSchema),
  })
  .meta({ id: 'Resolution' });

export const SynchronizationErrorSchema = z
  .strictObject({
    id: IdSchema,
    scope: z.enum(ERROR_SCOPES),
    mapping: z.string(),
    channel: z.string(),
    channelName: z.string(),
    couplingId: IdSchema.nullable(),
    kind: ErrorKindSchema,
    code: z.string().meta({ examples: ['update-conflict'] }),
    params: ParamsSchema,
    cause: z.string().meta({ description: 'The same for errors that one remedy cures.' }),
    message: z.string(),
    status: z.enum(ERROR_STATUSES),
    parked: z.boolean().meta({ description: 'Not tried again by itself.' }),
    attempts: z.int(),
    retryAt: TimeSchema.nullable(),
    assignee: z.string().nullable(),
    note: z.string().nullable(),
    firstSeenAt: TimeSchema,
    lastSeenAt: TimeSchema,
    jobId: IdSchema.nullable(),
    hqRecord: ErrorRecordSchema,
    channelRecord: ErrorRecordSchema,
    deletedIn: SideSchema.nullable(),
    survivorChanged: z.boolean().nullable(),
    candidates: z.array(CandidateSchema),
    massDeletion: z.union([MassDeletionSchema, z.record(z.string(), z.unknown())]).nullable(),
    allowedActions: z.array(ErrorActionSchema).meta({ description: 'What you may do about it now.' }),
    fields: z.array(ErrorFieldSchema),
    resolution: ResolutionSchema.nullable(),
    etag: z.string().nullable().meta({
      description:
        'State of the error and of both records, or of all that the error of a mapping holds back; null in lists, which read neither.',
    }),
    asOf: TimeSchema.nullable()
      .optional()
      .meta({ description: 'When the values were read last, while a store is away; null: now.' }),
  })
  .meta({ id: 'SynchronizationError', examples: [ERROR_EXAMPLE] });

export const SynchronizationErrorListSchema = listOf(SynchronizationErrorSchema, 'SynchronizationErrorList');

const filter = {
  mapping: texts('Names of mappings.'),
  channel: texts('Names of channels.'),
  kind: choices(['conflict', 'deletion', 'failure'], 'Kinds.'),
  code: texts('Codes.'),
  cause: texts('Causes, as the errors and the summary name them.'),
  field: texts('Names of fields in conflict, or that the error names.'),
  status: choices(['open', 'resolved'], 'Open ones unless asked.'),
  parked: flag('Only those that are (or are not) skipped until Retry.'),
  scope: choices(['record', 'mapping'], 'Errors of records, or of mappings as a whole.'),
  jobId: uuids('Jobs that met the error last.'),
  couplingId: uuids('Couplings.'),
  assignee: texts('Assignees.'),
  q: search,
  ...byRecord,
  ...period,
};

export const ErrorFilterSchema = z.strictObject(filter);

export const ERROR_SORTS = [
  'firstSeenAt',
  'lastSeenAt',
  'retryAt',
  'resolvedAt',
  'mapping',
  'channel',
  'kind',
  'code',
  'status',
  'attempts',
  'hqKey',
  'channelKey',
] as const;
export const ErrorListQuerySchema = z.strictObject({ ...filter, sort: sortedBy(ERROR_SORTS), ...page });

export const ErrorSummarySchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        cause: z.string(),
        mapping: z.string(),
        channel: z.string(),
        channelName: z.string(),
        kind: ErrorKindSchema,
        code: z.string(),
        params: ParamsSchema,
        message: z.string(),
        count: z.int(),
        firstSeenAt: TimeSchema,
        lastSeenAt: TimeSchema,
        sampleId: IdSchema,
      }),
    ),
  })
  .meta({ id: 'ErrorSummary' });

export const ErrorPatchSchema = z
  .strictObject({
    assignee: text.nullable().optional(),
    note: z.string().max(10_000).nullable().optional(),
  })
  .meta({ id: 'ErrorPatch' });

const reason = text.optional().meta({ description: 'Kept in the log with the actor.' });

/** A side, or a value of one's own in the form of HQ unless `side` says otherwise. */
export const FieldChoiceSchema = z
  .union([SideSchema, z.strictObject({ value: ValueSchema, side: SideSchema.optional() })])
  .meta({ id: 'FieldChoice' });

const actionBody = {
  winner: SideSchema.optional().meta({ description: 'For `synchronize` and `couple`: the version that wins.' }),
  fields: z
    .record(z.string(), FieldChoiceSchema)
    .optional()
    .meta({ description: 'For `synchronize`: choices for single fields, which go before `winner`.' }),
  key: RecordKeySchema.optional().meta({ description: 'For `couple`: the record of the other side.' }),
  create: z.boolean().optional().meta({ description: 'For `couple`: create the record of the other side.' }),
  reason,
};

export const ActionBodySchema = z
  .strictObject({ ...actionBody, dryRun: z.boolean().optional() })
  .meta({ id: 'ActionBody', examples: [{ winner: 'hq', reason: 'HQ keeps the addresses' }] });
export const ActionQuerySchema = z.strictObject({ dryRun });

/** The error after the action. A dry run answers a `Preview` instead. */
export const ActionAnswerSchema = z
  .strictObject({
    ...SynchronizationErrorSchema.shape,
    outcome: z
      .enum(['succeeded', 'failed'])
      .meta({ description: '`failed`: the store refused; the error stays open with the new cause.' }),
    writes: z.array(WriteSchema),
    dependents: z.array(DependentSchema),
  })
  .meta({ id: 'ActionAnswer' });

export const BulkBodySchema = z
  .strictObject({
    action: ErrorActionSchema,
    ids: z.array(text).min(1).max(100_000).optional(),
    items: z
      .array(z.strictObject({ id: text, etag: text }))
      .min(1)
      .max(100_000)
      .optional(),
    filter: ErrorFilterSchema.optional().meta({
      description: 'The query parameters of the list; `{}` is for `retry` only.',
    }),
    expect: z.int().min(0).optional().meta({ description: 'How many the filter must select, or nothing happens.' }),
    ...actionBody,
    dryRun: z.boolean().optional(),
  })
  .meta({ id: 'BulkBody', examples: [{ action: 'retry', filter: { mapping: 'customers', kind: 'failure' } }] });

export const AffectedRecordSchema = z
  .strictObject({
    couplingId: IdSchema.nullable(),
    side: SideSchema,
    key: RecordKeySchema,
    hqKey: RecordKeySchema.nullable(),
    channelKey: RecordKeySchema.nullable(),
    description: z.string(),
    since: TimeSchema.nullable(),
  })
  .meta({ id: 'AffectedRecord', description: 'What an error of a mapping is about.' });
export const AffectedRecordListSchema = listOf(AffectedRecordSchema, 'AffectedRecordList');

export type SynchronizationErrorDocument = z.infer<typeof SynchronizationErrorSchema>;
export type ErrorFilterQuery = z.infer<typeof ErrorFilterSchema>;
export type ActionBody = z.infer<typeof ActionBodySchema>;
export type ActionAnswer = z.infer<typeof ActionAnswerSchema>;
export type BulkBody = z.infer<typeof BulkBodySchema>;
export type ErrorSummary = z.infer<typeof ErrorSummarySchema>;
