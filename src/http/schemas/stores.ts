/** Stores, overview, verification. */
import { z } from 'zod';
import { COUPLING_STATUSES, STORE_CONDITIONS } from '../../domain/terms.ts';
import { STORE_EXAMPLE } from './examples.ts';
import { text } from './query.ts';
import { ParamsSchema, SideSchema, TimeSchema } from './words.ts';

export const StoreProblemSchema = z
  .strictObject({
    code: z.string(),
    params: ParamsSchema,
    mapping: z.string().nullable(),
    message: z.string(),
    remedy: z.string().nullable(),
    line: z.int().nullable().meta({ description: 'Line of the configuration file.' }),
  })
  .meta({ id: 'StoreProblem' });

export const StoreSchema = z
  .strictObject({
    side: SideSchema,
    channel: z.string().nullable(),
    name: z.string(),
    state: z.enum(STORE_CONDITIONS),
    since: TimeSchema.nullable(),
    captureInstalled: z.boolean(),
    problems: z.array(StoreProblemSchema),
  })
  .meta({ id: 'Store', examples: [STORE_EXAMPLE] });
export const StoresSchema = z.array(StoreSchema).meta({ id: 'Stores' });

export const StorePauseBodySchema = z.strictObject({ reason: text.optional() }).meta({ id: 'StorePauseBody' });

const lag = z.number().nullable();

export const OverviewSchema = z
  .strictObject({
    couplings: z.array(
      z.strictObject({
        mapping: z.string(),
        label: z.string(),
        statuses: z.partialRecord(z.enum(COUPLING_STATUSES), z.int()),
      }),
    ),
    openErrors: z.strictObject({ conflict: z.int(), deletion: z.int(), failure: z.int() }),
    failedOperations: z.int(),
    lag: z.array(
      z.strictObject({
        mapping: z.string(),
        channel: z.string(),
        channelName: z.string(),
        lagSeconds: z.strictObject({ hq: lag, channel: lag }),
        backlog: z.strictObject({ hq: z.int(), channel: z.int() }),
      }),
    ),
    nextRuns: z.array(
      z.strictObject({
        mapping: z.string(),
        label: z.string(),
        schedule: z.string(),
        nextRunAt: TimeSchema.nullable(),
      }),
    ),
    history: z
      .array(z.strictObject({ hour: TimeSchema, changes: z.int(), writes: z.int(), errors: z.int() }))
      .meta({ description: 'The last 24 hours, oldest first.' }),
  })
  .meta({ id: 'Overview' });

const counts = {
  pairs: z.int(),
  verified: z.int(),
  oldestProofAt: TimeSchema.nullable(),
  differences: z.int(),
  drift: z.int(),
};
export const VerificationSchema = z
  .strictObject({
    ...counts,
    mappings: z.array(z.strictObject({ mapping: z.string(), ...counts })),
  })
  .meta({ id: 'Verification', description: 'How far it is proven that both stores agree with the couplings.' });

export const HealthSchema = z.strictObject({ status: z.enum(['ok', 'unavailable']) }).meta({ id: 'Health' });

export type StoreDocument = z.infer<typeof StoreSchema>;
export type OverviewDocument = z.infer<typeof OverviewSchema>;
export type VerificationDocument = z.infer<typeof VerificationSchema>;
