/**
 * The invariants of a decision over random mappings and values, and over random histories of a pair in a tiny model of
 * two stores. Transforms that do not undo each other, value maps that are not one-to-one, and stores that change what is
 * written to them are among what is drawn.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import { equalValues } from '../../src/domain/equal-values.ts';
import type { Field, Mapping } from '../../src/domain/mapping.ts';
import type { BaseState, DecideOptions, FieldWrite, PairDecision, PairNow, SideNow } from '../../src/domain/pair.ts';
import type { PreparedMapping } from '../../src/domain/prepared-mapping.ts';
import { otherSide, type Side, SIDES, type Value } from '../../src/domain/record.ts';
import type { FindParent } from '../../src/domain/translate.ts';
import type { Transform } from '../../src/domain/transform.ts';
import { plainType, type ValueType } from '../../src/domain/value-type.ts';
import {
  choose,
  type FieldsDecision,
  makeField,
  makeMapping,
  makePrepared,
  pairNow,
  run,
  translatorOf,
} from './prepared-fixture.ts';

// ---------------------------------------------------------------- what is drawn

const VALUES = [null, '', 'a', 'A', 'b', ' b', '1', '1.0'] as const;
const value = fc.constantFrom<Value>(...VALUES);
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
const swap = {
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

const mappings: fc.Arbitrary<Drawn> = fc
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
const parentsFor =
  (coupled: ReadonlySet<string>): FindParent =>
  (_, __, parts) => {
    const partner = coupled.has(parts[0] ?? '') ? PARTNERS[parts[0] ?? ''] : undefined;
    return partner === undefined ? null : [partner];
  };
const SOME: ReadonlySet<string> = new Set(['a', '1']);

const values = (count: number): fc.Arbitrary<Value[]> => fc.array(value, { minLength: count, maxLength: count });
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

const cases = mappings.chain(({ prepared, mirrored }) => {
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

// ---------------------------------------------------------------- one decision

const isChanged = (prepared: PreparedMapping, now: PairNow, index: number, side: Side): boolean => {
  const type = prepared.fields[index]?.type[side] ?? plainType('text');
  return !equalValues(type, now[side].values?.[index] ?? null, now.base?.[side][index] ?? null);
};
const stateOf = (now: PairNow, index: number): BaseState =>
  now.base === null ? 'none' : (now.base.states?.[index] ?? 'known');
const isReplaced = (now: PairNow): boolean => now.hq.deletedSince || now.channel.deletedSince;

function eachWrite(decision: PairDecision): readonly { readonly target: Side; readonly write: FieldWrite }[] {
  if (decision.kind !== 'fields') return [];
  return [
    ...decision.toHq.map((write) => ({ target: 'hq' as const, write })),
    ...decision.toChannel.map((write) => ({ target: 'channel' as const, write })),
  ];
}

describe('a decision', () => {
  it('never overwrites a change that neither policy nor a person gave up', () => {
    fc.assert(
      fc.property(cases, ({ prepared, now, options }) => {
        for (const { target, write } of eachWrite(
          decide(prepared, now, translatorOf(prepared, parentsFor(SOME)), options),
        )) {
          const field = prepared.fields[write.index];
          const bothWays = (field?.toHq ?? false) && (field?.toChannel ?? false);
          if (write.because !== 'change' || !bothWays) continue;
          expect(stateOf(now, write.index)).not.toBe('none');
          expect(isChanged(prepared, now, write.index, target)).toBe(false);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('writes only what the other side holds, in its own form, where the field may travel', () => {
    fc.assert(
      fc.property(cases, ({ prepared, now, options }) => {
        const translator = translatorOf(prepared, parentsFor(SOME));
        for (const { target, write } of eachWrite(decide(prepared, now, translator, options))) {
          const field = prepared.fields[write.index];
          expect(target === 'hq' ? field?.toHq : field?.toChannel).toBe(true);
          const source = now[otherSide(target)].values?.[write.index] ?? null;
          expect(write.from).toBe(source);
          expect(write.old).toBe(now[target].values?.[write.index] ?? null);
          const sent = translator.translate(write.index, target, source);
          expect(sent).toEqual({ ok: true, value: write.to, cleared: write.cleared });
          if (!write.cleared)
            expect(equalValues(field?.type[target] ?? plainType('text'), write.to, write.old)).toBe(false);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('says one thing of each field: conflict, agreement, problem or write', () => {
    fc.assert(
      fc.property(cases, ({ prepared, now, options }) => {
        const decision = decide(prepared, now, translatorOf(prepared, parentsFor(SOME)), options);
        if (decision.kind !== 'fields') return;
        const said = [
          ...eachWrite(decision).map(({ write }) => write.index),
          ...decision.agreed,
          ...(decision.conflict?.fields ?? []).map(({ index }) => index),
          ...decision.problems.map(({ field }) => prepared.fields.findIndex(({ name }) => name === field)),
        ];
        expect(new Set(said).size).toBe(said.length);
        if (decision.problems.length > 0) expect(eachWrite(decision)).toEqual([]);
        if (options.fields !== null) for (const index of said) expect(options.fields.has(index)).toBe(true);
        if (options.only === 'toHq') expect(decision.toChannel).toEqual([]);
        if (options.only === 'toChannel') expect(decision.toHq).toEqual([]);
      }),
      { numRuns: 3_000 },
    );
  });

  it('lets a conflict hold the whole record with `detect: record`, or when it was replaced', () => {
    fc.assert(
      fc.property(cases, ({ prepared, now, options }) => {
        const decision = decide(prepared, now, translatorOf(prepared, parentsFor(SOME)), options);
        if (decision.kind !== 'fields' || decision.conflict === null) return;
        const whole = prepared.mapping.conflicts.detect === 'record' || decision.conflict.code === 'record-replaced';
        if (whole) for (const { write } of eachWrite(decision)) expect(write.because).toBe('choice');
      }),
      { numRuns: 2_000 },
    );
  });

  it('leaves no conflict to somebody who named a winner', () => {
    fc.assert(
      fc.property(cases, ({ prepared, now, options }) => {
        const winner = options.choice?.winner ?? 'hq';
        const choice = { winner, fields: options.choice?.fields ?? new Map() };
        const decision = decide(prepared, now, translatorOf(prepared, parentsFor(SOME)), { ...options, choice });
        if (decision.kind === 'fields') expect(decision.conflict).toBe(null);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is the same with the sides exchanged', () => {
    const flip = (decision: PairDecision): unknown => {
      if (decision.kind === 'deletion') return { ...decision, deletedIn: otherSide(decision.deletedIn) };
      if (decision.kind !== 'fields') return decision;
      const flipSides = (list: readonly Side[]) => SIDES.filter((side) => list.includes(otherSide(side)));
      const { conflict } = decision;
      return {
        ...decision,
        toHq: decision.toChannel,
        toChannel: decision.toHq,
        conflict: conflict && {
          ...conflict,
          fields: conflict.fields.map(({ index, changedIn }) => ({ index, changedIn: flipSides(changedIn) })),
          replacedIn: flipSides(conflict.replacedIn),
        },
        problems: decision.problems.map(({ waitsFor, ...rest }) => ({
          ...rest,
          waitsFor: waitsFor && { ...waitsFor, side: otherSide(waitsFor.side) },
        })),
      };
    };
    const flipState = {
      known: 'known',
      none: 'none',
      clearedInHq: 'clearedInChannel',
      clearedInChannel: 'clearedInHq',
    } as const;
    // The order of transforms and value map differs by direction, and value maps read the first of equal texts, so maps
    // and transforms never stand on one field here; then the mirror image is exact.
    fc.assert(
      fc.property(cases, ({ prepared, mirrored, now, options }) => {
        const { base } = now;
        const states = base?.states?.map((state) => flipState[state]) ?? null;
        const back = pairNow(base && { hq: base.channel, channel: base.hq, states }, now.channel, now.hq);
        const { choice, only } = options;
        const backOptions: DecideOptions = {
          ...options,
          only: only && swap[only],
          choice: choice && {
            winner: choice.winner && otherSide(choice.winner),
            fields: new Map(
              [...choice.fields].map(([name, side]) => [name, typeof side === 'string' ? otherSide(side) : side]),
            ),
          },
        };
        const there = decide(prepared, now, translatorOf(prepared, parentsFor(SOME)), options);
        const again = decide(mirrored, back, translatorOf(mirrored, parentsFor(SOME)), backOptions);
        expect(flip(again)).toEqual(there);
      }),
      { numRuns: 3_000 },
    );
  });
});

// ---------------------------------------------------------------- histories of a pair

/** What a store makes of a value that is written to it: nothing, or what its trigger does. */
type Trigger = (value: Value) => Value;
const TRIGGERS: Readonly<Record<string, Trigger>> = {
  none: (held) => held,
  upperCase: (held) => held?.toUpperCase() ?? null,
  emptyIsNull: (held) => (held === '' ? null : held),
};

