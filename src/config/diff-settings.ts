/**
 * What changed from one configuration to the next: for the history, for the full run that a change asks for, and for
 * refusing what cannot change under couplings. Works on snapshots, which are kept in the coupling database and hold no
 * secrets.
 */
import type { Mapping } from '../domain/mapping.ts';
import { fingerprint, resolveForChannel, stableText, tableText } from '../domain/mapping.ts';
import type { Json } from '../domain/record.ts';
import { redactedUrl } from './redact.ts';
import type { ChannelSettings, Settings, StoreSettings } from './settings.ts';

interface StoreSnapshot {
  readonly name: string;
  readonly kind: string;
  readonly store: string;
}

/** Settings as plain data without users and passwords. */
export interface SettingsSnapshot extends Omit<Settings, 'database' | 'hq' | 'channels'> {
  readonly database: string | null;
  readonly hq: StoreSnapshot;
  readonly channels: readonly (StoreSnapshot & { readonly channel: string; readonly renamedFrom: string | null })[];
}

const storeSnapshot = ({ name, kind, url }: StoreSettings): StoreSnapshot => ({ name, kind, store: redactedUrl(url) });

export const snapshotOf = (settings: Settings): SettingsSnapshot => ({
  ...settings,
  database: settings.database === null ? null : redactedUrl(settings.database.url),
  hq: storeSnapshot(settings.hq),
  channels: settings.channels.map((channel: ChannelSettings) => ({
    channel: channel.channel,
    renamedFrom: channel.renamedFrom,
    ...storeSnapshot(channel),
  })),
});

/** One option that has another value now; null where it was, or is, absent. */
export interface Change {
  /** `hq.filter`, `fields.email.direction`. */
  readonly path: string;
  readonly before: Json;
  readonly after: Json;
}

export interface Renamed {
  readonly from: string;
  readonly to: string;
}

export interface NameDifference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly renamed: readonly Renamed[];
}

export interface MappingDifference {
  readonly mapping: string;
  readonly changes: readonly Change[];
  readonly channels: { readonly added: readonly string[]; readonly removed: readonly string[] };
  /** By name; `changed` are those whose base says nothing any more. */
  readonly fields: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly changed: readonly string[];
  };
  /** Changes that a mapping with couplings must not make: key, table, references. `channel` null: of every channel. */
  readonly locked: readonly (Change & { readonly channel: string | null })[];
  /** Why a full run is due; empty when none is. */
  readonly fullRunReasons: readonly ('fields' | 'filter' | 'direction' | 'coupledOnly' | 'match')[];
}

export interface SettingsDifference {
  readonly isEmpty: boolean;
  readonly channels: NameDifference;
  readonly mappings: NameDifference & { readonly changed: readonly MappingDifference[] };
  /** Everything outside mappings: stores, sign-in, retention, commerce. */
  readonly other: readonly Change[];
}

/** `before` null: the first configuration there ever was; everything in it is new. */
export function diffSettings(before: SettingsSnapshot | null, after: SettingsSnapshot): SettingsDifference {
  const channels = diffNames(before?.channels.map(nameOfChannel) ?? [], after.channels.map(nameOfChannel));
  const mappings = diffNames(before?.mappings ?? [], after.mappings);
  const formerChannel = formerNames(channels);
  const formerMapping = formerNames(mappings);
  const changed = after.mappings.flatMap((mapping): readonly MappingDifference[] => {
    const former = before?.mappings.find(({ name }) => name === formerMapping(mapping.name));
    const difference = former === undefined ? null : diffMapping(renameWithin(former, mappings, channels), mapping);
    return difference === null ? [] : [difference];
  });
  const other = before === null ? [] : diffOthers(before, after, formerChannel);
  const names = [channels, mappings].flatMap(({ added, removed, renamed }) => [...added, ...removed, ...renamed]);
  return {
    isEmpty: names.length + changed.length + other.length === 0,
    channels,
    mappings: { ...mappings, changed },
    other,
  };
}

interface Named {
  readonly name: string;
  readonly renamedFrom: string | null;
}
const nameOfChannel = ({ channel, renamedFrom }: SettingsSnapshot['channels'][number]): Named => ({
  name: channel,
  renamedFrom,
});

/** `renamedFrom` may stay in the file for ever: it is a renaming only while the former name is the one known. */
function diffNames(before: readonly Named[], after: readonly Named[]): NameDifference {
  const had = new Set(before.map(({ name }) => name));
  const has = new Set(after.map(({ name }) => name));
  const renamed = after.flatMap(({ name, renamedFrom }): readonly Renamed[] =>
    renamedFrom !== null && !had.has(name) && had.has(renamedFrom) && !has.has(renamedFrom)
      ? [{ from: renamedFrom, to: name }]
      : [],
  );
  const isRenamed = (name: string): boolean => renamed.some(({ from, to }) => from === name || to === name);
  return {
    added: [...has].filter((name) => !had.has(name) && !isRenamed(name)),
    removed: [...had].filter((name) => !has.has(name) && !isRenamed(name)),
    renamed,
  };
}

const formerNames =
  ({ renamed }: NameDifference) =>
  (name: string): string =>
    renamed.find(({ to }) => to === name)?.from ?? name;

/** The former mapping under the names of today, so that a renamed parent or channel is no change of what it is. */
function renameWithin(mapping: Mapping, mappings: NameDifference, channels: NameDifference): Mapping {
  const today = ({ renamed }: NameDifference, name: string): string =>
    renamed.find(({ from }) => from === name)?.to ?? name;
  return {
    ...mapping,
    channels: mapping.channels.map((channel) => today(channels, channel)),
    overrides: Object.fromEntries(
      Object.entries(mapping.overrides).map(([channel, own]) => [today(channels, channel), own]),
    ),
    fields: mapping.fields.map((field) => ({
      ...field,
      references: field.references && { ...field.references, mapping: today(mappings, field.references.mapping) },
    })),
  };
}

