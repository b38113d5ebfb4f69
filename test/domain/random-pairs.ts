/**
 * Random mappings and pairs. Transforms that do not undo each other and value maps that are not one-to-one are among
 * what is drawn, and every mapping comes with its mirror image.
 */
import fc from 'fast-check';
import type { Field, Mapping } from '../../src/domain/mapping.ts';
import type { BaseState, DecideOptions, FieldWrite, PairDecision, PairNow, SideNow } from '../../src/domain/pair.ts';
import type { PreparedMapping } from '../../src/domain/prepared-mapping.ts';
import type { Side, Value } from '../../src/domain/record.ts';
import type { Transform } from '../../src/domain/transform.ts';
import type { FindParent } from '../../src/domain/translate.ts';
import { plainType, type ValueType } from '../../src/domain/value-type.ts';
import { choose, makeField, makeMapping, makePrepared, pairNow, run } from './prepared-fixture.ts';

const VALUES = [null, '', 'a', 'A', 'b', ' b', '1', '1.0'] as const;
export const value = fc.constantFrom<Value>(...VALUES);
const steps: fc.Arbitrary<readonly Transform[]> = fc.constantFrom<readonly Transform[]>(
  [],
  [{ kind: 'upperCase' }],
  [{ kind: 'trim' }],
  [{ kind: 'prefix', text: 'p' }],
  [{ kind: 'substring', start: 0, length: 1 }],
  [{ kind: 'default', value: 'd' }],
);

const fieldShape = fc.record({
  direction: fc.constantFrom<Field['direction']>('both', 'both', 'toHq', 'toChannel'),
  resolve: fc.constantFrom<Field['resolve']>('manual', 'manual', 'hqWins', 'channelWins', 'latestWins'),
  initialWinner: fc.constantFrom<Field['initialWinner']>('manual', 'hq', 'channel'),
  toHq: steps,
  toChannel: steps,
  kind: fc.constantFrom('plain', 'plain', 'mapped', 'wait', 'clear', 'number'),
});

interface Drawn {
  readonly prepared: PreparedMapping;
  readonly mirrored: PreparedMapping;
}

const NUMERIC = plainType('numeric');
const MAP = [
  ['a', 'x'],
  ['b', 'y'],
  ['A', 'x'],
] as const;
export const swap = {
  both: 'both',
  toHq: 'toChannel',
  toChannel: 'toHq',
  hqWins: 'channelWins',
  channelWins: 'hqWins',
  hq: 'channel',
  channel: 'hq',
  manual: 'manual',
  latestWins: 'latestWins',
} as const;

function fieldOf(
  shape: { kind: string } & Pick<Field, 'direction' | 'resolve' | 'initialWinner'> & Field['transform'],
  at: number,
): Field {
  const { kind, toHq, toChannel, direction, resolve, initialWinner } = shape;
  const plain = kind === 'plain';
  return makeField(`f${at}`, {
    direction,
    resolve,
    initialWinner,
    transform: plain ? { toHq, toChannel } : { toHq: [], toChannel: [] },
    values: kind === 'mapped' ? MAP : null,
    references: kind === 'wait' || kind === 'clear' ? { mapping: 'groups', ifUncoupled: kind } : null,
  });
}

function mirrorField(field: Field): Field {
  const { transform, values, direction, resolve, initialWinner } = field;
  return {
    ...field,
    direction: swap[direction],
    resolve: swap[resolve],
    initialWinner: swap[initialWinner],
    transform: { toHq: transform.toChannel, toChannel: transform.toHq },
    values: values === null ? null : values.map(([hq, channel]) => [channel, hq] as const),
  };
}

export const mappings: fc.Arbitrary<Drawn> = fc
  .record({
    fields: fc.array(fieldShape, { minLength: 1, maxLength: 4 }),
    detect: fc.constantFrom<'field' | 'record'>('field', 'field', 'record'),
    resolve: fc.constantFrom<Field['resolve']>('manual', 'manual', 'hqWins', 'channelWins', 'latestWins'),
    fillEmpty: fc.boolean(),
    deletions: fc.constantFrom<Mapping['deletions']>(
      { inHq: 'manual', inChannel: 'manual' },
      { inHq: 'propagate', inChannel: 'restore' },
    ),
  })
  .map(({ fields: shapes, detect, resolve, fillEmpty, deletions }) => {
    const fields = shapes.map(fieldOf);
    const types: Record<string, ValueType> = Object.fromEntries(
      shapes.flatMap(({ kind }, at) =>
        kind === 'number'
          ? [
              [`f${at}`, NUMERIC],
              [`c_f${at}`, NUMERIC],
            ]
          : [],
      ),
    );
    const over = { fillEmpty, deletions, conflicts: { detect, resolve } };
    const back = {
      fillEmpty,
      deletions: { inHq: deletions.inChannel, inChannel: deletions.inHq },
      conflicts: { detect, resolve: swap[resolve] },
    };
    return {
      prepared: makePrepared(makeMapping(fields, over), { hq: types, channel: types }),
      mirrored: makePrepared(makeMapping(fields.map(mirrorField), back), { hq: types, channel: types }),
    };
  });

