/**
 * What may stand in the configuration file, as written there: nothing is filled in here. The descriptions are shown by
 * editors through `couplet.schema.json`.
 */
import { z } from 'zod';
import { commerceSchema } from './schema-commerce.ts';
import { mappingSchema } from './schema-mapping.ts';
import { checked, keySchema, nameSchema, scheduleSchema, tableSchema } from './schema-parts.ts';
import { parseRetention, parseStoreUrl, parseTimezone } from './parse-text.ts';

const text = (description: string) => z.string().min(1).meta({ description });

const storeOptions = {
  name: text('What people call this store.').optional(),
  kind: z.enum(['postgres']).optional().meta({ description: 'What the store is.', default: 'postgres' }),
  url: checked(parseStoreUrl).meta({
    description:
      'Where the store is: postgres://user:password@host:5432/database. Take it from the environment: "${HQ_URL}".',
  }),
};

const filter = (description: string) =>
  z
    .union([z.string().min(1), z.null()])
    .optional()
    .meta({ description });

const overrideSchema = z
  .strictObject({
    hq: z
      .strictObject({ filter: filter('Instead of the HQ filter of the mapping; null for none.') })
      .optional()
      .meta({ description: 'The HQ side.' }),
    channel: z
      .strictObject({
        table: tableSchema.optional().meta({ description: 'Instead of the channel table of the mapping.' }),
        filter: filter('Instead of the channel filter of the mapping; null for none.'),
      })
      .optional()
      .meta({ description: 'The channel side.' }),
    schedule: scheduleSchema.optional().meta({ description: 'Instead of the schedule of the mapping.' }),
  })
  .meta({ description: 'What one mapping does differently for this channel.' });

export const channelSchema = z.strictObject({
  ...storeOptions,
  renamedFrom: nameSchema
    .optional()
    .meta({ description: 'The former name of this channel: couplings, errors and log come along.' }),
  overrides: z
    .record(keySchema, overrideSchema)
    .optional()
    .meta({ description: 'What mappings do differently for this channel, by name of the mapping.' }),
});

const retention = (description: string, standard: string) =>
  checked(parseRetention)
    .optional()
    .meta({ description, default: standard, examples: ['90d', '3y', 'forever'] });

const retentionSchema = z.strictObject({
  log: retention('How long the synchronization log is kept.', '3y'),
  jobs: retention('How long jobs and their results are kept.', '90d'),
  resolvedErrors: retention('How long errors are kept after they were resolved.', '1y'),
});

const authSchema = z.strictObject({
  apiKeys: z
    .boolean()
    .optional()
    .meta({ description: 'Callers may sign in with API keys (couplet keys create).', default: false }),
  oidc: z
    .strictObject({
      issuer: z.url({ protocol: /^https?$/ }).meta({ description: 'The address of the OpenID Connect provider.' }),
      audience: text('The audience that a token must be made for.'),
      roleClaim: text('The claim of a token that holds the roles.').optional().meta({ default: 'roles' }),
      clientId: text('What the provider knows Couplet by; with it the page sends people there to sign in.').optional(),
      clientSecret: text('For a provider that asks its clients for one, besides PKCE.').optional(),
    })
    .optional()
    .meta({ description: 'People and programs sign in with tokens of an OpenID Connect provider.' }),
});

export const configurationSchema = z
  .strictObject({
    version: z.literal(1).meta({ description: 'The version of this format.' }),
    timezone: checked(parseTimezone).optional().meta({
      description: 'The time zone of cron lines, for mappings that set none of their own.',
      default: 'UTC',
    }),
    database: z.strictObject({ url: storeOptions.url }).optional().meta({
      description: 'The coupling database; COUPLET_DATABASE_URL goes before it. Without either: the embedded one.',
    }),
    auth: authSchema.optional().meta({ description: 'Who may call. Absent: only from this machine, as "local".' }),
    retention: retentionSchema
      .optional()
      .meta({ description: 'How long things are kept. Nothing open or unread is ever removed.' }),
    hq: z.strictObject(storeOptions).meta({ description: 'The HQ store.' }),
    channels: z.record(keySchema, channelSchema).meta({ description: 'The channel stores, by name.' }),
    mappings: z
      .record(keySchema, mappingSchema)
      .optional()
      .meta({ description: 'The table mappings, by name: a letter, then letters, digits, _ and -.' }),
    commerce: commerceSchema
      .optional()
      .meta({ description: 'Customers that channels create and edit asynchronously.' }),
  })
  .meta({
    title: 'Couplet configuration',
    description: 'Which records of two business apps are kept in step, and how.',
  });

export type ConfigurationInput = z.infer<typeof configurationSchema>;
export type ChannelInput = z.infer<typeof channelSchema>;
export type OverrideInput = z.infer<typeof overrideSchema>;

/** For reading on when a part of the file is wrong: whatever is left is looked at all the same. */
export const partialConfigurationSchema = configurationSchema.partial();
export type PartialConfigurationInput = z.infer<typeof partialConfigurationSchema>;
