/**
 * The invariants over random histories of a pair, in a tiny model of two stores, one of which may change what is written
 * to it.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import { equalValues } from '../../src/domain/equal-values.ts';
import type { BaseState, DecideOptions, PairDecision, PairNow } from '../../src/domain/pair.ts';
import type { PreparedMapping } from '../../src/domain/prepared-mapping.ts';
import { otherSide, type Side, SIDES, type Value } from '../../src/domain/record.ts';
import { choose, type FieldsDecision, run, translatorOf } from './prepared-fixture.ts';
import { eachWrite, mappings, parentsFor, value, values } from './random-pairs.ts';

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