interface Pair {
  hq: Value[];
  channel: Value[];
  base: { hq: Value[]; channel: Value[]; states: BaseState[] } | null;
}

const nowOf = (pair: Pair): PairNow => ({
  base: pair.base,
  hq: { values: pair.hq, inFilter: true, deletedSince: false, modifiedAt: null },
  channel: { values: pair.channel, inFilter: true, deletedSince: false, modifiedAt: null },
});

/** Carries a decision out as the engine does: stores write, the base takes what they hold. */
function apply(pair: Pair, decision: FieldsDecision, trigger: Trigger): void {
  const count = pair.hq.length;
  pair.base ??= {
    hq: new Array<Value>(count).fill(null),
    channel: new Array<Value>(count).fill(null),
    states: new Array<BaseState>(count).fill('none'),
  };
  for (const index of decision.agreed) {
    pair.base.hq[index] = pair.hq[index] ?? null;
    pair.base.channel[index] = pair.channel[index] ?? null;
    pair.base.states[index] = 'known';
  }
  for (const { target, write } of eachWrite(decision)) {
    pair[target][write.index] = trigger(write.to);
    pair.base[target][write.index] = pair[target][write.index] ?? null;
    pair.base[otherSide(target)][write.index] = write.from;
    pair.base.states[write.index] = write.cleared ? (target === 'hq' ? 'clearedInHq' : 'clearedInChannel') : 'known';
  }
}

