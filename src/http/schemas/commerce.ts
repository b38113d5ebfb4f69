/** Commerce jobs, sessions, features. */
import { z } from 'zod';
import { COMMERCE_JOBS, JOB_STATUSES, SESSION_JOBS } from '../../domain/terms.ts';
import { choices, flag, listOf, page, sortedBy, text, texts } from './query.ts';
import { IdSchema, ParamsSchema, TimeSchema } from './words.ts';

const SESSION_STATUSES = ['started', 'applied', 'noData', 'failed', 'canceled'] as const;
const DIRECTIONS = ['upload', 'download'] as const;

export const RunJobBodySchema = z
  .strictObject({
    channel: text.optional().meta({ description: 'Only for this channel.' }),
    reason: text.optional().meta({ description: 'Kept with the actor.' }),
  })
  .meta({ id: 'RunCommerceJobBody', examples: [{ channel: 'houston' }] });

export const CommerceJobSchema = z
  .strictObject({
    job: z.enum(COMMERCE_JOBS),
    label: z.string(),
    schedule: z.string().meta({ examples: ['every 1m', 'manual'] }),
    lastRun: z
      .strictObject({
        id: IdSchema,
        status: z.enum(JOB_STATUSES),
        startedAt: TimeSchema.nullable(),
        finishedAt: TimeSchema.nullable(),
        code: z.string().nullable(),
        message: z.string().nullable(),
      })
      .nullable(),
    nextRunAt: TimeSchema.nullable(),
  })
  .meta({ id: 'CommerceJob' });

export const CommerceJobListSchema = z
  .strictObject({ items: z.array(CommerceJobSchema) })
  .meta({ id: 'CommerceJobList' });

export const SessionSchema = z
  .strictObject({
    session: IdSchema,
    job: z.enum(SESSION_JOBS),
    direction: z.enum(DIRECTIONS).meta({ description: 'Seen from the channel.' }),
    channel: z.string(),
    channelName: z.string(),
    status: z.enum(SESSION_STATUSES),
    tryCount: z.int().meta({ description: 'Tries in which the store was there.' }),
    code: z.string().nullable(),
    params: ParamsSchema,
    message: z.string().nullable(),
    rowsAffected: z.int().meta({ description: 'How many rows travelled, over all tries.' }),
    createdAt: TimeSchema,
    appliedAt: TimeSchema.nullable(),
    rerunOf: IdSchema.nullable(),
    jobId: IdSchema,
  })
  .meta({ id: 'CommerceSession' });

export const SessionListSchema = listOf(SessionSchema, 'CommerceSessionList');

const SESSION_SORTS = ['createdAt', 'appliedAt', 'job', 'channel', 'status', 'direction', 'rowsAffected'] as const;
export const SessionListQuerySchema = z.strictObject({
  direction: choices(DIRECTIONS, 'Directions, seen from the channel.'),
  job: choices(SESSION_JOBS, 'Jobs.'),
  channel: texts('Names of channels.'),
  status: choices(SESSION_STATUSES, 'Statuses.'),
  all: flag('Also those that had nothing to carry (`noData`).'),
  sort: sortedBy(SESSION_SORTS),
  ...page,
});

export const FeatureSchema = z
  .strictObject({
    name: z.string(),
    label: z.string(),
    enabled: z.boolean().meta({ description: 'What is wanted.' }),
    requires: z.array(z.string()),
    effective: z
      .record(z.string(), z.boolean().nullable())
      .meta({ description: 'By channel: what the channel has; null while its store is away.' }),
    drift: z.boolean().meta({ description: 'Some channel has not been told yet by all three jobs.' }),
    pendingJobs: z
      .record(z.string(), z.array(z.enum(SESSION_JOBS)))
      .meta({ description: 'By channel: the jobs that have to run.' }),
  })
  .meta({
    id: 'CommerceFeature',
    examples: [
      {
        name: 'edit-customers-asynchronously',
        label: 'Edit customers in asynchronous mode',
        enabled: true,
        requires: ['asynchronous-customer-address-creation'],
        effective: { houston: false },
        drift: true,
        pendingJobs: { houston: ['1110', '1010', '1070'] },
      },
    ],
  });
export const FeatureListSchema = z.strictObject({ items: z.array(FeatureSchema) }).meta({ id: 'CommerceFeatureList' });
export const SwitchFeatureBodySchema = z
  .strictObject({ enabled: z.boolean(), reason: text.optional() })
  .meta({ id: 'SwitchFeatureBody', examples: [{ enabled: true }] });

export type CommerceJobDocument = z.infer<typeof CommerceJobSchema>;
export type SessionDocument = z.infer<typeof SessionSchema>;
export type FeatureDocument = z.infer<typeof FeatureSchema>;
