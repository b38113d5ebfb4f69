/** A table mapping as it stands in the configuration file. */
import { z } from 'zod';
import { DIRECTIONS } from '../domain/record.ts';
import { parseLink, parseTimezone } from './parse-text.ts';
import { transformListSchema } from './schema-transform.ts';
import {
  checked,
  column,
  columns,
  keySchema,
  nameSchema,
  option,
  scalar,
  scheduleSchema,
  tableSchema,
} from './schema-parts.ts';

const RESOLVES = ['manual', 'hqWins', 'channelWins', 'latestWins'] as const;
const WINNERS = ['hq', 'channel', 'manual'] as const;
const POLICIES = ['manual', 'restore', 'removeCoupling', 'propagate'] as const;

const count = z.int().min(0).max(1_000_000_000);
const percent = z.number().min(0).max(100);

const sideSchema = z.strictObject({
  table: tableSchema.meta({ description: 'The table, as schema.table or table, case included.' }),
  key: columns.meta({ description: 'The columns that identify a record.' }),
  filter: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Which records take part, in the store's own language: blocked = false." }),
  describe: columns
    .optional()
    .meta({ description: 'The columns whose values name a record to people. Absent: the key.' }),
  modifiedAt: column
    .optional()
    .meta({ description: 'The column of the time of the last change, for latestWins and for display.' }),
  modifiedBy: column.optional().meta({ description: 'The column that tells who made the last change, for display.' }),
  link: checked(parseLink)
    .optional()
    .meta({ description: 'The address of a record in the app, with {column} for values.' }),
  onCreate: z
    .record(column, z.union([scalar, z.null()]))
    .optional()
    .meta({ description: 'Values of unmapped columns for records that Couplet creates.' }),
});

const fieldSchema = z
  .strictObject({
    hq: z
      .union([column, columns])
      .optional()
      .meta({ description: 'The HQ column; several for a reference to a composite key.' }),
    channel: z
      .union([column, columns])
      .optional()
      .meta({ description: 'The channel column; several for a reference to a composite key.' }),
    direction: z
      .enum(DIRECTIONS)
      .optional()
      .meta({ description: 'Which way this field travels. Absent: as the mapping.' }),
    resolve: z
      .enum(RESOLVES)
      .optional()
      .meta({ description: 'Who wins when both sides changed it. Absent: as the mapping.' }),
    initialWinner: z
      .enum(WINNERS)
      .optional()
      .meta({ description: 'Who wins when a new pair differs. Absent: as the mapping.' }),
    values: z
      .record(z.string(), scalar)
      .optional()
      .meta({ description: "HQ's values and the channel's: { US: United States }." }),
    references: nameSchema
      .optional()
      .meta({ description: 'The mapping of the parent record that this field refers to.' }),
    ifUncoupled: z.enum(['wait', 'clear']).optional().meta({
      description: 'A parent that is not coupled: wait for it, or write null and fill it in later.',
      default: 'wait',
    }),
    transform: z
      .strictObject({
        toHq: transformListSchema
          .optional()
          .meta({ description: 'What is done to values on the way to HQ, in order.' }),
        toChannel: transformListSchema
          .optional()
          .meta({ description: 'What is done to values on the way to the channel, in order.' }),
      })
      .optional()
      .meta({ description: 'What is done to values on the way. Null passes through all but default.' }),
    constant: z
      .union([scalar, z.null()])
      .optional()
      .meta({ description: 'This value is always written on the one side named.' }),
  })
  .meta({ description: 'A pair of columns. Its name is what API, log and page show.' });

const matchGroupSchema = z.union([
  z.array(nameSchema).min(1),
  z.strictObject({
    fields: z.array(nameSchema).min(1).meta({ description: 'The fields that must all be equal.' }),
    caseSensitive: z.boolean().optional().meta({ description: 'Whether A and a differ.', default: false }),
  }),
]);

