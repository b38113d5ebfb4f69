/** The `commerce` section as written → settings, and what it may not say. */
import type { Mapping } from '../domain/mapping.ts';
import { COMMERCE_JOBS, type CommerceJob } from '../domain/terms.ts';
import type { KnownNames } from './check-mapping.ts';
import { unknownName } from './explain-issues.ts';
import { parseAccountFormat } from './parse-text.ts';
import type { Finding, Path } from './problem.ts';
import { resolveSchedule } from './resolve-mapping.ts';
import type { CommerceInput } from './schema-commerce.ts';
import type { PartialConfigurationInput } from './schema.ts';
import type { CommercePart, CommerceSettings } from './settings.ts';

const DEFAULT_SCHEDULES: Readonly<Record<CommerceJob, string>> = {
  'p-job': 'every 1m',
  'synchronize-customers': 'every 1m',
  '1010': 'every 1m',
  '1110': 'manual',
  '1070': 'manual',
  pipeline: 'manual',
};

export const PARTS: readonly CommercePart[] = ['addresses', 'contacts', 'affiliations', 'attributes'];

/** The mappings that commerce jobs run, by the option that names them. */
export function commerceMappings(input: CommerceInput): readonly { readonly path: Path; readonly mapping: string }[] {
  const parts = PARTS.flatMap((part) => {
    const mapping = input.parts?.[part];
    return mapping === undefined ? [] : [{ path: ['commerce', 'parts', part], mapping }];
  });
  return [{ path: ['commerce', 'customers'], mapping: input.customers }, ...parts];
}

/** The settings hold only when `checkCommerce` found no error. */
export function resolveCommerce(input: CommerceInput, timezone: string): CommerceSettings {
  const { account } = input;
  const format = account.format === undefined ? null : parseAccountFormat(account.format);
  const numbering =
    format !== null && 'value' in format
      ? ({ kind: 'format', ...format.value } as const)
      : ({ kind: 'store' } as const);
  const schedules = COMMERCE_JOBS.map((job) => {
    const schedule = resolveSchedule(input.schedules?.[job] ?? DEFAULT_SCHEDULES[job], timezone);
    return [job, schedule.kind === 'continuous' ? { kind: 'manual' } : schedule] as const;
  });
  return {
    customers: input.customers,
    parts: Object.fromEntries(Object.entries(input.parts ?? {}).filter(([, mapping]) => mapping !== undefined)),
    account: { column: account.column, numbering },
    asyncAccount: input.asyncAccount,
    channels: Object.fromEntries(
      Object.entries(input.channels).map(([name, { createAsynchronously = false, schema = 'commerce' }]) => [
        name,
        { createAsynchronously, schema },
      ]),
    ),
    schedules: Object.fromEntries(schedules) as CommerceSettings['schedules'],
    tries: input.tries ?? 3,
    deactivateCustomer:
      input.deactivateCustomer === undefined
        ? null
        : { column: input.deactivateCustomer.column, value: String(input.deactivateCustomer.value) },
  };
}

export function checkCommerce(
  commerce: CommerceInput,
  input: PartialConfigurationInput,
  mappings: readonly Mapping[],
  known: KnownNames,
): readonly Finding[] {
  const customers = mappings.find(({ name }) => name === commerce.customers);
  return [
    ...checkMappings(commerce, input, mappings, known),
    ...(customers === undefined ? [] : checkCustomers(commerce, customers)),
    ...checkAccount(commerce),
    ...checkChannels(commerce, customers, known),
    ...checkSchedules(commerce),
  ];
}

function checkMappings(
  commerce: CommerceInput,
  input: PartialConfigurationInput,
  mappings: readonly Mapping[],
  known: KnownNames,
): readonly Finding[] {
  const named = new Map<string, Path>();
  return commerceMappings(commerce).flatMap(({ path, mapping: name }): readonly Finding[] => {
    if (!known.mappings.includes(name)) {
      return [unknownName(path, 'value', name, known.mappings, 'unknown-mapping', 'a mapping of this file')];
    }
    const findings: Finding[] = [];
    if (named.has(name))
      findings.push({
        path,
        at: 'value',
        code: 'mapping-repeated',
        message: '{value} is named under commerce already',
      });
    named.set(name, path);
    const mapping = mappings.find((candidate) => candidate.name === name);
    const refers = mapping?.fields.some(({ references }) => references?.mapping === commerce.customers) ?? true;
    if (name !== commerce.customers && !refers) {
      const message = `{value} has no field that references ${commerce.customers}, so nobody knows whose part it is`;
      findings.push({ path, at: 'value', code: 'part-without-customer', message });
    }
    return [...findings, ...ownSchedules(name, input)];
  });
}

