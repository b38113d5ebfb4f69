/**
 * Every combination of a single field over small values, against rules written down a second time in the words of the
 * design: in order, the first that applies, none of them sharing code with the decision.
 */
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import type { ConflictResolve, InitialWinner } from '../../src/domain/mapping.ts';
import type { BaseState, DecideOptions, PairNow } from '../../src/domain/pair.ts';
import type { Direction, Side, Value } from '../../src/domain/record.ts';
import {
  makeBase,
  makeField,
  makeMapping,
  makePrepared,
  pairNow,
  run,
  sideNow,
  summary,
  translatorOf,
} from './prepared-fixture.ts';

interface Setting {
  readonly direction: Direction;
  readonly detect: 'field' | 'record';
  readonly resolve: ConflictResolve;
  readonly initialWinner: InitialWinner;
  readonly fillEmpty: boolean;
  readonly full: boolean;
  readonly later: Side | null;
}

interface Situation {
  readonly o: { readonly hq: Value; readonly channel: Value };
  /** Undefined: the record is not there. */
  readonly a: Value | undefined;
  readonly b: Value | undefined;
  readonly hqReplaced: boolean;
  readonly channelReplaced: boolean;
  readonly hqInFilter: boolean;
  readonly channelInFilter: boolean;
  readonly state: BaseState | 'newPair';
}

const nothing = { kind: 'nothing' };
const write = (to: Side, value: Value, because: string) => ({
  [to === 'hq' ? 'toHq' : 'toChannel']: { f: [value, because] },
});
const conflict = (code: string, ...changedIn: Side[]) => ({ conflict: code, fields: { f: changedIn } });

function expected(setting: Setting, now: Situation): Record<string, unknown> {
  const { o, a, b, state } = now;
  const isNew = state === 'newPair';
  const [gone, goneB] = [a === undefined, b === undefined];
  const hqSame = state !== 'none' && a === o.hq;
  const channelSame = state !== 'none' && b === o.channel;
  const out = (!gone && !now.hqInFilter) || (!goneB && !now.channelInFilter);
  const hqReplaced = !gone && now.hqReplaced && !isNew && (!hqSame || goneB);
  const channelReplaced = !goneB && now.channelReplaced && !isNew && (!channelSame || gone);

  if (isNew && out) return { kind: 'frozen' };
  if (out && (gone || goneB || hqReplaced || channelReplaced)) return { kind: 'end', why: 'deletedOutOfFilter' };
  if (out) return { kind: 'frozen' };
  if (!isNew && gone && goneB) return { kind: 'end', why: 'bothGone' };
  if (!isNew && ((gone && now.channelReplaced) || (goneB && now.hqReplaced)))
    return { kind: 'end', why: 'replacedWhileOtherGone' };
  if (hqReplaced && channelReplaced) return { kind: 'end', why: 'replacedWhileOtherGone' };
  if (a === undefined)
    return { kind: 'deletion', deletedIn: 'hq', survivorChanged: state !== 'none' && !channelSame, policy: 'manual' };
  if (b === undefined)
    return { kind: 'deletion', deletedIn: 'channel', survivorChanged: state !== 'none' && !hqSame, policy: 'manual' };

  const replaced = hqReplaced || channelReplaced;
  const fields = expectedField(setting, now, a, b, hqReplaced, channelReplaced);
  const alike = !isNew && !replaced && (now.hqReplaced || now.channelReplaced);
  const agreedInAll = replaced && 'agreed' in fields;
  if (!alike && !agreedInAll) return fields;
  return fields === nothing ? { replacedAlike: true } : { ...fields, replacedAlike: true };
}

function expectedField(
  setting: Setting,
  { o, state }: Situation,
  a: Value,
  b: Value,
  hqReplaced: boolean,
  channelReplaced: boolean,
): Record<string, unknown> {
  const { direction } = setting;
  const unknown = state === 'none' || state === 'newPair';
  const replaced = hqReplaced || channelReplaced;
  const hqChanged = !unknown && a !== o.hq;
  const channelChanged = !unknown && b !== o.channel;
  const agreed = { agreed: ['f'] };
  const toChannel = (why: string) => (a === b ? agreed : write('channel', a, why));
  const toHq = (why: string) => (a === b ? agreed : write('hq', b, why));

  // A null that stood for a missing parent is filled with what the source holds, or given up with it.
  if (state === 'clearedInChannel' && b === null) return a === null ? agreed : write('channel', a, 'change');
  if (state === 'clearedInHq' && a === null) return b === null ? agreed : write('hq', b, 'change');

  if (direction !== 'both') {
    const send = direction === 'toChannel' ? toChannel : toHq;
    const sourceChanged = direction === 'toChannel' ? hqChanged : channelChanged;
    const targetChanged = direction === 'toChannel' ? channelChanged : hqChanged;
    if (unknown) return send('initial');
    if (replaced || sourceChanged) return send('change');
    return setting.full && targetChanged ? send('full') : nothing;
  }
  if (replaced) {
    const changedIn = (['hq', 'channel'] as const).filter((side) =>
      side === 'hq' ? hqReplaced || hqChanged : channelReplaced || channelChanged,
    );
    return a === b ? agreed : conflict('record-replaced', ...changedIn);
  }
  if (unknown) {
    if (a === b) return agreed;
    if (setting.fillEmpty && a === null) return toHq('initial');
    if (setting.fillEmpty && b === null) return toChannel('initial');
    if (setting.initialWinner === 'hq') return toChannel('initial');
    if (setting.initialWinner === 'channel') return toHq('initial');
    return conflict('initial-conflict', 'hq', 'channel');
  }
  if (!hqChanged && !channelChanged) return nothing;
  if (a === b) return agreed;
  if (!channelChanged) return toChannel('change');
  if (!hqChanged) return toHq('change');
  if (setting.resolve === 'hqWins') return toChannel('policy');
  if (setting.resolve === 'channelWins') return toHq('policy');
  if (setting.resolve === 'latestWins' && setting.later === 'hq') return { ...toChannel('policy'), byClock: true };
  if (setting.resolve === 'latestWins' && setting.later === 'channel') return { ...toHq('policy'), byClock: true };
  return conflict('update-conflict', 'hq', 'channel');
}

