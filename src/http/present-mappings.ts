/** Keys and values of mappings in the form of the API, from the configuration and what the stores said of their columns. */
import { linkOf, type Mapping, resolveForChannel } from '../domain/mapping.ts';
import type { PreparedField, PreparedMapping } from '../domain/prepared-mapping.ts';
import type { Json, RecordKey, Side, Value } from '../domain/record.ts';
import { keyFromJson, keyFromTexts, keyToJson, valueFromJson, valueToJson } from '../domain/value-json.ts';
import { TEXT, type ValueType } from '../domain/value-type.ts';
import type { LanePresenter, MappingPresenter, ShownChannel } from '../ports/mapping-presenter.ts';
import type { Lane } from '../ports/store.ts';

export interface PresentMappingsOptions {
  readonly hqName: string;
  readonly mappings: readonly Mapping[];
  readonly channels: readonly ShownChannel[];
  /** Null while a store is away, or when its tables do not fit. Called for every request: keep what is known. */
  readonly prepared: (lane: Lane) => Promise<PreparedMapping | null>;
  /** A mapping that is gone from the file, as it was configured last. */
  readonly former?: (mapping: string) => Promise<Mapping | null>;
}

export function presentMappings(options: PresentMappingsOptions): MappingPresenter {
  const byName = new Map(options.mappings.map((mapping) => [mapping.name, mapping]));
  const names = new Map(options.channels.map(({ channel, name }) => [channel, name]));
  const channelName = (channel: string): string => names.get(channel) ?? channel;
  const configured = ({ mapping, channel }: Lane): Mapping | null => {
    const found = byName.get(mapping);
    return found?.channels.includes(channel) ? resolveForChannel(found, channel) : null;
  };
  return {
    hqName: options.hqName,
    mappings: options.mappings,
    channels: options.channels,
    mapping: (name) => byName.get(name) ?? null,
    channelName,
    lanes: ({ mapping, channel } = {}) =>
      options.mappings
        .filter(({ name }) => mapping === undefined || name === mapping)
        .flatMap(({ name, channels }) => channels.map((served) => ({ mapping: name, channel: served })))
        .filter((lane) => channel === undefined || lane.channel === channel),
    async lane(lane) {
      const mapping = configured(lane);
      const known = mapping ?? (await options.former?.(lane.mapping)) ?? null;
      const prepared = mapping === null ? null : await options.prepared(lane);
      return lanePresenter(lane, mapping, known, prepared, channelName(lane.channel));
    },
  };
}

function lanePresenter(
  lane: Lane,
  mapping: Mapping | null,
  known: Mapping | null,
  prepared: PreparedMapping | null,
  channelName: string,
): LanePresenter {
  const fields = new Map<string, PreparedField>(prepared?.fields.map((field) => [field.name, field]) ?? []);
  const typeOf = (side: Side, field: string): ValueType => fields.get(field)?.type[side] ?? TEXT;
  const columnsOf = (side: Side): readonly string[] => known?.[side].key ?? [];
  const typesOf = (side: Side): readonly ValueType[] =>
    prepared === null ? [] : prepared.sides[side].key.map((at) => prepared.sides[side].types[at] ?? TEXT);
  const configuredField = (field: string) => known?.fields.find((candidate) => candidate.name === field) ?? null;
  return {
    lane,
    mapping,
    channelName,
    fields: known?.fields ?? [],
    keyToJson: (side, key) =>
      keyToJson(namesFor(columnsOf(side), key), typesOf(side), key) as { [column: string]: Json },
    keyFromJson: (side, json) => keyFromJson(columnsOf(side), typesOf(side), json),
    // Of a mapping that nobody remembers, only the number of columns is unknown: the texts are taken as they are.
    keyFromTexts: (side, texts) =>
      known === null ? { key: texts } : keyFromTexts(columnsOf(side), typesOf(side), texts),
    valueToJson: (side, field, value) => valueToJson(typeOf(side, field), value),
    valueFromJson: (side, field, json) =>
      (configuredField(field)?.[side] ?? null) === null ? null : valueFromJson(typeOf(side, field), json),
    modifiedAtToJson(side, value) {
      const at = prepared?.sides[side].modifiedAt ?? null;
      if (value === null || at === null) return value;
      const shown = valueToJson(prepared?.sides[side].types[at] ?? TEXT, value);
      return typeof shown === 'string' ? shown : value;
    },
    link(side, key, valueOf) {
      const link = known?.[side].link ?? null;
      return link === null ? null : linkOf(link, (column) => valueOfColumn(known, side, column, key, valueOf));
    },
  };
}

/** Every part of a key has a name, also where the columns are not known any more. */
const namesFor = (columns: readonly string[], key: RecordKey): readonly string[] =>
  key.map((_, at) => columns[at] ?? `key${at + 1}`);

function valueOfColumn(
  mapping: Mapping | null,
  side: Side,
  column: string,
  key: RecordKey,
  valueOf: (field: string) => Value,
): Value {
  const at = mapping?.[side].key.indexOf(column) ?? -1;
  if (at >= 0) return key[at] ?? null;
  const field = mapping?.fields.find((candidate) => candidate[side]?.length === 1 && candidate[side][0] === column);
  return field === undefined ? null : valueOf(field.name);
}
