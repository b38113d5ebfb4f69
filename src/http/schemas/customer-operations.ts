/** Customer operations: list, summary, one, and what people do about them. */
import { z } from 'zod';
import { NEXT_STEPS, OPERATION_ACTIONS, OPERATION_STATES, RESOLUTION_ACTIONS } from '../../domain/terms.ts';
import { OPERATION_EXAMPLE } from './examples.ts';
import { choices, dryRun, listOf, page, period, search, sortedBy, text, texts, uuids } from './query.ts';
import { IdSchema, ParamsSchema, SideSchema, TimeSchema, ValueSchema } from './words.ts';

export const OPERATION_NAMES = [
  'createCustomer',
  'updateCustomer',
  'deactivateCustomer',
  'createAddress',
  'updateAddress',
  'deactivateAddress',
  'upsertContact',
  'deactivateContact',
  'upsertAffiliation',
  'removeAffiliation',
  'setAttribute',
  'removeAttribute',
] as const;

const OPERATION_OUTCOMES = ['inserted', 'coupled', 'modified', 'deleted', 'unchanged'] as const;

const KnownErrorSchema = z
  .strictObject({
    code: z.string(),
    field: z.string().nullable(),
    params: ParamsSchema,
    cause: z.string().meta({ description: 'The same for operations that one remedy cures.' }),
    message: z.string(),
  })
  .meta({ id: 'KnownError' });

const AttributeSchema = z
  .strictObject({
    name: z.string(),
    oldValue: ValueSchema,
    newValue: ValueSchema,
    changed: z.boolean(),
    readOnly: z.literal(true).optional().meta({
      description: 'Only where Save cannot set it: its value only comes from HQ, or the operation takes away.',
    }),
  })
  .meta({ id: 'OperationAttribute', description: 'Values in the form of the channel.' });

const EditSchema = z
  .strictObject({
    at: TimeSchema,
    actor: z.string().nullable(),
    name: z.string(),
    old: ValueSchema,
    new: ValueSchema,
  })
  .meta({ id: 'OperationEdit', description: 'A correction that somebody saved beside the original.' });

const StepSchema = z
  .strictObject({
    at: TimeSchema,
    status: z.enum(OPERATION_STATES),
    code: z.string().nullable(),
    jobId: IdSchema.nullable(),
    session: z.string().nullable(),
  })
  .meta({ id: 'OperationStep' });

const OperationResolutionSchema = z
  .strictObject({
    at: TimeSchema,
    action: z.enum(RESOLUTION_ACTIONS),
    winner: SideSchema.nullable(),
    fields: z.unknown(),
    actor: z.string().nullable(),
    reason: z.string().nullable(),
    jobId: IdSchema.nullable(),
  })
  .meta({ id: 'OperationResolution', description: 'How its conflict was answered.' });

export const CustomerOperationSchema = z
  .strictObject({
    id: IdSchema,
    channel: z.string(),
    channelName: z.string(),
    customerAccount: z.string().nullable().meta({ description: 'Null until HQ has numbered the customer.' }),
    asyncCustomerAccount: z.string().nullable().meta({ description: 'The GUID; null only where a row has none.' }),
    operationTimestamp: TimeSchema,
    operation: z.enum(OPERATION_NAMES).nullable().meta({ description: 'Null where the row says no known one.' }),
    status: z.enum(OPERATION_STATES),
    lastKnownError: KnownErrorSchema.nullable(),
    changeDescription: z.string(),
    attempts: z.int(),
    attributes: z.array(AttributeSchema),
    edits: z.array(EditSchema),
    allowedActions: z.array(z.enum(OPERATION_ACTIONS)).meta({ description: 'What you may do about it now.' }),
    errorId: IdSchema.nullable(),
    couplingId: IdSchema.nullable(),
    jobId: IdSchema.nullable(),
    blockedBy: IdSchema.nullable(),
    partKey: ValueSchema,
    createdBy: z.string().nullable(),
    editing: z.strictObject({ by: z.string(), until: TimeSchema }).nullable(),
    nextStep: z.enum(NEXT_STEPS).nullable(),
    outcome: z.enum(OPERATION_OUTCOMES).nullable().meta({
      description: 'What came of it in HQ; `coupled`: HQ had the customer already. Null until it has come through.',
    }),
    history: z.array(StepSchema),
    resolution: OperationResolutionSchema.nullable(),
    dismissal: z
      .strictObject({ at: TimeSchema, actor: z.string().nullable(), reason: z.string().nullable() })
      .nullable(),
    raw: z
      .record(z.string(), z.string().nullable())
      .nullable()
      .meta({ description: 'The row as it came, of an operation that cannot be read.' }),
    etag: z.string().nullable(),
  })
  .meta({ id: 'CustomerOperation', examples: [OPERATION_EXAMPLE] });

export const CustomerOperationListSchema = listOf(CustomerOperationSchema, 'CustomerOperationList')
  .extend({
    unreachable: z.array(z.string()).optional().meta({
      description: 'Only with `status=waiting`: channels that could not be asked, so that what they hold is missing.',
    }),
  })
  .meta({ id: 'CustomerOperationList' });

