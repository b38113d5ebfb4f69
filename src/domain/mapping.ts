/**
 * A table mapping as everything but the configuration reader knows it: complete, with every default filled in, and
 * plain data, so that it can be stored, compared and shown as it is.
 */
import type { Direction, Side, Value, WriteDirection } from './record.ts';
import { otherSide } from './record.ts';
import type { JobScope } from './terms.ts';
import type { Transform } from './transform.ts';

export type Schedule =
  | { readonly kind: 'continuous' }
  | { readonly kind: 'every'; readonly everyMs: number }
  | { readonly kind: 'cron'; readonly expression: string; readonly timezone: string }
  | { readonly kind: 'manual' };

export interface MappedTable {
  readonly schema: string | null;
  readonly name: string;
}

export interface TableSide {
  readonly table: MappedTable;
  readonly key: readonly string[];
  /** A predicate in the store's own language. */
  readonly filter: string | null;
  /** Columns whose values name a record to people; the key unless the file says otherwise. */
  readonly describe: readonly string[];
  readonly modifiedAt: string | null;
  readonly modifiedBy: string | null;
  /** An address with `{column}` in it. */
  readonly link: string | null;
  /** Values of unmapped columns for a record that Couplet creates. */
  readonly onCreate: Readonly<Record<string, Value>>;
}

export interface MatchGroup {
  /** Names of fields; all must be equal. */
  readonly fields: readonly string[];
  readonly caseSensitive: boolean;
}

export type ConflictResolve = 'manual' | 'hqWins' | 'channelWins' | 'latestWins';
export type InitialWinner = 'hq' | 'channel' | 'manual';
export type DeletionPolicy = 'manual' | 'restore' | 'removeCoupling' | 'propagate';

export interface Breaker {
  readonly count: number;
  readonly percent: number;
}

/** HQ's text and the channel's text, in the order of the file; where a text stands twice, the first pair counts. */
export type ValuePair = readonly [hq: string, channel: string];

export interface FieldReference {
  /** The mapping of the parent. */
  readonly mapping: string;
  readonly ifUncoupled: 'wait' | 'clear';
}

export interface Field {
  readonly name: string;
  /** Usually one column; several for a reference to a parent with a composite key; null where a constant has no side. */
  readonly hq: readonly string[] | null;
  readonly channel: readonly string[] | null;
  /** The field's own direction, within that of its mapping. */
  readonly direction: Direction;
  readonly resolve: ConflictResolve;
  readonly initialWinner: InitialWinner;
  /** Null: values are not mapped. */
  readonly values: readonly ValuePair[] | null;
  readonly references: FieldReference | null;
  readonly transform: Readonly<Record<WriteDirection, readonly Transform[]>>;
  /** Null: not a constant. */
  readonly constant: { readonly value: Value } | null;
}

/** What `channels.{name}.overrides.{mapping}` changes for one channel. Absent: as in the mapping. */
export interface MappingOverride {
  readonly hqFilter?: string | null;
  readonly channelFilter?: string | null;
  readonly channelTable?: MappedTable;
  readonly schedule?: Schedule;
}

export interface Mapping {
  readonly name: string;
  readonly renamedFrom: string | null;
  readonly label: string;
  readonly channels: readonly string[];
  readonly direction: Direction;
  /** True: never creates, only keeps coupled records in step. */
  readonly coupledOnly: boolean;
  readonly enabled: boolean;
  readonly schedule: Schedule;
  /** What a scheduled run compares: what changed, or every record (for filters that the capture cannot follow). */
  readonly scope: JobScope;
  readonly hq: TableSide;
  readonly channel: TableSide;
  readonly match: readonly MatchGroup[];
  readonly firstRun: 'ask' | 'automatic';
  readonly initialWinner: InitialWinner;
  readonly fillEmpty: boolean;
  readonly conflicts: { readonly detect: 'field' | 'record'; readonly resolve: ConflictResolve };
  readonly deletions: { readonly inHq: DeletionPolicy; readonly inChannel: DeletionPolicy };
  readonly deletionBreaker: Breaker;
  readonly changeBreaker: Breaker | null;
  readonly failures: { readonly maxAttempts: number };
  readonly fields: readonly Field[];
  readonly overrides: Readonly<Record<string, MappingOverride>>;
}

/**
 * Which mapping is still to get the couplings of a former name. `renamedFrom` may stay in the file for ever: it says
 * something only as long as the new name has none of its own. `coupled`: names of mappings that have couplings.
 */
export const heirOf = (mappings: readonly Mapping[], former: string, coupled: ReadonlySet<string>): Mapping | null =>
  mappings.find(({ name, renamedFrom }) => renamedFrom === former && !coupled.has(name)) ?? null;

/** The mapping as it holds for one channel. */
export function resolveForChannel(mapping: Mapping, channel: string): Mapping {
  const override = Object.hasOwn(mapping.overrides, channel) ? mapping.overrides[channel] : undefined;
  if (override === undefined) return mapping;
  const { hqFilter, channelFilter, channelTable, schedule } = override;
  return {
    ...mapping,
    schedule: schedule ?? mapping.schedule,
    hq: { ...mapping.hq, ...(hqFilter !== undefined && { filter: hqFilter }) },
    channel: {
      ...mapping.channel,
      ...(channelFilter !== undefined && { filter: channelFilter }),
      ...(channelTable !== undefined && { table: channelTable }),
    },
    overrides: {},
  };
}