type Step =
  | { readonly do: 'edit'; readonly side: Side; readonly index: number; readonly value: Value }
  | { readonly do: 'run'; readonly full: boolean }
  | { readonly do: 'couple'; readonly parent: string };

const step = (count: number): fc.Arbitrary<Step> =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('edit' as const),
        side: fc.constantFrom<Side>('hq', 'channel'),
        index: fc.nat(count - 1),
        value,
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('run' as const), full: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('couple' as const), parent: fc.constantFrom('a', 'b', '1') }) },
  );

const histories = mappings.chain(({ prepared }) => {
  const count = prepared.fields.length;
  return fc.record({
    prepared: fc.constant(prepared),
    hq: values(count),
    channel: values(count),
    trigger: fc.constantFrom(...Object.keys(TRIGGERS)),
    steps: fc.array(step(count), { maxLength: 12 }),
    winner: fc.constantFrom<Side>('hq', 'channel'),
  });
});

interface History {
  readonly prepared: PreparedMapping;
  readonly pair: Pair;
  readonly coupled: ReadonlySet<string>;
  readonly trigger: Trigger;
  readonly run: (options?: Partial<DecideOptions>) => PairDecision;
}

function play(given: {
  prepared: PreparedMapping;
  hq: Value[];
  channel: Value[];
  trigger: string;
  steps: Step[];
}): History {
  const { prepared } = given;
  const pair: Pair = { hq: [...given.hq], channel: [...given.channel], base: null };
  const coupled = new Set<string>();
  const trigger = TRIGGERS[given.trigger] ?? ((held) => held);
  const runOnce = (options: Partial<DecideOptions> = {}): PairDecision => {
    const decision = decide(prepared, nowOf(pair), translatorOf(prepared, parentsFor(coupled)), run(options));
    if (decision.kind === 'fields') apply(pair, decision, trigger);
    return decision;
  };
  for (const now of given.steps) {
    if (now.do === 'edit') pair[now.side][now.index] = now.value;
    else if (now.do === 'couple') coupled.add(now.parent);
    else runOnce({ full: now.full });
  }
  return { prepared, pair, coupled, trigger, run: runOnce };
}