const VALUES: readonly Value[] = [null, 'x', 'y'];
const BOOLS = [false, true];
const TIMES = { hq: '2026-01-02 00:00:00+00', channel: '2026-01-01 00:00:00+00' };

/** Where a field is not of both directions, or has no base, some settings cannot matter; they are still tried one by one. */
function* settings(): Generator<Setting> {
  const plain: Setting = {
    direction: 'both',
    detect: 'field',
    resolve: 'manual',
    initialWinner: 'manual',
    fillEmpty: false,
    full: false,
    later: null,
  };
  for (const direction of ['both', 'toHq', 'toChannel'] as const) {
    for (const detect of ['field', 'record'] as const) {
      for (const full of BOOLS) {
        for (const resolve of ['manual', 'hqWins', 'channelWins'] as const)
          yield { ...plain, direction, detect, full, resolve };
        for (const later of ['hq', 'channel', null] as const)
          yield { ...plain, direction, detect, full, resolve: 'latestWins', later };
      }
      for (const initialWinner of ['manual', 'hq', 'channel'] as const) {
        for (const fillEmpty of BOOLS) yield { ...plain, direction, detect, initialWinner, fillEmpty };
      }
    }
  }
}

function* situations(state: BaseState | 'newPair'): Generator<Situation> {
  const there: readonly (Value | undefined)[] = state === 'newPair' ? VALUES : [...VALUES, undefined];
  const bases = state === 'newPair' ? [null] : VALUES;
  for (const hq of state === 'clearedInHq' ? [null] : bases) {
    for (const channel of state === 'clearedInChannel' ? [null] : bases) {
      for (const a of there) {
        for (const b of there) {
          for (const hqReplaced of state === 'newPair' ? [false] : BOOLS) {
            for (const channelReplaced of state === 'newPair' ? [false] : BOOLS) {
              for (const hqInFilter of BOOLS) {
                for (const channelInFilter of BOOLS) {
                  yield { o: { hq, channel }, a, b, hqReplaced, channelReplaced, hqInFilter, channelInFilter, state };
                }
              }
            }
          }
        }
      }
    }
  }
}

function pairOf(now: Situation, later: Side | null): PairNow {
  const base =
    now.state === 'newPair' ? null : makeBase([now.o.hq], [now.o.channel], now.state === 'known' ? null : [now.state]);
  const side = (value: Value | undefined, inFilter: boolean, deletedSince: boolean, modifiedAt: string | null) =>
    sideNow(value === undefined ? null : [value], { inFilter, deletedSince, modifiedAt });
  const [hqTime, channelTime] = later === 'channel' ? [TIMES.channel, TIMES.hq] : [TIMES.hq, TIMES.channel];
  return pairNow(
    base,
    side(now.a, now.hqInFilter, now.hqReplaced && now.a !== undefined, later === null ? null : hqTime),
    side(now.b, now.channelInFilter, now.channelReplaced && now.b !== undefined, later === null ? null : channelTime),
  );
}

describe('every combination of one field', () => {
  for (const state of ['newPair', 'known', 'none', 'clearedInHq', 'clearedInChannel'] as const) {
    it(`with a base that is ${state}`, () => {
      let seen = 0;
      for (const setting of settings()) {
        const { direction, detect, resolve, initialWinner, fillEmpty, full, later } = setting;
        // Couplet clears nothing in a side that it does not write.
        if (
          (state === 'clearedInHq' && direction === 'toChannel') ||
          (state === 'clearedInChannel' && direction === 'toHq')
        )
          continue;
        const field = makeField('f', { direction, resolve, initialWinner });
        const prepared = makePrepared(makeMapping([field], { fillEmpty, conflicts: { detect, resolve } }));
        const translator = translatorOf(prepared);
        const options: DecideOptions = run({ full });
        for (const now of situations(state)) {
          const decided = summary(prepared, decide(prepared, pairOf(now, later), translator, options));
          const wanted = expected(setting, now);
          // `toEqual` builds a report for each; millions of equal ones are not worth it.
          if (JSON.stringify(sorted(decided)) !== JSON.stringify(sorted(wanted))) {
            expect({ setting, now, decided }).toEqual({ setting, now, decided: wanted });
          }
          seen++;
        }
      }
      expect(seen).toBeGreaterThan(2_000);
    });
  }
});

const sorted = (value: Record<string, unknown>): unknown => Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
