/** Couplings: list, one, and what couples and uncouples. */
import { z } from 'zod';
import { COUPLING_STATUSES } from '../../domain/terms.ts';
import { COUPLING_EXAMPLE } from './examples.ts';
import { byRecord, choices, listOf, page, search, sortedBy, text, texts, uuids } from './query.ts';
import { IdSchema, RecordKeySchema, SideSchema, TimeSchema, ValueSchema } from './words.ts';

export const CouplingFieldSchema = z
  .strictObject({
    name: z.string(),
    base: z.strictObject({ hq: ValueSchema, channel: ValueSchema }).nullable(),
    hq: ValueSchema,
    channel: ValueSchema,
  })
  .meta({ id: 'CouplingField' });

export const CouplingSchema = z
  .strictObject({
    id: IdSchema,
    mapping: z.string(),
    channel: z.string(),
    channelName: z.string(),
    status: z.enum(COUPLING_STATUSES),
    reason: z
      .enum(['queued', 'paused', 'storeUnreachable', 'waitingForParent', 'awaitingDistribution'])
      .nullable()
      .meta({ description: 'Why it is `pending`.' }),
    errorId: IdSchema.nullable(),
    pendingSince: TimeSchema.nullable(),
    hqKey: RecordKeySchema,
    channelKey: RecordKeySchema.nullable(),
    hqDescription: z.string(),
    channelDescription: z.string(),
    createdAt: TimeSchema,
    lastSynchronizedAt: TimeSchema.nullable(),
    lastJobId: IdSchema.nullable(),
    endedAt: TimeSchema.nullable(),
    references: z.array(z.strictObject({ field: z.string(), couplingId: IdSchema })),
    fields: z.array(CouplingFieldSchema).optional().meta({ description: 'In lists with `expand=fields` only.' }),
    asOf: TimeSchema.nullable()
      .optional()
      .meta({ description: 'When the values were read last, while a store is away.' }),
  })
  .meta({ id: 'Coupling', examples: [COUPLING_EXAMPLE] });
export const CouplingListSchema = listOf(CouplingSchema, 'CouplingList');

const filter = {
  mapping: texts('Names of mappings.'),
  channel: texts('Names of channels.'),
  status: choices(COUPLING_STATUSES, 'Statuses; ended ones only with `status=ended`.'),
  q: search,
  ...byRecord,
  parent: uuids('Couplings that these refer to.'),
};
export const CouplingFilterSchema = z.strictObject(filter);
export const COUPLING_SORTS = [
  'createdAt',
  'lastSynchronizedAt',
  'endedAt',
  'status',
  'hqKey',
  'channelKey',
  'mapping',
  'channel',
] as const;
export const CouplingListQuerySchema = z.strictObject({
  ...filter,
  expand: z
    .literal('fields')
    .optional()
    .meta({ description: '`fields`: both records now and the base, read from the stores.' }),
  sort: sortedBy(COUPLING_SORTS),
  ...page,
});

const reason = text.optional().meta({ description: 'Kept in the log with the actor.' });

export const NewCouplingBodySchema = z
  .strictObject({
    mapping: text,
    channel: text,
    hqKey: RecordKeySchema.optional(),
    channelKey: RecordKeySchema.optional(),
    winner: SideSchema.optional().meta({ description: 'The version that wins; without it as any new pair.' }),
    createIn: SideSchema.optional().meta({ description: 'With one key: creates the other record there.' }),
    reason,
    dryRun: z.boolean().optional(),
  })
  .meta({
    id: 'NewCoupling',
    examples: [
      {
        mapping: 'customers',
        channel: 'houston',
        hqKey: { account_num: 'C0001' },
        channelKey: { id: 17 },
        winner: 'hq',
      },
    ],
  });

export const CouplingSynchronizeBodySchema = z
  .strictObject({ winner: SideSchema.optional(), reason, dryRun: z.boolean().optional() })
  .meta({ id: 'CouplingSynchronizeBody' });

export const RemoveCouplingQuerySchema = z.strictObject({ reason });

export const CoupleBodySchema = z
  .strictObject({
    channel: text.optional(),
    createUnmatched: z
      .enum(['hq', 'channel', 'both'])
      .optional()
      .meta({ description: 'Create the partners of unmatched records: in HQ, in the channel, or on both sides.' }),
    pairs: z
      .array(z.strictObject({ hqKey: RecordKeySchema, channelKey: RecordKeySchema, winner: SideSchema.optional() }))
      .min(1)
      .max(100_000)
      .optional(),
    reason,
    dryRun: z.boolean().optional(),
  })
  .meta({ id: 'CoupleBody', examples: [{ createUnmatched: 'channel', dryRun: true }] });

export const UncoupleBodySchema = z
  .strictObject({
    channel: text.optional(),
    all: z.literal(true).optional(),
    hqKeys: z.array(RecordKeySchema).min(1).max(100_000).optional(),
    filter: CouplingFilterSchema.optional().meta({
      description: 'The query parameters of `GET /couplings`, at least one.',
    }),
    expect: z.int().min(0).optional().meta({ description: 'How many the filter must select, or nothing happens.' }),
    reason,
    dryRun: z.boolean().optional(),
  })
  .meta({ id: 'UncoupleBody', examples: [{ hqKeys: [{ account_num: 'C0001' }] }] });

export type CouplingDocument = z.infer<typeof CouplingSchema>;
export type CouplingFilterQuery = z.infer<typeof CouplingFilterSchema>;
export type NewCouplingBody = z.infer<typeof NewCouplingBodySchema>;
export type UncoupleBody = z.infer<typeof UncoupleBodySchema>;