const isIdle = (decision: PairDecision): boolean =>
  decision.kind === 'nothing' ||
  (decision.kind === 'fields' && decision.agreed.length === 0 && eachWrite(decision).length === 0);

describe('the history of a pair', () => {
  it('comes to rest after one run: the second writes nothing and moves no base', () => {
    fc.assert(
      fc.property(histories, (given) => {
        const history = play(given);
        history.run();
        const second = history.run();
        expect(isIdle(second)).toBe(true);
        history.run({ full: true });
        expect(isIdle(history.run({ full: true }))).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it('ends with each side equal to its base on every field that may travel from it', () => {
    fc.assert(
      fc.property(histories, (given) => {
        const history = play(given);
        const last = history.run({ choice: choose(given.winner) });
        if (last.kind === 'fields' && last.problems.length > 0) return;
        const { pair, prepared } = history;
        for (const field of prepared.fields) {
          for (const side of SIDES) {
            const travels = side === 'hq' ? field.toChannel : field.toHq;
            if (!travels) continue;
            expect(
              equalValues(field.type[side], pair[side][field.index] ?? null, pair.base?.[side][field.index] ?? null),
            ).toBe(true);
            expect(pair.base?.states[field.index]).not.toBe('none');
          }
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('moves neither store nor base of a field in conflict, run after run', () => {
    fc.assert(
      fc.property(histories, (given) => {
        const history = play(given);
        const first = history.run();
        if (first.kind !== 'fields' || first.conflict === null) return;
        const held = (index: number) => [
          history.pair.hq[index],
          history.pair.channel[index],
          history.pair.base?.hq[index],
          history.pair.base?.channel[index],
        ];
        const indices = first.conflict.fields.map(({ index }) => index);
        const before = indices.map(held);
        const second = history.run();
        expect(indices.map(held)).toEqual(before);
        if (second.kind !== 'fields') throw new Error('the conflict is gone');
        if (first.problems.length === 0) expect(second.conflict).toEqual(first.conflict);
      }),
      { numRuns: 2_000 },
    );
  });

  it('brings one change to the other side in one write, with none back', () => {
    fc.assert(
      fc.property(histories, fc.nat(3), value, fc.constantFrom<Side>('hq', 'channel'), (given, at, edited, side) => {
        const history = play(given);
        const settled = history.run({ choice: choose(given.winner) });
        if (settled.kind === 'fields' && settled.problems.length > 0) return;
        history.run();
        const index = at % history.prepared.fields.length;
        history.pair[side][index] = edited;
        const first = eachWrite(history.run());
        expect(first.every(({ target, write }) => target !== side && write.index === index)).toBe(true);
        expect(first.length).toBeLessThanOrEqual(1);
        expect(eachWrite(history.run())).toEqual([]);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('what replaced records come to', () => {
  it('nothing of them reaches the other side but by the source of a one-way field or a person', () => {
    fc.assert(
      fc.property(cases, ({ prepared, now, options }) => {
        if (now.base === null || !isReplaced(now)) return;
        const decision = decide(prepared, now, translatorOf(prepared, parentsFor(SOME)), options);
        if (decision.kind !== 'fields' || decision.replacedAlike) return;
        for (const { write } of eachWrite(decision)) {
          const field = prepared.fields[write.index];
          const bothWays = (field?.toHq ?? false) && (field?.toChannel ?? false);
          const cleared = stateOf(now, write.index).startsWith('cleared');
          if (bothWays && !cleared) expect(write.because).toBe('choice');
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