export const mappingSchema = z.strictObject({
  label: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'What people call a record of this mapping. Absent: the name.' }),
  renamedFrom: nameSchema
    .optional()
    .meta({ description: 'The former name of this mapping: couplings, errors and log come along.' }),
  channels: z.array(nameSchema).min(1).optional().meta({ description: 'The channels that take part. Absent: all.' }),
  direction: option(DIRECTIONS, 'both', 'Which way records travel.'),
  coupledOnly: z
    .boolean()
    .optional()
    .meta({ description: 'True: never creates, only keeps coupled records in step.', default: false }),
  enabled: z.boolean().optional().meta({ description: 'False: this mapping does nothing.', default: true }),
  schedule: scheduleSchema.optional().meta({
    description: 'When it runs: continuous, "every 30s" (s, m, h, d), a cron line of five fields, or manual.',
    default: 'continuous',
  }),
  timezone: checked(parseTimezone).optional().meta({ description: 'The time zone of a cron line.', default: 'UTC' }),
  scope: option(
    ['modified', 'full'],
    'modified',
    'What a scheduled run compares: what changed, or every record (for filters whose outcome changes by itself).',
  ),
  hq: sideSchema.meta({ description: 'The table in the HQ store.' }),
  channel: sideSchema.meta({ description: 'The table in the channel stores.' }),
  match: z
    .array(matchGroupSchema)
    .optional()
    .meta({ description: 'How records are coupled before any is created: groups of fields in order of priority.' }),
  firstRun: option(
    ['ask', 'automatic'],
    'ask',
    'Whether the first run waits for somebody when both sides hold records.',
  ),
  initialWinner: option(WINNERS, 'manual', 'Who wins when a new pair differs.'),
  fillEmpty: z
    .boolean()
    .optional()
    .meta({ description: 'In a new pair a value wins over null before initialWinner speaks.', default: false }),
  conflicts: z
    .strictObject({
      detect: option(['field', 'record'], 'field', 'Whether one field or the whole record is in conflict.'),
      resolve: option(RESOLVES, 'manual', 'Who wins when both sides changed.'),
    })
    .optional()
    .meta({ description: 'What happens when both sides changed.' }),
  deletions: z
    .union([
      z.enum(POLICIES),
      z.strictObject({
        inHq: option(POLICIES, 'manual', 'When the HQ record was deleted.'),
        inChannel: option(POLICIES, 'manual', 'When the channel record was deleted.'),
      }),
    ])
    .optional()
    .meta({ description: 'What happens when a coupled record was deleted on one side.', default: 'manual' }),
  deletionBreaker: z
    .strictObject({
      count: count
        .optional()
        .meta({ description: 'More deletions than this in a run wait for approval.', default: 1_000 }),
      percent: percent
        .optional()
        .meta({ description: 'More than this part of the couplings waits for approval.', default: 25 }),
    })
    .optional()
    .meta({ description: 'Stops the deletions of a run when either number is exceeded.' }),
  changeBreaker: z
    .strictObject({
      count: count.meta({ description: 'At least so many updates in a run, and' }),
      percent: percent.meta({ description: 'at least this part of the couplings, wait for approval.' }),
    })
    .optional()
    .meta({ description: 'Stops the updates of a run when both numbers are reached. Absent: off.' }),
  failures: z
    .strictObject({
      maxAttempts: z
        .int()
        .min(1)
        .max(1_000)
        .optional()
        .meta({ description: 'After so many attempts a record is skipped until Retry.', default: 3 }),
    })
    .optional()
    .meta({ description: 'What happens to records that cannot be written.' }),
  fields: z.record(keySchema, fieldSchema).meta({ description: 'The field mappings, by name.' }),
});

export type MappingInput = z.infer<typeof mappingSchema>;
export type FieldInput = z.infer<typeof fieldSchema>;
export type SideInput = z.infer<typeof sideSchema>;
