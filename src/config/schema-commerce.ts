/** The `commerce` section: customers that channels create and edit asynchronously. */
import { z } from 'zod';
import { parseAccountFormat } from './parse-text.ts';
import { checked, column, nameSchema, scalar, scheduleSchema } from './schema-parts.ts';

const part = (what: string) => nameSchema.optional().meta({ description: `The mapping of customers' ${what}.` });

const jobSchedule = (what: string, standard: string) =>
  scheduleSchema
    .optional()
    .meta({ description: what, default: standard, examples: ['every 1m', '0 3 * * *', 'manual'] });

export const commerceSchema = z.strictObject({
  customers: nameSchema.meta({ description: 'The mapping that customer operations go through.' }),
  parts: z
    .strictObject({
      addresses: part('addresses'),
      contacts: part('contacts'),
      affiliations: part('affiliations'),
      attributes: part('attributes'),
    })
    .optional()
    .meta({ description: 'The mappings of what belongs to a customer; each refers to the mapping of customers.' }),
  account: z
    .strictObject({
      column: column.meta({ description: 'The HQ column of the account number.' }),
      format: checked(parseAccountFormat)
        .optional()
        .meta({
          description: 'How Couplet numbers new customers: zeros in braces are digits.',
          examples: ['C{000000}'],
        }),
      assignedBy: z.enum(['store']).optional().meta({ description: 'The HQ store numbers new customers itself.' }),
    })
    .meta({ description: 'How HQ numbers a new customer: by format, or assignedBy the store.' }),
  asyncAccount: z
    .strictObject({
      hq: column.meta({ description: 'The column of the HQ table of customers.' }),
      channel: column.meta({ description: 'The column of the channel table of customers.' }),
    })
    .meta({ description: 'The columns that hold the GUID of a customer, on both sides.' }),
  channels: z
    .record(
      nameSchema,
      z.strictObject({
        createAsynchronously: z
          .boolean()
          .optional()
          .meta({ description: 'Customers are created by operations, not in HQ at once.', default: false }),
        schema: z
          .string()
          .min(1)
          .optional()
          .meta({ description: 'The schema of the operation tables in the channel store.', default: 'commerce' }),
      }),
    )
    .meta({ description: 'The channels that have operation tables.' }),
  schedules: z
    .strictObject({
      'p-job': jobSchedule('Pulls operations from the channels.', 'every 1m'),
      'synchronize-customers': jobSchedule(
        'Synchronize customers and channel requests: applies operations to HQ.',
        'every 1m',
      ),
      '1010': jobSchedule('Customers: distributes customers to the channels.', 'every 1m'),
      '1110': jobSchedule('Global configuration: distributes the state of features.', 'manual'),
      '1070': jobSchedule('Channel configuration: distributes the settings of channels.', 'manual'),
      pipeline: jobSchedule('The first three in order.', 'manual'),
    })
    .optional()
    .meta({ description: 'When the jobs run.' }),
  tries: z
    .int()
    .min(1)
    .max(1_000)
    .optional()
    .meta({ description: 'How often a failed operation or session is tried.', default: 3 }),
  deactivateCustomer: z
    .strictObject({
      column: column.meta({ description: 'The HQ column that is written.' }),
      value: scalar.meta({ description: 'The value that marks a customer as deactivated.' }),
    })
    .optional()
    .meta({ description: 'What deactivating a customer writes in HQ. Absent: deactivation is not supported.' }),
});

export type CommerceInput = z.infer<typeof commerceSchema>;
