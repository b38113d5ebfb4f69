/** Mappings, pairs and translators for tests of decisions: everything has a default, a test names what it is about. */
import type { Field, Mapping } from '../../src/domain/mapping.ts';
import type {
  Base,
  BaseState,
  Choice,
  DecideOptions,
  PairDecision,
  PairNow,
  SideNow,
  Translator,
} from '../../src/domain/pair.ts';
import { PLAIN_RUN } from '../../src/domain/pair.ts';
import { type MappedColumn, prepareMapping } from '../../src/domain/prepare-mapping.ts';
import type { PreparedMapping } from '../../src/domain/prepared-mapping.ts';
import type { Side, Value } from '../../src/domain/record.ts';
import { type FindParent, makeTranslator } from '../../src/domain/translate.ts';
import { TEXT, type ValueType } from '../../src/domain/value-type.ts';

export const makeField = (name: string, over: Partial<Field> = {}): Field => ({
  name,
  hq: [name],
  channel: [`c_${name}`],
  direction: 'both',
  resolve: 'manual',
  initialWinner: 'manual',
  values: null,
  references: null,
  transform: { toHq: [], toChannel: [] },
  constant: null,
  ...over,
});

export const makeMapping = (fields: readonly Field[], over: Partial<Mapping> = {}): Mapping => {
  const side = { filter: null, modifiedAt: null, modifiedBy: null, link: null, onCreate: {} };
  return {
    name: 'customers',
    renamedFrom: null,
    label: 'Customer',
    channels: ['houston'],
    direction: 'both',
    coupledOnly: false,
    enabled: true,
    schedule: { kind: 'continuous' },
    scope: 'modified',
    hq: { ...side, table: { schema: 'sales', name: 'customer' }, key: ['id'], describe: ['id'] },
    channel: { ...side, table: { schema: null, name: 'customer' }, key: ['c_id'], describe: ['c_id'] },
    match: [],
    firstRun: 'ask',
    initialWinner: 'manual',
    fillEmpty: false,
    conflicts: { detect: 'field', resolve: 'manual' },
    deletions: { inHq: 'manual', inChannel: 'manual' },
    deletionBreaker: { count: 1000, percent: 25 },
    changeBreaker: null,
    failures: { maxAttempts: 3 },
    fields,
    overrides: {},
    ...over,
  };
};

export const makeColumn = (name: string, type: ValueType = TEXT, over: Partial<MappedColumn> = {}): MappedColumn => ({
  name,
  type,
  nullable: true,
  hasDefault: false,
  generated: false,
  identity: null,
  ...over,
});

export interface FixtureTypes {
  readonly hq?: Readonly<Record<string, ValueType>>;
  readonly channel?: Readonly<Record<string, ValueType>>;
}

/** The mapping made ready against tables that have every column it names; text unless `types` says otherwise. */
export function makePrepared(
  mapping: Mapping,
  types: FixtureTypes = {},
  circular: readonly string[] = [],
): PreparedMapping {
  const columns = (side: Side): MappedColumn[] =>
    [...new Set([...mapping[side].key, ...mapping.fields.flatMap((field) => field[side] ?? [])])].map((name) =>
      makeColumn(name, types[side]?.[name] ?? TEXT, { hasDefault: true }),
    );
  const { prepared, problems } = prepareMapping(
    mapping,
    'houston',
    columns('hq'),
    columns('channel'),
    new Set(circular),
  );
  if (prepared === null) throw new Error(problems.map(({ message }) => message).join('; '));
  return prepared;
}

export const noParents: FindParent = () => null;
export const translatorOf = (prepared: PreparedMapping, parents: FindParent = noParents): Translator =>
  makeTranslator(prepared, parents);

export const sideNow = (values: readonly Value[] | null, over: Partial<SideNow> = {}): SideNow => ({
  values,
  inFilter: true,
  deletedSince: false,
  modifiedAt: null,
  ...over,
});

export const makeBase = (
  hq: readonly Value[],
  channel: readonly Value[] = hq,
  states: readonly BaseState[] | null = null,
): Base => ({ hq, channel, states });

export const pairNow = (base: Base | null, hq: SideNow, channel: SideNow): PairNow => ({ base, hq, channel });

export const run = (over: Partial<DecideOptions> = {}): DecideOptions => ({ ...PLAIN_RUN, ...over });

export const choose = (
  winner: Side | null,
  fields: Record<string, Side | { value: Value; side: Side }> = {},
): Choice => ({
  winner,
  fields: new Map(Object.entries(fields)),
});

export type FieldsDecision = Extract<PairDecision, { kind: 'fields' }>;

export function fieldsOf(decision: PairDecision): FieldsDecision {
  if (decision.kind !== 'fields') throw new Error(`expected a decision on fields, not ${decision.kind}`);
  return decision;
}

/** What a decision comes to, by name, for expectations that read like sentences. */
export function summary(prepared: PreparedMapping, decision: PairDecision): Record<string, unknown> {
  if (decision.kind !== 'fields') return { ...decision };
  const name = (index: number): string => prepared.fields[index]?.name ?? '';
  const writes = (list: FieldsDecision['toHq']) =>
    Object.fromEntries(list.map(({ index, to, because }) => [name(index), [to, because]]));
  const { toHq, toChannel, agreed, conflict, problems } = decision;
  return {
    ...(toHq.length > 0 && { toHq: writes(toHq) }),
    ...(toChannel.length > 0 && { toChannel: writes(toChannel) }),
    ...(agreed.length > 0 && { agreed: agreed.map(name) }),
    ...(conflict !== null && {
      conflict: conflict.code,
      fields: Object.fromEntries(conflict.fields.map(({ index, changedIn }) => [name(index), [...changedIn]])),
    }),
    ...(problems.length > 0 && { problems: problems.map(({ field, code }) => `${field}: ${code}`) }),
    ...(decision.replacedAlike && { replacedAlike: true }),
    ...(decision.byClock && { byClock: true }),
  };
}