export const travels = (direction: Direction, to: Side): boolean =>
  direction === 'both' || direction === (to === 'hq' ? 'toHq' : 'toChannel');

/** Every column that is read on a side, distinct: key first, then fields, description, modification, link. */
export function columnsOf(mapping: Mapping, side: Side): readonly string[] {
  const table = mapping[side];
  return [
    ...new Set([
      ...table.key,
      ...mapping.fields.flatMap((field) => field[side] ?? []),
      ...table.describe,
      ...(table.modifiedAt === null ? [] : [table.modifiedAt]),
      ...(table.modifiedBy === null ? [] : [table.modifiedBy]),
      ...(table.link === null ? [] : linkColumns(table.link)),
    ]),
  ];
}

/** The columns that Couplet writes on a side, in records that exist already. */
export function writtenColumnsOf(mapping: Mapping, side: Side): readonly string[] {
  return [...new Set(mapping.fields.flatMap((field) => (travels(field.direction, side) ? (field[side] ?? []) : [])))];
}

/**
 * What the base of a field rests on, as one text: when it differs from the one the base was made under, the base says
 * nothing any more and the field is settled like a new one. Policies and direction are not part of it.
 */
export function fingerprint(field: Field): string {
  const { hq, channel, values, references, transform, constant } = field;
  return stableText([
    hq,
    channel,
    values,
    references?.mapping ?? null,
    transform.toHq,
    transform.toChannel,
    constant === null ? null : [constant.value],
  ]);
}

/** JSON whose maps are in one order, since a database that stores it may give them back in another. */
export const stableText = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

const PLACEHOLDER = /\{([^{}]*)\}/g;

export const linkColumns = (link: string): readonly string[] => [
  ...new Set([...link.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '')),
];

/** The address of a record, or null when a value that it needs is missing. */
export function linkOf(link: string, valueOf: (column: string) => Value): string | null {
  if (linkColumns(link).some((column) => valueOf(column) === null)) return null;
  return link.replace(PLACEHOLDER, (_, column: string) => encodeURIComponent(valueOf(column) ?? ''));
}

/** `schema.name`, with double quotes around a part that holds a dot or a quote. */
export function tableText(table: MappedTable): string {
  const part = (name: string): string => (/[."]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);
  return table.schema === null ? part(table.name) : `${part(table.schema)}.${part(table.name)}`;
}

export const sameTable = (a: MappedTable, b: MappedTable): boolean => a.schema === b.schema && a.name === b.name;

/** True when nothing travels from this side: what happens here is overwritten, and a deletion here is not propagated. */
export const isTargetOnly = (mapping: Pick<Mapping, 'direction'>, side: Side): boolean =>
  !travels(mapping.direction, otherSide(side));

/** A field that refers to a parent mapping. */
export interface ReferenceEdge {
  readonly mapping: string;
  readonly field: string;
  readonly parent: string;
}

export interface ReferenceOrder {
  /** Names of mappings, parents before children; within a cycle and among equals as in the file. */
  readonly order: readonly string[];
  /** References that lie on a cycle, a mapping that refers to itself included. */
  readonly circular: readonly ReferenceEdge[];
}

export const referencesOf = (mapping: Pick<Mapping, 'name' | 'fields'>): readonly ReferenceEdge[] =>
  mapping.fields.flatMap(({ name, references }) =>
    references === null ? [] : [{ mapping: mapping.name, field: name, parent: references.mapping }],
  );

/**
 * The order of work. `deferred` are references that the caller creates empty and fills later; without them a cycle
 * may be none any more, so whoever knows which columns are nullable asks again with those.
 */
export function orderByReferences(
  mappings: readonly Pick<Mapping, 'name' | 'fields'>[],
  deferred: readonly Pick<ReferenceEdge, 'mapping' | 'field'>[] = [],
): ReferenceOrder {
  const names = new Set(mappings.map(({ name }) => name));
  const isDeferred = (edge: ReferenceEdge): boolean =>
    deferred.some(({ mapping, field }) => mapping === edge.mapping && field === edge.field);
  const edges = mappings.flatMap(referencesOf).filter((edge) => names.has(edge.parent) && !isDeferred(edge));
  const parents = new Map<string, Set<string>>([...names].map((name) => [name, new Set()]));
  for (const { mapping, parent } of edges) parents.get(mapping)?.add(parent);

  const ancestors = new Map([...names].map((name) => [name, ancestorsOf(name, parents)]));
  const isCircular = (child: string, parent: string): boolean => ancestors.get(parent)?.has(child) ?? false;
  const placed = new Set<string>();
  const ready = (name: string): boolean =>
    [...(parents.get(name) ?? [])].every((parent) => placed.has(parent) || isCircular(name, parent));
  // Each pass places at least one: cycles aside the references have no cycle left, so some mapping waits for nobody.
  while (placed.size < names.size) {
    for (const name of names) if (!placed.has(name) && ready(name)) placed.add(name);
  }
  return {
    order: [...placed],
    circular: edges.filter(({ mapping, parent }) => mapping === parent || isCircular(mapping, parent)),
  };
}

function ancestorsOf(name: string, parents: ReadonlyMap<string, ReadonlySet<string>>): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...(parents.get(name) ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    open.push(...(parents.get(next) ?? []));
  }
  return found;
}