const filter = {
  channel: texts('Names of channels.'),
  status: choices(
    OPERATION_STATES,
    'Statuses; `waiting` is what the channels have not handed over yet, read from them, and stands alone.',
  ),
  account: texts('Account numbers.'),
  asyncAccount: texts('GUIDs of customers.'),
  operation: choices(OPERATION_NAMES, 'Kinds of operations.'),
  code: texts('Codes of the last known error.'),
  cause: texts('Causes, as the synchronization errors name them.'),
  couplingId: uuids('Couplings.'),
  q: search,
  ...period,
};

/** `field.{name}` and `part.{name}`; which names there are, the configuration says. */
const FIELD_FILTER = /^(field|part)\.[A-Za-z][\w-]*$/;
const fieldFilters = (query: Record<string, unknown>, context: z.RefinementCtx): void => {
  const unknown = Object.keys(query).filter((name) => !Object.hasOwn(known, name) && !FIELD_FILTER.test(name));
  if (unknown.length > 0) context.addIssue({ code: 'unrecognized_keys', keys: unknown, input: query });
};

export const OPERATION_SORTS = [
  'operationTimestamp',
  'receivedAt',
  'channel',
  'status',
  'customerAccount',
  'asyncCustomerAccount',
] as const;
const known = { ...filter, ...page, sort: true };

const fieldValue = z.union([text, z.array(text).min(1).max(20)]);

export const OperationFilterSchema = z.object(filter).catchall(fieldValue).superRefine(fieldFilters);
export const OperationListQuerySchema = z
  .object({ ...filter, sort: sortedBy(OPERATION_SORTS), ...page })
  .catchall(fieldValue)
  .superRefine(fieldFilters);

export const OperationSummarySchema = z
  .strictObject({
    channels: z.array(
      z.strictObject({
        channel: z.string(),
        name: z.string(),
        waiting: z
          .strictObject({ count: z.int().nullable(), oldestAt: TimeSchema.nullable() })
          .meta({ description: 'What the channel holds, before any pull; a null count: it cannot be reached.' }),
        statuses: z.partialRecord(z.enum(OPERATION_STATES), z.int()),
      }),
    ),
    failures: z.array(
      z.strictObject({
        code: z.string(),
        params: ParamsSchema.nullable().describe('Where they are the same for all.'),
        message: z.string(),
        count: z.int(),
        sampleId: IdSchema,
      }),
    ),
  })
  .meta({ id: 'OperationSummary' });

const attributes = z
  .record(z.string(), ValueSchema)
  .meta({ description: 'By field name, in the form of the channel.', examples: [{ email: 'x@y.example' }] });
const reason = text.min(1).meta({ description: 'Kept with the actor.' });

export const SaveBodySchema = z
  .strictObject({
    attributes: attributes.optional(),
    reset: z.array(text).min(1).max(1_000).optional().meta({ description: 'Fields whose correction is taken back.' }),
  })
  .meta({ id: 'SaveBody', examples: [{ attributes: { email: 'x@y.example' } }] });

export const NothingSchema = z.strictObject({}).meta({ id: 'Nothing' });
export const OperationReasonSchema = z.strictObject({ reason: reason.optional() }).meta({ id: 'OperationReason' });
export const DismissBodySchema = z
  .strictObject({ reason, dryRun: z.boolean().optional() })
  .meta({ id: 'DismissBody', examples: [{ reason: 'a test of the till' }] });
export const DismissQuerySchema = z.strictObject({ dryRun });

const OperationNamedSchema = z.strictObject({
  id: IdSchema,
  operation: z.enum(OPERATION_NAMES).nullable(),
  changeDescription: z.string(),
});

/** The operation afterwards, and what went with it; of a dry run, what would go. */
export const DismissAnswerSchema = z
  .strictObject({
    ...CustomerOperationSchema.shape,
    dismissed: z.array(OperationNamedSchema).meta({ description: 'Operations behind it that are dismissed with it.' }),
  })
  .meta({ id: 'DismissAnswer' });

/** The operation afterwards, and what stays as it is. */
export const ReopenAnswerSchema = z
  .strictObject({
    ...CustomerOperationSchema.shape,
    stillDismissed: z.array(OperationNamedSchema).meta({
      description:
        'Of a create: operations that were dismissed with it and still are. Each can be reopened by itself, or all in bulk.',
    }),
  })
  .meta({ id: 'ReopenAnswer' });
export type ReopenAnswerDocument = z.infer<typeof ReopenAnswerSchema>;

export const OperationBulkBodySchema = z
  .strictObject({
    action: z.enum(['save', 'synchronize', 'dismiss', 'reopen']),
    ids: z.array(text).min(1).max(100_000).optional(),
    items: z
      .array(z.strictObject({ id: text, etag: text }))
      .min(1)
      .max(100_000)
      .optional(),
    filter: OperationFilterSchema.optional().meta({ description: 'The query parameters of the list.' }),
    expect: z.int().min(0).optional().meta({ description: 'How many the filter must select, or nothing happens.' }),
    attributes: attributes.optional(),
    reset: z.array(text).min(1).max(1_000).optional(),
    reason: reason.optional(),
  })
  .meta({
    id: 'OperationBulkBody',
    examples: [{ action: 'synchronize', filter: { status: ['failed'], code: ['value-invalid'] }, expect: 12 }],
  });

export type CustomerOperationDocument = z.infer<typeof CustomerOperationSchema>;
export type OperationFilterQuery = z.infer<typeof OperationFilterSchema>;
export type OperationBulkBody = z.infer<typeof OperationBulkBodySchema>;
export type OperationSummaryDocument = z.infer<typeof OperationSummarySchema>;
