/**
 * How keys and values of a mapping are shown and read: names and types of columns. Whoever answers people needs it, and
 * it must answer while a store is away, and for mappings that are gone from the configuration.
 */
import type { Field, Mapping } from '../domain/mapping.ts';
import type { Json, RecordKey, Side, Value } from '../domain/record.ts';
import type { KeyRead, ValueRead } from '../domain/value-json.ts';
import type { Lane } from './store.ts';

/** One mapping with one channel. */
export interface LanePresenter {
  readonly lane: Lane;
  /** Null: gone from the configuration. */
  readonly mapping: Mapping | null;
  readonly channelName: string;
  readonly fields: readonly Field[];
  keyToJson(side: Side, key: RecordKey): { [column: string]: Json };
  keyFromJson(side: Side, json: Json): KeyRead;
  /** The parts as a query gives them, in the order of the mapping's key. */
  keyFromTexts(side: Side, texts: readonly string[]): KeyRead;
  valueToJson(side: Side, field: string, value: Value): Json;
  /** Null: the mapping has no such field on this side. */
  valueFromJson(side: Side, field: string, json: Json): ValueRead | null;
  /** The time of a record's last change as ISO 8601, where its column is a time; else as the store prints it. */
  modifiedAtToJson(side: Side, value: Value): string | null;
  /** The address of a record, as far as its key and its mapped values (by field) make it known. */
  link(side: Side, key: RecordKey, valueOf: (field: string) => Value): string | null;
}

export interface ShownChannel {
  readonly channel: string;
  readonly name: string;
}

export interface MappingPresenter {
  readonly hqName: string;
  /** In the order of the file. */
  readonly mappings: readonly Mapping[];
  readonly channels: readonly ShownChannel[];
  /** Null: not in the configuration. */
  mapping(name: string): Mapping | null;
  /** The channel itself where it is gone from the configuration. */
  channelName(channel: string): string;
  /** Lanes of the configuration. */
  lanes(of?: { readonly mapping?: string; readonly channel?: string }): readonly Lane[];
  /** Asks the stores for the types of columns at most once a lane; while they are away, values are shown as texts. */
  lane(lane: Lane): Promise<LanePresenter>;
}