/** The job 1010 is the run of these mappings; a schedule of their own would be a second one. */
function ownSchedules(mapping: string, input: PartialConfigurationInput): readonly Finding[] {
  const refused = (path: Path): Finding => ({
    path,
    at: 'value',
    code: 'commerce-schedule',
    message: `${mapping} follows commerce.schedules; a schedule of its own may only be manual`,
    allowed: ['manual'],
    suggestion: 'manual',
  });
  const own = Object.hasOwn(input.mappings ?? {}, mapping) ? input.mappings?.[mapping]?.schedule : undefined;
  const channels = Object.entries(input.channels ?? {}).flatMap(([channel, { overrides = {} }]) => {
    const schedule = Object.hasOwn(overrides, mapping) ? overrides[mapping]?.schedule : undefined;
    return schedule === undefined || schedule.trim() === 'manual'
      ? []
      : [refused(['channels', channel, 'overrides', mapping, 'schedule'])];
  });
  return [
    ...(own === undefined || own.trim() === 'manual' ? [] : [refused(['mappings', mapping, 'schedule'])]),
    ...channels,
  ];
}

function checkCustomers(commerce: CommerceInput, customers: Mapping): readonly Finding[] {
  const findings: Finding[] = [];
  if (customers.direction !== 'both') {
    const message = `operations go to HQ and customers back to the channels, but {value} travels ${customers.direction} only`;
    findings.push({ path: ['commerce', 'customers'], at: 'value', code: 'direction-not-served', message });
  }
  const { column } = commerce.account;
  const number = customers.fields.find((field) => field.hq?.length === 1 && field.hq[0] === column);
  const path: Path = ['commerce', 'account', 'column'];
  if (number === undefined) {
    const message = `no field of ${customers.name} has the HQ column {value}, so channels never learn the account number`;
    findings.push({ path, at: 'value', severity: 'warning', code: 'account-not-mapped', message });
  } else if (number.direction !== 'toChannel') {
    const message = `the field ${number.name} with {value} should be of direction toChannel: numbers are given in HQ`;
    findings.push({ path, at: 'value', severity: 'warning', code: 'account-not-one-way', message });
  }
  return findings;
}

function checkAccount(commerce: CommerceInput): readonly Finding[] {
  const { format, assignedBy } = commerce.account;
  if ((format === undefined) !== (assignedBy === undefined)) return [];
  const message =
    format === undefined
      ? 'how new customers are numbered is missing: format, or assignedBy: store'
      : 'new customers are numbered by format or by the store, not both';
  return [{ path: ['commerce', 'account'], at: 'name', code: 'account-numbering', message, value: null }];
}

function checkChannels(commerce: CommerceInput, customers: Mapping | undefined, known: KnownNames): readonly Finding[] {
  return Object.keys(commerce.channels).flatMap((channel): readonly Finding[] => {
    const path: Path = ['commerce', 'channels', channel];
    if (!known.channels.includes(channel)) {
      return [
        {
          ...unknownName(path, 'name', channel, known.channels, 'unknown-channel', 'a channel of this file'),
          value: channel,
        },
      ];
    }
    if (customers === undefined || customers.channels.includes(channel)) return [];
    const message = `the mapping ${customers.name} does not serve the channel {value}`;
    return [{ path, at: 'name', code: 'channel-not-served', message, value: channel }];
  });
}

function checkSchedules(commerce: CommerceInput): readonly Finding[] {
  return COMMERCE_JOBS.flatMap((job): readonly Finding[] => {
    if (commerce.schedules?.[job]?.trim() !== 'continuous') return [];
    const message = 'a job has a beginning and an end: {value} is for mappings; use "every 30s", a cron line or manual';
    return [
      { path: ['commerce', 'schedules', job], at: 'value', code: 'schedule-invalid', message, suggestion: 'every 30s' },
    ];
  });
}
