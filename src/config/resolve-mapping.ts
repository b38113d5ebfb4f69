/** A mapping as written → a mapping with every default filled in. What it means together with others is checked apart. */
import type { Field, Mapping, MappingOverride, MatchGroup, Schedule, TableSide } from '../domain/mapping.ts';
import type { Direction, Value } from '../domain/record.ts';
import type { Parsed } from './parse-text.ts';
import { parseSchedule, parseTableName } from './parse-text.ts';
import { resolveTransform } from './schema-transform.ts';
import type { FieldInput, MappingInput, SideInput } from './schema-mapping.ts';
import type { OverrideInput } from './schema.ts';

export interface MappingSurroundings {
  /** Every channel of the file, in its order. */
  readonly channels: readonly string[];
  readonly timezone: string;
  readonly overrides: Readonly<Record<string, OverrideInput>>;
}

/** The schema has accepted the text already. */
function accepted<T>(parsed: Parsed<T>): T {
  if ('problem' in parsed) throw new Error(`a text that the schema accepted was refused: ${parsed.problem.code}`);
  return parsed.value;
}

export function resolveSchedule(text: string, timezone: string): Schedule {
  const schedule = accepted(parseSchedule(text));
  return schedule.kind === 'cron' ? { ...schedule, timezone } : schedule;
}

export function resolveMapping(name: string, input: MappingInput, around: MappingSurroundings): Mapping {
  const direction = input.direction ?? 'both';
  const resolve = input.conflicts?.resolve ?? 'manual';
  const initialWinner = input.initialWinner ?? 'manual';
  const timezone = input.timezone ?? around.timezone;
  const deletions = input.deletions ?? {};
  const short = typeof deletions === 'string';
  return {
    name,
    renamedFrom: input.renamedFrom ?? null,
    label: input.label ?? name,
    channels: [...new Set(input.channels ?? around.channels)],
    direction,
    coupledOnly: input.coupledOnly ?? false,
    enabled: input.enabled ?? true,
    schedule: resolveSchedule(input.schedule ?? 'continuous', timezone),
    scope: input.scope ?? 'modified',
    hq: resolveSide(input.hq),
    channel: resolveSide(input.channel),
    match: (input.match ?? []).map(resolveMatchGroup),
    firstRun: input.firstRun ?? 'ask',
    initialWinner,
    fillEmpty: input.fillEmpty ?? false,
    conflicts: { detect: input.conflicts?.detect ?? 'field', resolve },
    deletions: short
      ? { inHq: deletions, inChannel: deletions }
      : { inHq: deletions.inHq ?? 'manual', inChannel: deletions.inChannel ?? 'manual' },
    deletionBreaker: { count: input.deletionBreaker?.count ?? 1_000, percent: input.deletionBreaker?.percent ?? 25 },
    changeBreaker: input.changeBreaker ?? null,
    failures: { maxAttempts: input.failures?.maxAttempts ?? 3 },
    fields: Object.entries(input.fields).flatMap(([field, written]) => {
      const own = fieldDirection(written, direction);
      return own === null ? [] : [resolveField(field, written, { direction: own, resolve, initialWinner })];
    }),
    overrides: Object.fromEntries(
      Object.entries(around.overrides).map(([channel, override]) => [channel, resolveOverride(override, timezone)]),
    ),
  };
}

/** The field's direction within its mapping's; null: it never travels. A constant goes to the side that it names. */
export function fieldDirection(field: FieldInput, mapping: Direction): Direction | null {
  const constant = field.hq === undefined ? 'toChannel' : 'toHq';
  const own = field.direction ?? (field.constant === undefined ? mapping : constant);
  if (own === mapping || mapping === 'both') return own;
  return own === 'both' ? mapping : null;
}

const list = (columns: string | readonly string[] | undefined): readonly string[] | null => {
  if (columns === undefined) return null;
  return typeof columns === 'string' ? [columns] : columns;
};

const valueOf = (scalar: string | number | boolean | null): Value => (scalar === null ? null : String(scalar));

function resolveField(
  name: string,
  input: FieldInput,
  above: Pick<Field, 'direction' | 'resolve' | 'initialWinner'>,
): Field {
  return {
    name,
    hq: list(input.hq),
    channel: list(input.channel),
    direction: above.direction,
    resolve: input.resolve ?? above.resolve,
    initialWinner: input.initialWinner ?? above.initialWinner,
    values:
      input.values === undefined
        ? null
        : Object.entries(input.values).map(([hq, channel]) => [hq, String(channel)] as const),
    references:
      input.references === undefined ? null : { mapping: input.references, ifUncoupled: input.ifUncoupled ?? 'wait' },
    transform: {
      toHq: (input.transform?.toHq ?? []).map(resolveTransform),
      toChannel: (input.transform?.toChannel ?? []).map(resolveTransform),
    },
    constant: input.constant === undefined ? null : { value: valueOf(input.constant) },
  };
}

function resolveSide(input: SideInput): TableSide {
  return {
    table: accepted(parseTableName(input.table)),
    key: input.key,
    filter: input.filter ?? null,
    describe: [...new Set(input.describe ?? input.key)],
    modifiedAt: input.modifiedAt ?? null,
    modifiedBy: input.modifiedBy ?? null,
    link: input.link ?? null,
    onCreate: Object.fromEntries(
      Object.entries(input.onCreate ?? {}).map(([column, value]) => [column, valueOf(value)]),
    ),
  };
}

function resolveMatchGroup(input: NonNullable<MappingInput['match']>[number]): MatchGroup {
  if (Array.isArray(input)) return { fields: input, caseSensitive: false };
  return { fields: input.fields, caseSensitive: input.caseSensitive ?? false };
}

function resolveOverride(input: OverrideInput, timezone: string): MappingOverride {
  return {
    ...(input.hq?.filter !== undefined && { hqFilter: input.hq.filter }),
    ...(input.channel?.filter !== undefined && { channelFilter: input.channel.filter }),
    ...(input.channel?.table !== undefined && { channelTable: accepted(parseTableName(input.channel.table)) }),
    ...(input.schedule !== undefined && { schedule: resolveSchedule(input.schedule, timezone) }),
  };
}