/** Parents of some values are coupled; which ones may change in the course of a history. */
const PARTNERS: Readonly<Record<string, string>> = { a: 'a', b: 'b', '1': '1' };
export const parentsFor =
  (coupled: ReadonlySet<string>): FindParent =>
  (_, __, parts) => {
    const partner = coupled.has(parts[0] ?? '') ? PARTNERS[parts[0] ?? ''] : undefined;
    return partner === undefined ? null : [partner];
  };
export const SOME: ReadonlySet<string> = new Set(['a', '1']);

export const values = (count: number): fc.Arbitrary<Value[]> => fc.array(value, { minLength: count, maxLength: count });
const times = fc.constantFrom<string | null>(null, '2026-01-01 00:00:00+00', '2026-01-02 00:00:00+00');
const sides = (count: number): fc.Arbitrary<SideNow> =>
  fc.record({
    values: fc.option(values(count), { nil: null, freq: 12 }),
    inFilter: fc.constantFrom(true, true, true, true, false),
    deletedSince: fc.constantFrom(false, false, false, false, true),
    modifiedAt: times,
  });

/** `clearedIn…` only where Couplet could have cleared: a reference that travels there, with null in the base. */
function soundStates(prepared: PreparedMapping, pair: PairNow): PairNow {
  const { base } = pair;
  if (base === null || base.states === null) return pair;
  const states = base.states.map((state, at): BaseState => {
    const field = prepared.fields[at];
    if (state === 'clearedInHq') return field?.field.references && field.toHq ? state : 'known';
    return state === 'clearedInChannel' ? (field?.field.references && field.toChannel ? state : 'known') : state;
  });
  const hq = base.hq.map((old, at) => (states[at] === 'clearedInHq' ? null : old));
  const channel = base.channel.map((old, at) => (states[at] === 'clearedInChannel' ? null : old));
  return { ...pair, base: { hq, channel, states } };
}

export const cases = mappings.chain(({ prepared, mirrored }) => {
  const count = prepared.fields.length;
  const state = fc.constantFrom<BaseState>('known', 'known', 'known', 'none', 'clearedInHq', 'clearedInChannel');
  const base = fc.record({
    hq: values(count),
    channel: values(count),
    states: fc.option(fc.array(state, { minLength: count, maxLength: count }), { nil: null }),
  });
  const names = prepared.fields.map(({ name }) => name);
  const side = fc.constantFrom<Side>('hq', 'channel');
  const options = fc.record({
    full: fc.boolean(),
    only: fc.constantFrom<DecideOptions['only']>(null, null, null, 'toHq', 'toChannel'),
    fields: fc.option(
      fc.subarray(prepared.fields.map(({ index }) => index)).map((list) => new Set(list)),
      { nil: null, freq: 4 },
    ),
    choice: fc.option(
      fc.record({
        winner: fc.option(side, { nil: null }),
        fields: fc.dictionary(fc.constantFrom(...names), side, { maxKeys: 2 }),
      }),
      { nil: null, freq: 3 },
    ),
  });
  return fc
    .record({ base: fc.option(base, { nil: null, freq: 6 }), hq: sides(count), channel: sides(count), options })
    .map(({ base: old, hq, channel, options: { choice, ...rest } }) => ({
      prepared,
      mirrored,
      now: soundStates(prepared, pairNow(old, hq, channel)),
      options: run({ ...rest, choice: choice === null ? null : choose(choice.winner, choice.fields) }),
    }));
});

export function eachWrite(decision: PairDecision): readonly { readonly target: Side; readonly write: FieldWrite }[] {
  if (decision.kind !== 'fields') return [];
  return [
    ...decision.toHq.map((write) => ({ target: 'hq' as const, write })),
    ...decision.toChannel.map((write) => ({ target: 'channel' as const, write })),
  ];
}
