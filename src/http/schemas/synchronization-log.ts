/** The synchronization log. */
import { z } from 'zod';
import { WRITE_DIRECTIONS } from '../../domain/record.ts';
import { LOG_ACTIONS, LOG_CAUSES } from '../../domain/terms.ts';
import { LOG_EXAMPLE } from './examples.ts';
import { byRecord, choices, flag, listOf, page, period, search, sortedBy, text, texts, uuids } from './query.ts';
import {
  DependentSchema,
  IdSchema,
  ParamsSchema,
  RecordKeySchema,
  SideSchema,
  TimeSchema,
  ValueSchema,
  WriteSchema,
} from './words.ts';

export const LogEntrySchema = z
  .strictObject({
    id: IdSchema,
    at: TimeSchema,
    jobId: IdSchema.nullable(),
    mapping: z.string(),
    channel: z.string(),
    channelName: z.string(),
    couplingId: IdSchema.nullable(),
    hqKey: RecordKeySchema.nullable(),
    channelKey: RecordKeySchema.nullable(),
    action: z.enum(LOG_ACTIONS),
    direction: z.enum(WRITE_DIRECTIONS).nullable(),
    cause: z.enum(LOG_CAUSES),
    actor: z.string().nullable(),
    changedBy: z.string().nullable(),
    reason: z.string().nullable(),
    code: z.string().nullable(),
    params: ParamsSchema,
    description: z.string(),
    changes: z
      .array(z.strictObject({ field: z.string(), side: SideSchema, old: ValueSchema, new: ValueSchema }))
      .meta({ description: 'Exactly the fields written, on the side written.' }),
    errorId: IdSchema.nullable(),
    requestId: z.string().nullable(),
    revertible: z.boolean(),
    reverts: IdSchema.nullable(),
    revertedBy: IdSchema.nullable(),
  })
  .meta({ id: 'LogEntry', examples: [LOG_EXAMPLE] });
export const LogListSchema = listOf(LogEntrySchema, 'LogEntryList');

const filter = {
  mapping: texts('Names of mappings.'),
  ...byRecord,
  channel: texts('Names of channels.'),
  couplingId: uuids('Couplings.'),
  jobId: uuids('Jobs; of a job with children, theirs too.'),
  errorId: uuids('Synchronization errors.'),
  field: texts('Names of fields that were written.'),
  actor: texts('Who asked for it.'),
  action: choices(LOG_ACTIONS, 'What was done.'),
  cause: choices(LOG_CAUSES, 'Why.'),
  q: search,
  ...period,
};
export const LOG_SORTS = ['at', 'hqKey', 'channelKey', 'action', 'mapping', 'channel'] as const;
const NARROW = ['jobId', 'errorId', 'couplingId', 'key'] as const;

/** The whole log is kept in the order of time alone; another order is for what an index has narrowed. */
export const LogListQuerySchema = z
  .strictObject({
    ...filter,
    sort: sortedBy(LOG_SORTS).meta({
      description: `A leading minus sorts downwards. Other than by \`at\` only with ${NARROW.join(', ')}.`,
    }),
    ...page,
  })
  .superRefine((query, context) => {
    const sort = query.sort?.replace(/^-/, '') ?? 'at';
    if (sort === 'at' || NARROW.some((name) => query[name] !== undefined)) return;
    const message = `The log as a whole cannot be sorted by ${sort}; it can by at, and by ${sort} together with ${NARROW.slice(0, -1).join(', ')} or ${NARROW.at(-1)}`;
    context.addIssue({ code: 'custom', path: ['sort'], message });
  });
export const CouplingLogQuerySchema = z.strictObject({
  related: flag('Also of the couplings that refer to this one.'),
  action: filter.action,
  cause: filter.cause,
  field: filter.field,
  actor: filter.actor,
  ...period,
  sort: sortedBy(LOG_SORTS),
  ...page,
});

const reason = text.optional().meta({ description: 'Kept in the log with the actor.' });

export const RevertBodySchema = z
  .strictObject({ reason, dryRun: z.boolean().optional() })
  .meta({ id: 'RevertBody', examples: [{ reason: 'chosen by mistake' }] });

/** The entry that was taken back. */
export const RevertAnswerSchema = z
  .strictObject({
    ...LogEntrySchema.shape,
    outcome: z.enum(['succeeded', 'failed']),
    revertJobId: IdSchema.nullable().meta({ description: 'The job whose log entries tell of the revert.' }),
    writes: z.array(WriteSchema),
    dependents: z.array(DependentSchema),
  })
  .meta({ id: 'RevertAnswer' });

export const BulkRevertBodySchema = z
  .strictObject({
    jobId: text.optional(),
    ids: z.array(text).min(1).max(100_000).optional(),
    items: z
      .array(z.strictObject({ id: text, etag: text.optional() }))
      .min(1)
      .max(100_000)
      .optional(),
    expect: z.int().min(0).optional().meta({ description: 'How many entries must be selected, or nothing happens.' }),
    reason,
    dryRun: z.boolean().optional(),
  })
  .meta({ id: 'BulkRevertBody', examples: [{ jobId: '01981d0e-6a3b-7c11-9a51-3f0b5a1f2c77', expect: 12 }] });

export type LogEntryDocument = z.infer<typeof LogEntrySchema>;
export type CouplingLogQuery = z.infer<typeof CouplingLogQuerySchema>;
