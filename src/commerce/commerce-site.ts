/** What commerce works with: the engine's site, its own tables and rules, and who carries what. */
import { type Mapping, resolveForChannel } from '../domain/mapping.ts';
import { OPERATION_TABLES, operationColumns, type OperationPart } from '../domain/operation-row.ts';
import type { LaneMemory } from '../engine/lane/lane-memory.ts';
import { type OperationLane, type Site, storeOf } from '../engine/lane/site.ts';
import { StoreRefused } from '../errors/store-faults.ts';
import type { ChannelCustomerIndex } from '../ports/channel-customer-index.ts';
import type { CommerceDatabase, CommerceRules, OperationStore, OperationTable } from '../ports/commerce.ts';
import type { CommerceSessions, SessionJob } from '../ports/commerce-sessions.ts';
import type { Lane } from '../ports/store.ts';

export interface CommerceSite {
  readonly site: Site;
  readonly memory: LaneMemory;
  readonly rules: CommerceRules;
  readonly database: CommerceDatabase;
  readonly sessions: CommerceSessions;
  readonly index: ChannelCustomerIndex;
  readonly operationStores: ReadonlyMap<string, OperationStore>;
}

const PARTS: readonly OperationPart[] = ['customers', 'addresses', 'contacts', 'affiliations', 'attributes'];

/** Parts that the configuration names, customers first: they are applied in this order. */
export const partsOf = (rules: CommerceRules): readonly OperationPart[] =>
  PARTS.filter((part) => mappingNameOf(rules, part) !== null);

export const mappingNameOf = (rules: CommerceRules, part: OperationPart): string | null =>
  part === 'customers' ? rules.customers : (rules.parts[part] ?? null);

export function mappingFor(
  commerce: Pick<CommerceSite, 'site' | 'rules'>,
  channel: string,
  part: OperationPart,
): Mapping {
  const name = mappingNameOf(commerce.rules, part);
  const mapping = commerce.site.mappings.find((candidate) => candidate.name === name);
  if (!mapping) throw new Error(`the configuration has no mapping of ${part}`);
  return resolveForChannel(mapping, channel);
}

export const laneFor = (commerce: Pick<CommerceSite, 'rules'>, channel: string, part: OperationPart): Lane => ({
  mapping: mappingNameOf(commerce.rules, part) ?? part,
  channel,
});

export const tableOf = (rules: CommerceRules, channel: string, part: OperationPart) => ({
  schema: rules.channels[channel]?.schema ?? 'commerce',
  name: OPERATION_TABLES[part],
});

/** The lane in which rows of an operation table are pending; `@` begins no name of a mapping. */
export const pullLane = (channel: string, part: OperationPart): Lane => ({
  mapping: `@${OPERATION_TABLES[part]}`,
  channel,
});

/** Held while a job works for the channel, so that none runs twice at once. */
export const jobLane = (channel: string, job: SessionJob): Lane => ({ mapping: `@${job}`, channel });

export const operationLanes = (rules: CommerceRules): OperationLane[] =>
  Object.keys(rules.channels).flatMap((channel) =>
    partsOf(rules).map((part) => ({ lane: pullLane(channel, part), table: tableOf(rules, channel, part) })),
  );

export function operationStoreOf({ operationStores }: CommerceSite, channel: string): OperationStore {
  const store = operationStores.get(channel);
  if (!store) throw new Error(`the channel ${channel} has no operation tables`);
  return store;
}

/** The tables with their columns, of the types that the channel's own tables have. */
export async function operationTables(
  commerce: Pick<CommerceSite, 'site' | 'rules'>,
  channel: string,
): Promise<OperationTable[]> {
  const store = storeOf(commerce.site, 'channel', channel);
  const parts = partsOf(commerce.rules);
  const mappings = parts.map((part) => mappingFor(commerce, channel, part));
  const descriptions = await store.describe(mappings.map((mapping) => mapping.channel.table));
  return parts.map((part, at) => {
    const mapping = mappings[at] as Mapping;
    const description = descriptions[at];
    if (!description) {
      const { name } = mapping.channel.table;
      throw new StoreRefused('schema-changed', `there is no table ${name}`, { side: 'channel', table: name });
    }
    const types = new Map(description.columns.map((column) => [column.name, column.type.name]));
    return {
      part,
      table: tableOf(commerce.rules, channel, part),
      columns: operationColumns(mapping, part).map((name) => ({ name, type: types.get(name) ?? 'text' })),
    };
  });
}

/**
 * The mapping of customers with the field that carries the GUID, unless the file has one. Only Couplet writes it, so it is
 * never in conflict: whoever had one first keeps it on both sides.
 */
export function withAsyncAccount(mappings: readonly Mapping[], rules: CommerceRules): Mapping[] {
  const { hq, channel } = rules.asyncAccount;
  return mappings.map((mapping) => {
    if (mapping.name !== rules.customers || guidFieldOf(mapping, rules) !== null) return mapping;
    const field = {
      name: freeName(mapping, 'asyncAccount'),
      hq: [hq],
      channel: [channel],
      direction: 'both',
      resolve: 'hqWins',
      initialWinner: 'hq',
      values: null,
      references: null,
      transform: { toHq: [], toChannel: [] },
      constant: null,
    } as const;
    return { ...mapping, fields: [...mapping.fields, field] };
  });
}

const freeName = (mapping: Mapping, name: string): string =>
  mapping.fields.some((field) => field.name === name) ? freeName(mapping, `${name}_`) : name;

/** The name of the field that carries the GUID. */
export const guidFieldOf = (mapping: Mapping, rules: CommerceRules): string | null =>
  mapping.fields.find((field) => field.hq?.length === 1 && field.hq[0] === rules.asyncAccount.hq)?.name ?? null;
