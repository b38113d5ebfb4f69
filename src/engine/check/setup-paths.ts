/** Where in the configuration something stands that only a store could tell to be wrong. */
import type { Mapping } from '../../domain/mapping.ts';
import { linkColumns } from '../../domain/mapping.ts';
import type { Side } from '../../domain/record.ts';
import type { Lane } from '../../ports/store.ts';
import type { ConfigurationPath } from '../lane/setup-finding.ts';
import type { Site } from '../lane/site.ts';

export const storePath = (side: Side, channel: string | null): ConfigurationPath =>
  side === 'hq' ? ['hq', 'url'] : ['channels', channel ?? '', 'url'];

const isOverridden = (site: Site, lane: Lane, option: 'hqFilter' | 'channelFilter' | 'channelTable'): boolean =>
  site.mappings.find(({ name }) => name === lane.mapping)?.overrides[lane.channel]?.[option] !== undefined;

export const tablePath = (site: Site, lane: Lane, side: Side): ConfigurationPath =>
  side === 'channel' && isOverridden(site, lane, 'channelTable')
    ? ['channels', lane.channel, 'overrides', lane.mapping, 'channel', 'table']
    : ['mappings', lane.mapping, side, 'table'];

export const filterPath = (site: Site, lane: Lane, side: Side): ConfigurationPath =>
  isOverridden(site, lane, side === 'hq' ? 'hqFilter' : 'channelFilter')
    ? ['channels', lane.channel, 'overrides', lane.mapping, side, 'filter']
    : ['mappings', lane.mapping, side, 'filter'];

export const fieldPath = (mapping: string, field: string, side: Side | null): ConfigurationPath => [
  'mappings',
  mapping,
  'fields',
  field,
  ...(side === null ? [] : [side]),
];

/** The option that names a column of a side; the side itself where none does. */
export function columnPath(mapping: Mapping, side: Side, column: string): ConfigurationPath {
  const table = mapping[side];
  const within = (...rest: string[]): ConfigurationPath => ['mappings', mapping.name, side, ...rest];
  if (table.key.includes(column)) return within('key');
  const field = mapping.fields.find((candidate) => candidate[side]?.includes(column));
  if (field !== undefined) return fieldPath(mapping.name, field.name, side);
  if (Object.hasOwn(table.onCreate, column)) return within('onCreate', column);
  if (table.describe.includes(column)) return within('describe');
  if (table.modifiedAt === column) return within('modifiedAt');
  if (table.modifiedBy === column) return within('modifiedBy');
  if (table.link !== null && linkColumns(table.link).includes(column)) return within('link');
  return within();
}