function diffMapping(before: Mapping, after: Mapping): MappingDifference | null {
  const changes = changesBetween(comparable(before), comparable(after), '');
  if (changes.length === 0) return null;
  const former = new Map(before.fields.map((field) => [field.name, field]));
  const current = new Set(after.fields.map(({ name }) => name));
  const fields = {
    added: after.fields.filter(({ name }) => !former.has(name)).map(({ name }) => name),
    removed: before.fields.filter(({ name }) => !current.has(name)).map(({ name }) => name),
    changed: after.fields
      .filter((field) => {
        const was = former.get(field.name);
        return was !== undefined && fingerprint(was) !== fingerprint(field);
      })
      .map(({ name }) => name),
  };
  return {
    mapping: after.name,
    changes,
    channels: {
      added: after.channels.filter((channel) => !before.channels.includes(channel)),
      removed: before.channels.filter((channel) => !after.channels.includes(channel)),
    },
    fields,
    locked: lockedChanges(before, after),
    fullRunReasons: fullRunReasons(before, after, fields),
  };
}

/** Fields by name instead of by place; a mapping's own names are told apart elsewhere. */
function comparable({ name: _name, renamedFrom: _renamedFrom, fields, ...mapping }: Mapping): Json {
  const byName = fields.map(({ name, ...field }) => [name, field] as const);
  return toJson({ ...mapping, fields: Object.fromEntries(byName) });
}

function lockedChanges(before: Mapping, after: Mapping): MappingDifference['locked'] {
  const locked: (Change & { readonly channel: string | null })[] = [];
  const compare = (path: string, was: Json, is: Json, channel: string | null = null): void => {
    if (stableText(was) !== stableText(is)) locked.push({ path, before: was, after: is, channel });
  };
  compare('hq.table', tableText(before.hq.table), tableText(after.hq.table));
  compare('channel.table', tableText(before.channel.table), tableText(after.channel.table));
  compare('hq.key', [...before.hq.key], [...after.hq.key]);
  compare('channel.key', [...before.channel.key], [...after.channel.key]);
  for (const field of after.fields) {
    const was = before.fields.find(({ name }) => name === field.name);
    if (was === undefined) continue;
    compare(`fields.${field.name}.references`, was.references?.mapping ?? null, field.references?.mapping ?? null);
  }
  const wholeTable = locked.some(({ path }) => path === 'channel.table');
  for (const channel of wholeTable ? [] : after.channels.filter((name) => before.channels.includes(name))) {
    const [was, is] = [resolveForChannel(before, channel), resolveForChannel(after, channel)];
    compare('channel.table', tableText(was.channel.table), tableText(is.channel.table), channel);
  }
  return locked;
}

function fullRunReasons(
  before: Mapping,
  after: Mapping,
  fields: MappingDifference['fields'],
): MappingDifference['fullRunReasons'] {
  const reasons = new Set<MappingDifference['fullRunReasons'][number]>();
  if (fields.added.length + fields.changed.length > 0) reasons.add('fields');
  // A record that comes into a filter leaves no mark in its store, nor does one that a direction lets go from now on.
  for (const channel of after.channels.filter((name) => before.channels.includes(name))) {
    const [was, is] = [resolveForChannel(before, channel), resolveForChannel(after, channel)];
    if (was.hq.filter !== is.hq.filter || was.channel.filter !== is.channel.filter) reasons.add('filter');
  }
  const wider = (was: Mapping['direction'], is: Mapping['direction']): boolean => was !== is && was !== 'both';
  const directions = after.fields.some((field) => {
    const was = before.fields.find(({ name }) => name === field.name);
    return was !== undefined && wider(was.direction, field.direction);
  });
  if (directions || wider(before.direction, after.direction)) reasons.add('direction');
  if (before.coupledOnly && !after.coupledOnly) reasons.add('coupledOnly');
  if (stableText(before.match) !== stableText(after.match)) reasons.add('match');
  return [...reasons];
}

function diffOthers(
  before: SettingsSnapshot,
  after: SettingsSnapshot,
  formerChannel: (name: string) => string,
): readonly Change[] {
  const rest = ({
    mappings: _mappings,
    order: _order,
    circular: _circular,
    channels: _channels,
    ...others
  }: SettingsSnapshot): Json => toJson(others);
  const channels = after.channels.flatMap((channel) => {
    const was = before.channels.find((candidate) => candidate.channel === formerChannel(channel.channel));
    if (was === undefined) return [];
    const plain = ({ name, kind, store }: StoreSnapshot): Json => ({ name, kind, store });
    return changesBetween(plain(was), plain(channel), `channels.${channel.channel}`);
  });
  return [...changesBetween(rest(before), rest(after), ''), ...channels];
}

const toJson = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;

const isObject = (value: Json): value is { [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Maps are compared name by name, everything else as a whole. */
function changesBetween(before: Json, after: Json, path: string): readonly Change[] {
  if (isObject(before) && isObject(after)) {
    const names = new Set([...Object.keys(after), ...Object.keys(before)]);
    return [...names].flatMap((name) =>
      changesBetween(before[name] ?? null, after[name] ?? null, path === '' ? name : `${path}.${name}`),
    );
  }
  return stableText(before) === stableText(after) ? [] : [{ path, before, after }];
}
