import { describe, expect, it } from 'vitest';
import { decide, newRecordWrites } from '../../src/domain/decide.ts';
import type { Field, Mapping } from '../../src/domain/mapping.ts';
import type { BaseState, DecideOptions, SideNow } from '../../src/domain/pair.ts';
import type { Value } from '../../src/domain/record.ts';
import { plainType } from '../../src/domain/value-type.ts';
import {
  choose,
  fieldsOf,
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

const EARLIER = '2026-01-01 00:00:00+00';
const LATER = '2026-01-01 03:00:00+02';

interface Case {
  readonly fields?: readonly Field[];
  readonly mapping?: Partial<Mapping>;
  /** Both sides of the base alike, unless `channelBase` says otherwise; null: a new pair. */
  readonly base?: readonly Value[] | null;
  readonly channelBase?: readonly Value[];
  readonly states?: readonly BaseState[];
  readonly hq: readonly Value[] | null;
  readonly channel: readonly Value[] | null;
  readonly hqNow?: Partial<SideNow>;
  readonly channelNow?: Partial<SideNow>;
  readonly options?: Partial<DecideOptions>;
  readonly parents?: Readonly<Record<string, string>>;
  readonly circular?: readonly string[];
}

const NAME_AND_MAIL = [makeField('name'), makeField('mail')];

function decideCase(given: Case): Record<string, unknown> {
  const mapping = makeMapping(given.fields ?? NAME_AND_MAIL, given.mapping);
  const prepared = makePrepared(mapping, {}, given.circular);
  const { base = null } = given;
  const now = pairNow(
    base === null ? null : makeBase(base, given.channelBase ?? base, given.states ?? null),
    sideNow(given.hq, given.hqNow),
    sideNow(given.channel, given.channelNow),
  );
  const translator = translatorOf(prepared, (_, __, parts) => {
    const partner = given.parents?.[parts[0] ?? ''];
    return partner === undefined ? null : [partner];
  });
  return summary(prepared, decide(prepared, now, translator, run(given.options)));
}

describe('the table of the decision', () => {
  const O = ['Adatum', 'a@x'];
  const changed = ['Adatum Corp', 'a@x'];
  const states = {
    unchanged: { values: O, now: {} },
    changed: { values: changed, now: {} },
    deleted: { values: null, now: {} },
    replaced: { values: ['Other', 'o@x'], now: { deletedSince: true } },
  } as const;
  const at = (hq: keyof typeof states, channel: keyof typeof states, mapping: Partial<Mapping> = {}) =>
    decideCase({
      base: O,
      hq: states[hq].values,
      channel: channel === 'changed' ? ['Adatum Ltd', 'a@x'] : states[channel].values,
      hqNow: states[hq].now,
      channelNow: states[channel].now,
      mapping,
    });

  it('does nothing where neither changed', () => {
    expect(at('unchanged', 'unchanged')).toEqual({ kind: 'nothing' });
  });
  it('carries a change to the other side', () => {
    expect(at('changed', 'unchanged')).toEqual({ toChannel: { name: ['Adatum Corp', 'change'] } });
    expect(at('unchanged', 'changed')).toEqual({ toHq: { name: ['Adatum Ltd', 'change'] } });
  });
  it('leaves a field that both changed to a person', () => {
    expect(at('changed', 'changed')).toEqual({ conflict: 'update-conflict', fields: { name: ['hq', 'channel'] } });
  });
  it('tells a deletion, and whether the survivor was changed', () => {
    const policy = 'manual';
    expect(at('deleted', 'unchanged')).toEqual({ kind: 'deletion', deletedIn: 'hq', survivorChanged: false, policy });
    expect(at('deleted', 'changed')).toEqual({ kind: 'deletion', deletedIn: 'hq', survivorChanged: true, policy });
    expect(at('unchanged', 'deleted')).toEqual({
      kind: 'deletion',
      deletedIn: 'channel',
      survivorChanged: false,
      policy,
    });
    expect(at('changed', 'deleted')).toEqual({ kind: 'deletion', deletedIn: 'channel', survivorChanged: true, policy });
  });
  it('names the policy of the side in which the record was deleted', () => {
    const mapping = { deletions: { inHq: 'propagate', inChannel: 'restore' } } as const;
    expect(at('deleted', 'unchanged', mapping)).toMatchObject({ policy: 'propagate' });
    expect(at('unchanged', 'deleted', mapping)).toMatchObject({ policy: 'restore' });
  });
  it('ends a coupling of which nothing is left', () => {
    expect(at('deleted', 'deleted')).toEqual({ kind: 'end', why: 'bothGone' });
    expect(at('deleted', 'replaced')).toEqual({ kind: 'end', why: 'replacedWhileOtherGone' });
    expect(at('replaced', 'deleted')).toEqual({ kind: 'end', why: 'replacedWhileOtherGone' });
    expect(at('replaced', 'replaced')).toEqual({ kind: 'end', why: 'replacedWhileOtherGone' });
  });
  it('never merges a replaced record with the old base, whatever the policy', () => {
    const mapping = { conflicts: { detect: 'field', resolve: 'hqWins' } } as const;
    expect(at('replaced', 'unchanged', mapping)).toEqual({
      conflict: 'record-replaced',
      fields: { name: ['hq'], mail: ['hq'] },
    });
    expect(at('unchanged', 'replaced', mapping)).toEqual({
      conflict: 'record-replaced',
      fields: { name: ['channel'], mail: ['channel'] },
    });
    expect(at('changed', 'replaced')).toEqual({
      conflict: 'record-replaced',
      fields: { name: ['hq', 'channel'], mail: ['channel'] },
    });
    expect(at('replaced', 'changed')).toEqual({
      conflict: 'record-replaced',
      fields: { name: ['hq', 'channel'], mail: ['hq'] },
    });
  });

  const alike = { deletedSince: true };
  it('keeps a replaced record that equals the base coupled', () => {
    expect(decideCase({ base: O, hq: O, channel: O, channelNow: alike })).toEqual({ replacedAlike: true });
    expect(decideCase({ base: O, hq: O, channel: O, hqNow: alike, channelNow: alike })).toEqual({
      replacedAlike: true,
    });
    expect(decideCase({ base: O, hq: changed, channel: O, channelNow: alike })).toEqual({
      toChannel: { name: ['Adatum Corp', 'change'] },
      replacedAlike: true,
    });
  });
  it('keeps a replaced record that agrees with its partner in everything', () => {
    expect(decideCase({ base: O, hq: changed, channel: changed, channelNow: alike })).toEqual({
      agreed: ['name', 'mail'],
      replacedAlike: true,
    });
  });
  it('lets one field in conflict hold a replaced record as a whole', () => {
    const fields = [makeField('name'), makeField('limit', { direction: 'toChannel' })];
    expect(decideCase({ fields, base: ['a', '1'], hq: ['a', '1'], channel: ['b', '2'], channelNow: alike })).toEqual({
      conflict: 'record-replaced',
      fields: { name: ['channel'] },
    });
  });
  it('ends the coupling of a replaced record whose partner is gone, even where it equals the base', () => {
    expect(decideCase({ base: O, hq: null, channel: O, channelNow: alike })).toEqual({
      kind: 'end',
      why: 'replacedWhileOtherGone',
    });
  });
});

describe('out of the filter', () => {
  const O = ['Adatum', 'a@x'];
  const out = { inFilter: false };
  it('a pair is frozen on both sides, whichever side left', () => {
    expect(decideCase({ base: O, hq: ['b', 'c'], channel: O, hqNow: out })).toEqual({ kind: 'frozen' });
    expect(decideCase({ base: O, hq: ['b', 'c'], channel: O, channelNow: out })).toEqual({ kind: 'frozen' });
    expect(decideCase({ base: O, hq: O, channel: O, hqNow: out, options: { full: true } })).toEqual({ kind: 'frozen' });
    expect(decideCase({ base: null, hq: O, channel: O, hqNow: out })).toEqual({ kind: 'frozen' });
  });
  it('a deletion only ends the coupling', () => {
    const mapping = { deletions: { inHq: 'propagate', inChannel: 'propagate' } } as const;
    const ended = { kind: 'end', why: 'deletedOutOfFilter' };
    expect(decideCase({ base: O, hq: null, channel: O, channelNow: out, mapping })).toEqual(ended);
    expect(decideCase({ base: O, hq: O, channel: null, hqNow: out, mapping })).toEqual(ended);
  });
  it('a replaced record ends it too, unless it equals the base', () => {
    const replaced = { deletedSince: true };
    expect(decideCase({ base: O, hq: ['b', 'c'], channel: O, hqNow: { ...out, ...replaced } })).toMatchObject({
      kind: 'end',
    });
    expect(decideCase({ base: O, hq: O, channel: O, hqNow: { ...out, ...replaced } })).toEqual({ kind: 'frozen' });
  });
});

describe('fields of both directions', () => {
  const O = ['Adatum', 'a@x'];
  it('travel independently of each other', () => {
    expect(decideCase({ base: O, hq: ['Adatum Corp', 'a@x'], channel: ['Adatum', 'b@x'] })).toEqual({
      toChannel: { name: ['Adatum Corp', 'change'] },
      toHq: { mail: ['b@x', 'change'] },
    });
  });
  it('wait alone when in conflict, with `detect: field`', () => {
    expect(decideCase({ base: O, hq: ['b', 'c@x'], channel: ['c', 'a@x'] })).toEqual({
      toChannel: { mail: ['c@x', 'change'] },
      conflict: 'update-conflict',
      fields: { name: ['hq', 'channel'] },
    });
  });
  it('agree without a write when both were changed to the same', () => {
    expect(decideCase({ base: O, hq: ['b', 'a@x'], channel: ['b', 'a@x'] })).toEqual({ agreed: ['name'] });
  });
  it('agree when one side followed what the other holds already', () => {
    expect(decideCase({ base: ['a', 'm'], channelBase: ['b', 'm'], hq: ['b', 'm'], channel: ['b', 'm'] })).toEqual({
      agreed: ['name'],
    });
  });
  it('agree when one side followed what the other means in its own form', () => {
    const fields = [makeField('name', { transform: { toChannel: [], toHq: [{ kind: 'trim' }] } })];
    expect(decideCase({ fields, base: ['A'], channelBase: ['a '], hq: ['a'], channel: ['a '] })).toEqual({
      agreed: ['name'],
    });
  });
  it('keep what a trigger made of a write: the base is what is held, not what was sent', () => {
    expect(decideCase({ base: O, channelBase: ['ADATUM', 'a@x'], hq: O, channel: ['ADATUM', 'a@x'] })).toEqual({
      kind: 'nothing',
    });
  });
  it('carry null like any value', () => {
    expect(decideCase({ base: O, hq: [null, 'a@x'], channel: O })).toEqual({ toChannel: { name: [null, 'change'] } });
    expect(decideCase({ base: O, hq: [null, 'a@x'], channel: ['', 'a@x'] })).toMatchObject({
      conflict: 'update-conflict',
    });
  });
  it('are settled by policy, and the losing value stays known', () => {
    const both = { base: O, hq: ['h', 'a@x'], channel: ['c', 'a@x'] };
    const by = (resolve: Field['resolve']) => [makeField('name', { resolve }), makeField('mail')];
    expect(decideCase({ ...both, fields: by('hqWins') })).toEqual({ toChannel: { name: ['h', 'policy'] } });
    expect(decideCase({ ...both, fields: by('channelWins') })).toEqual({ toHq: { name: ['c', 'policy'] } });
    const prepared = makePrepared(makeMapping(by('hqWins')));
    const now = pairNow(makeBase(O), sideNow(both.hq), sideNow(both.channel));
    expect(fieldsOf(decide(prepared, now, translatorOf(prepared), run())).toChannel[0]).toMatchObject({
      old: 'c',
      from: 'h',
    });
  });
  it('go to the later change where the clocks tell it, and to a person where they do not', () => {
    const both = {
      base: O,
      hq: ['h', 'a@x'],
      channel: ['c', 'a@x'],
      fields: [makeField('name', { resolve: 'latestWins' }), makeField('mail')],
    };
    const times = (hq: Value, channel: Value) =>
      decideCase({ ...both, hqNow: { modifiedAt: hq }, channelNow: { modifiedAt: channel } });
    expect(times(EARLIER, LATER)).toEqual({ toHq: { name: ['c', 'policy'] }, byClock: true });
    expect(times(LATER, EARLIER)).toEqual({ toChannel: { name: ['h', 'policy'] }, byClock: true });
    const open = { conflict: 'update-conflict', fields: { name: ['hq', 'channel'] } };
    expect(times(EARLIER, EARLIER)).toEqual(open);
    expect(times(EARLIER, '2026-01-01 01:00:00+01')).toEqual(open);
    expect(times(null, LATER)).toEqual(open);
    expect(times('soon', LATER)).toEqual(open);
    expect(times('infinity', LATER)).toEqual(open);
  });
  it('do not swing when transforms do not undo each other', () => {
    const fields = [
      makeField('name', { transform: { toChannel: [{ kind: 'upperCase' }], toHq: [{ kind: 'lowerCase' }] } }),
    ];
    expect(
      decideCase({ fields, base: ['Adatum'], channelBase: ['ADATUM'], hq: ['Adatum'], channel: ['ADATUM'] }),
    ).toEqual({ kind: 'nothing' });
    expect(decideCase({ fields, base: ['x'], hq: ['Adatum'], channel: ['ADATUM'] })).toEqual({ agreed: ['name'] });
    expect(decideCase({ fields, base: ['x'], hq: ['adatum'], channel: ['Adatum'] })).toEqual({ agreed: ['name'] });
  });
});

describe('`detect: record`', () => {
  const O = ['Adatum', 'a@x'];
  const mapping = (resolve: Mapping['conflicts']['resolve'] = 'manual') =>
    ({ conflicts: { detect: 'record', resolve } }) as const;
  const apart = { base: O, hq: ['h', 'a@x'], channel: ['Adatum', 'c@x'] };
  it('changes of different fields on both sides make the whole record wait', () => {
    expect(decideCase({ ...apart, mapping: mapping() })).toEqual({
      conflict: 'update-conflict',
      fields: { name: ['hq'], mail: ['channel'] },
    });
  });
  it('changes of one side alone travel', () => {
    expect(decideCase({ base: O, hq: ['h', 'i'], channel: O, mapping: mapping() })).toEqual({
      toChannel: { name: ['h', 'change'], mail: ['i', 'change'] },
    });
  });
  it('the policy takes one version as a whole', () => {
    expect(decideCase({ ...apart, mapping: mapping('hqWins') })).toEqual({
      toChannel: { name: ['h', 'policy'], mail: ['a@x', 'policy'] },
    });
    expect(decideCase({ ...apart, mapping: mapping('channelWins') })).toEqual({
      toHq: { name: ['Adatum', 'policy'], mail: ['c@x', 'policy'] },
    });
    expect(
      decideCase({
        ...apart,
        mapping: mapping('latestWins'),
        hqNow: { modifiedAt: LATER },
        channelNow: { modifiedAt: EARLIER },
      }),
    ).toEqual({ toChannel: { name: ['h', 'policy'], mail: ['a@x', 'policy'] }, byClock: true });
  });
  it('fields that agree by now count as no change', () => {
    expect(decideCase({ base: O, hq: ['same', 'h'], channel: ['same', 'a@x'], mapping: mapping() })).toEqual({
      toChannel: { mail: ['h', 'change'] },
      agreed: ['name'],
    });
  });
  it('one-way fields neither cause the wait nor travel during it', () => {
    const fields = [makeField('name'), makeField('mail'), makeField('limit', { direction: 'toChannel' })];
    const three = { fields, mapping: mapping(), base: [...O, '1'] };
    expect(decideCase({ ...three, hq: ['h', 'a@x', '1'], channel: [...O, '9'] })).toEqual({
      toChannel: { name: ['h', 'change'] },
    });
    expect(decideCase({ ...three, hq: ['h', 'a@x', '2'], channel: ['Adatum', 'c@x', '1'] })).toEqual({
      conflict: 'update-conflict',
      fields: { name: ['hq'], mail: ['channel'] },
    });
  });
  it('a person may settle single fields; the others stay in conflict', () => {
    expect(decideCase({ ...apart, mapping: mapping(), options: { choice: choose(null, { name: 'hq' }) } })).toEqual({
      toChannel: { name: ['h', 'choice'] },
      conflict: 'update-conflict',
      fields: { mail: ['channel'] },
    });
  });
  it('a run limited to some fields sees the conflict all the same', () => {
    expect(decideCase({ ...apart, mapping: mapping(), options: { fields: new Set([0]) } })).toEqual({
      conflict: 'update-conflict',
      fields: { name: ['hq'] },
    });
  });
});

describe('one-way fields', () => {
  const toChannel = [makeField('limit', { direction: 'toChannel' })];
  const toHq = [makeField('rating', { direction: 'toHq' })];
  it('never conflict: the source wins', () => {
    expect(decideCase({ fields: toChannel, base: ['1'], hq: ['2'], channel: ['3'] })).toEqual({
      toChannel: { limit: ['2', 'change'] },
    });
    expect(decideCase({ fields: toHq, base: ['1'], hq: ['2'], channel: ['3'] })).toEqual({
      toHq: { rating: ['3', 'change'] },
    });
  });
  it('leave a target that drifted alone until a full run or the next change at the source', () => {
    expect(decideCase({ fields: toChannel, base: ['1'], hq: ['1'], channel: ['9'] })).toEqual({ kind: 'nothing' });
    expect(decideCase({ fields: toChannel, base: ['1'], hq: ['1'], channel: ['9'], options: { full: true } })).toEqual({
      toChannel: { limit: ['1', 'full'] },
    });
    expect(decideCase({ fields: toChannel, base: ['1'], hq: ['1'], channel: ['1'], options: { full: true } })).toEqual({
      kind: 'nothing',
    });
  });
  it('constants reach the target and are never taken from it', () => {
    const fields = [makeField('origin', { hq: null, direction: 'toChannel', constant: { value: 'HQ' } })];
    expect(decideCase({ fields, base: null, hq: [null], channel: ['shop'] })).toEqual({
      toChannel: { origin: ['HQ', 'initial'] },
    });
    expect(decideCase({ fields, base: [null], channelBase: ['HQ'], hq: [null], channel: ['HQ'] })).toEqual({
      kind: 'nothing',
    });
    expect(
      decideCase({ fields, base: [null], channelBase: ['HQ'], hq: [null], channel: ['x'], options: { full: true } }),
    ).toEqual({
      toChannel: { origin: ['HQ', 'full'] },
    });
  });
  it('a deletion in the target of a one-way mapping is never propagated', () => {
    const deletions = { inHq: 'propagate', inChannel: 'propagate' } as const;
    const toChannelOnly = { fields: toChannel, mapping: { direction: 'toChannel', deletions } as const, base: ['1'] };
    expect(decideCase({ ...toChannelOnly, hq: ['1'], channel: null })).toMatchObject({
      kind: 'deletion',
      policy: 'manual',
    });
    expect(decideCase({ ...toChannelOnly, hq: null, channel: ['1'] })).toMatchObject({
      kind: 'deletion',
      policy: 'propagate',
    });
  });
  it('a replaced record of a one-way mapping takes the source’s values', () => {
    const mapping = { direction: 'toChannel' } as const;
    expect(
      decideCase({
        fields: toChannel,
        mapping,
        base: ['1'],
        hq: ['1'],
        channel: ['9'],
        channelNow: { deletedSince: true },
      }),
    ).toEqual({
      toChannel: { limit: ['1', 'change'] },
    });
  });
});

describe('a new pair, a new field', () => {
  const differ = { base: null, hq: ['Adatum', null], channel: ['Contoso', 'c@x'] };
  it('values that agree are the base', () => {
    expect(decideCase({ base: null, hq: ['a', null], channel: ['a', null] })).toEqual({ agreed: ['name', 'mail'] });
  });
  it('values that differ wait for a person', () => {
    expect(decideCase(differ)).toEqual({
      conflict: 'initial-conflict',
      fields: { name: ['hq', 'channel'], mail: ['hq', 'channel'] },
    });
  });
  it('a value wins over null with `fillEmpty`, before the initial winner speaks', () => {
    expect(decideCase({ ...differ, mapping: { fillEmpty: true } })).toEqual({
      toHq: { mail: ['c@x', 'initial'] },
      conflict: 'initial-conflict',
      fields: { name: ['hq', 'channel'] },
    });
    const fields = [makeField('name', { initialWinner: 'hq' }), makeField('mail', { initialWinner: 'hq' })];
    expect(decideCase({ ...differ, fields, mapping: { fillEmpty: true } })).toEqual({
      toChannel: { name: ['Adatum', 'initial'] },
      toHq: { mail: ['c@x', 'initial'] },
    });
  });
  it('the initial winner is that of the field', () => {
    const fields = [makeField('name', { initialWinner: 'channel' }), makeField('mail', { initialWinner: 'hq' })];
    expect(decideCase({ ...differ, fields })).toEqual({
      toHq: { name: ['Contoso', 'initial'] },
      toChannel: { mail: [null, 'initial'] },
    });
  });
  it('a one-way field is written from its source, null included', () => {
    const fields = [makeField('name', { direction: 'toHq' }), makeField('mail', { direction: 'toChannel' })];
    expect(decideCase({ ...differ, fields, mapping: { fillEmpty: true } })).toEqual({
      toHq: { name: ['Contoso', 'initial'] },
      toChannel: { mail: [null, 'initial'] },
    });
  });
  it('conflict policies are for changes, not for first meetings', () => {
    const fields = [makeField('name', { resolve: 'hqWins' })];
    expect(decideCase({ fields, base: null, hq: ['a'], channel: ['b'] })).toMatchObject({
      conflict: 'initial-conflict',
    });
  });
  it('with `detect: record` one field in conflict holds all of them, agreements aside', () => {
    const fields = [makeField('name'), makeField('mail', { initialWinner: 'hq' }), makeField('city')];
    const mapping = { conflicts: { detect: 'record', resolve: 'manual' } } as const;
    expect(decideCase({ fields, mapping, base: null, hq: ['a', 'm', 'c'], channel: ['b', 'n', 'c'] })).toEqual({
      agreed: ['city'],
      conflict: 'initial-conflict',
      fields: { name: ['hq', 'channel'] },
    });
  });
  it('a person who couples may name the winner', () => {
    expect(decideCase({ ...differ, options: { choice: choose('channel') } })).toEqual({
      toHq: { name: ['Contoso', 'choice'], mail: ['c@x', 'choice'] },
    });
  });
  it('a field added later is settled like a new pair, beside the changes of the others', () => {
    expect(decideCase({ base: ['a', null], states: ['known', 'none'], hq: ['b', 'm'], channel: ['a', 'm'] })).toEqual({
      toChannel: { name: ['b', 'change'] },
      agreed: ['mail'],
    });
    expect(decideCase({ base: ['a', 'q'], states: ['known', 'none'], hq: ['a', 'm'], channel: ['a', 'n'] })).toEqual({
      conflict: 'initial-conflict',
      fields: { mail: ['hq', 'channel'] },
    });
    expect(
      decideCase({ base: ['a', 'q'], states: ['known', 'none'], hq: ['b', 'm'], channel: ['c', 'n'] }),
    ).toMatchObject({
      conflict: 'update-conflict',
    });
  });
  it('a field without a base says nothing of a deletion', () => {
    expect(decideCase({ base: ['a', 'q'], states: ['known', 'none'], hq: null, channel: ['a', 'n'] })).toMatchObject({
      survivorChanged: false,
    });
  });
});

describe('references', () => {
  const waiting = [makeField('group', { references: { mapping: 'groups', ifUncoupled: 'wait' } })];
  const clearing = [makeField('group', { references: { mapping: 'groups', ifUncoupled: 'clear' } })];
  const parents = { '7': '70', '70': '7', '8': '80', '80': '8' };
  it('go by the coupling of the parent', () => {
    expect(
      decideCase({ fields: waiting, parents, base: ['7'], channelBase: ['70'], hq: ['8'], channel: ['70'] }),
    ).toEqual({
      toChannel: { group: ['80', 'change'] },
    });
  });
  it('wait for a parent that is not coupled, and nothing of the record travels meanwhile', () => {
    const fields = [...waiting, makeField('name')];
    expect(
      decideCase({ fields, base: ['7', 'a'], channelBase: ['70', 'a'], hq: ['9', 'b'], channel: ['70', 'a'] }),
    ).toEqual({
      problems: ['group: parent-not-coupled'],
    });
  });
  it('are sent empty with `clear`, and the null never travels back', () => {
    expect(decideCase({ fields: clearing, base: ['7'], channelBase: ['70'], hq: ['9'], channel: ['70'] })).toEqual({
      toChannel: { group: [null, 'change'] },
    });
    const cleared = { fields: clearing, base: ['9'], channelBase: [null], states: ['clearedInChannel'] } as const;
    expect(decideCase({ ...cleared, hq: ['9'], channel: [null] })).toEqual({ kind: 'nothing' });
    expect(decideCase({ ...cleared, hq: ['9'], channel: [null], options: { choice: choose('channel') } })).toEqual({
      kind: 'nothing',
    });
    expect(decideCase({ ...cleared, hq: ['9'], channel: [null], options: { full: true } })).toEqual({
      kind: 'nothing',
    });
  });
  const filled = { fields: clearing, base: ['7'], channelBase: [null], states: ['clearedInChannel'], parents } as const;
  it('are filled when the parent is coupled', () => {
    expect(decideCase({ ...filled, hq: ['7'], channel: [null] })).toEqual({ toChannel: { group: ['70', 'change'] } });
  });
  it('are no longer waited for when the source gives the reference up', () => {
    expect(decideCase({ ...filled, hq: [null], channel: [null] })).toEqual({ agreed: ['group'] });
  });
  it('wait for another parent when the source refers to another', () => {
    expect(decideCase({ ...filled, hq: ['9'], channel: [null] })).toEqual({ toChannel: { group: [null, 'change'] } });
  });
  it('follow a value that somebody put there meanwhile', () => {
    expect(decideCase({ ...filled, hq: ['7'], channel: ['80'] })).toEqual({ toHq: { group: ['8', 'change'] } });
    expect(decideCase({ ...filled, hq: ['7'], channel: ['70'] })).toEqual({ agreed: ['group'] });
    expect(decideCase({ ...filled, hq: ['8'], channel: ['70'] })).toMatchObject({ conflict: 'update-conflict' });
  });
  it('hold the same on the other side', () => {
    const cleared = { fields: clearing, base: [null], channelBase: ['70'], states: ['clearedInHq'] } as const;
    expect(decideCase({ ...cleared, hq: [null], channel: ['70'] })).toEqual({ kind: 'nothing' });
    expect(decideCase({ ...cleared, parents, hq: [null], channel: ['70'] })).toEqual({
      toHq: { group: ['7', 'change'] },
    });
  });
  it('in a cycle are created empty whatever `ifUncoupled` says', () => {
    const circular = ['group'];
    expect(
      decideCase({ fields: waiting, circular, base: ['7'], channelBase: ['70'], hq: ['9'], channel: ['70'] }),
    ).toEqual({
      toChannel: { group: [null, 'change'] },
    });
  });
  it('an empty stand-in is remembered even where the target is empty already', () => {
    expect(
      decideCase({ fields: clearing, base: null, hq: ['9'], channel: [null], mapping: { fillEmpty: true } }),
    ).toEqual({
      toChannel: { group: [null, 'initial'] },
    });
  });
  it('agree by key where the key ignores case', () => {
    const citext = plainType('caseInsensitiveText', 'citext');
    const prepared = makePrepared(makeMapping(waiting), { channel: { c_group: citext } });
    const now = pairNow(makeBase(['7'], ['x']), sideNow(['8']), sideNow(['RETAIL']));
    const translator = translatorOf(prepared, (_, to) => (to === 'channel' ? ['retail'] : ['8']));
    expect(summary(prepared, decide(prepared, now, translator, run()))).toEqual({ agreed: ['group'] });
  });
});

describe('a value that cannot be carried', () => {
  const fields = [makeField('country', { values: [['US', 'United States']] }), makeField('name')];
  const base = { fields, base: ['US', 'a'], channelBase: ['United States', 'a'] };
  it('stops the writes of its record and names the field', () => {
    expect(decideCase({ ...base, hq: ['FR', 'b'], channel: ['United States', 'a'] })).toEqual({
      problems: ['country: value-not-mapped'],
    });
  });
  it('in conflict is a conflict still', () => {
    expect(decideCase({ ...base, hq: ['FR', 'a'], channel: ['Italia', 'a'] })).toEqual({
      conflict: 'update-conflict',
      fields: { country: ['hq', 'channel'] },
    });
  });
  it('a conflict of another field is told beside it', () => {
    expect(decideCase({ ...base, hq: ['FR', 'b'], channel: ['United States', 'c'] })).toEqual({
      problems: ['country: value-not-mapped'],
      conflict: 'update-conflict',
      fields: { name: ['hq', 'channel'] },
    });
  });
  it('is no problem in a direction that this run does not serve', () => {
    expect(
      decideCase({ ...base, hq: ['FR', 'a'], channel: ['United States', 'a'], options: { only: 'toHq' } }),
    ).toEqual({ kind: 'nothing' });
  });
});

describe('a person’s choice', () => {
  const O = ['Adatum', 'a@x', '1'];
  const fields = [makeField('name'), makeField('mail'), makeField('limit', { direction: 'toChannel' })];
  const conflict = { fields, base: O, hq: ['h', 'h@x', '1'], channel: ['c', 'a@x', '1'] };
  it('of a winner takes every field of that version, changes of the other side included', () => {
    expect(decideCase({ ...conflict, options: { choice: choose('hq') } })).toEqual({
      toChannel: { name: ['h', 'choice'], mail: ['h@x', 'choice'] },
    });
    expect(decideCase({ ...conflict, options: { choice: choose('channel') } })).toEqual({
      toHq: { name: ['c', 'choice'], mail: ['a@x', 'choice'] },
    });
  });
  it('leaves one-way fields to their direction', () => {
    expect(
      decideCase({
        ...conflict,
        hq: ['h', 'a@x', '2'],
        channel: ['c', 'a@x', '9'],
        options: { choice: choose('channel') },
      }),
    ).toEqual({
      toHq: { name: ['c', 'choice'] },
      toChannel: { limit: ['2', 'choice'] },
    });
  });
  it('for single fields goes before the winner', () => {
    expect(decideCase({ ...conflict, options: { choice: choose('hq', { name: 'channel' }) } })).toEqual({
      toHq: { name: ['c', 'choice'] },
      toChannel: { mail: ['h@x', 'choice'] },
    });
  });
  it('for single fields alone leaves the others in conflict', () => {
    const two = { ...conflict, channel: ['c', 'c@x', '1'] };
    expect(decideCase({ ...two, options: { choice: choose(null, { name: 'hq' }) } })).toEqual({
      toChannel: { name: ['h', 'choice'] },
      conflict: 'update-conflict',
      fields: { mail: ['hq', 'channel'] },
    });
  });
  it('of a value of one’s own writes it to both sides, in the form of each', () => {
    const mapped = [
      makeField('country', {
        values: [
          ['US', 'United States'],
          ['FR', 'France'],
        ],
      }),
    ];
    const both = { fields: mapped, base: ['US'], channelBase: ['United States'], hq: ['IT'], channel: ['Italia'] };
    expect(
      decideCase({ ...both, options: { choice: choose(null, { country: { value: 'FR', side: 'hq' } }) } }),
    ).toEqual({
      toHq: { country: ['FR', 'choice'] },
      toChannel: { country: ['France', 'choice'] },
    });
    expect(
      decideCase({ ...both, options: { choice: choose(null, { country: { value: 'France', side: 'channel' } }) } }),
    ).toEqual({
      toHq: { country: ['FR', 'choice'] },
      toChannel: { country: ['France', 'choice'] },
    });
    expect(
      decideCase({ ...both, options: { choice: choose(null, { country: { value: 'XX', side: 'hq' } }) } }),
    ).toEqual({
      problems: ['country: value-not-mapped'],
    });
  });
  it('of a value that one side holds already writes the other alone, and none where both do', () => {
    expect(
      decideCase({ ...conflict, options: { choice: choose('hq', { name: { value: 'h', side: 'hq' } }) } }),
    ).toMatchObject({
      toChannel: { name: ['h', 'choice'] },
    });
    expect(
      decideCase({
        fields,
        base: O,
        hq: ['x', 'a@x', '1'],
        channel: ['x', 'a@x', '1'],
        options: { choice: choose(null, { name: { value: 'x', side: 'hq' } }) },
      }),
    ).toEqual({
      agreed: ['name'],
    });
  });
  it('settles a replaced record', () => {
    const replaced = { fields, base: O, hq: O, channel: ['c', 'c@x', '9'], channelNow: { deletedSince: true } };
    expect(decideCase({ ...replaced, options: { choice: choose('hq') } })).toEqual({
      toChannel: { name: ['Adatum', 'choice'], mail: ['a@x', 'choice'], limit: ['1', 'choice'] },
    });
    expect(decideCase({ ...replaced, options: { choice: choose(null, { name: 'channel' }) } })).toEqual({
      toHq: { name: ['c', 'choice'] },
      conflict: 'record-replaced',
      fields: { mail: ['channel'] },
    });
  });
  it('changes nothing where nothing changed', () => {
    expect(
      decideCase({ fields, base: O, hq: O, channel: O, options: { choice: choose('hq', { name: 'channel' }) } }),
    ).toEqual({ kind: 'nothing' });
  });
});

describe('a run that is limited', () => {
  const O = ['Adatum', 'a@x'];
  it('to one direction leaves the changes of the other as they are', () => {
    const both = { base: O, hq: ['h', 'a@x'], channel: ['Adatum', 'c@x'] };
    expect(decideCase({ ...both, options: { only: 'toHq' } })).toEqual({ toHq: { mail: ['c@x', 'change'] } });
    expect(decideCase({ ...both, options: { only: 'toChannel' } })).toEqual({ toChannel: { name: ['h', 'change'] } });
  });
  it('to one direction still meets conflicts, and deletions of its own direction', () => {
    expect(decideCase({ base: O, hq: ['h', 'a@x'], channel: ['c', 'a@x'], options: { only: 'toHq' } })).toMatchObject({
      conflict: 'update-conflict',
    });
    expect(decideCase({ base: O, hq: null, channel: O, options: { only: 'toChannel' } })).toMatchObject({
      kind: 'deletion',
    });
    expect(decideCase({ base: O, hq: null, channel: O, options: { only: 'toHq' } })).toEqual({ kind: 'nothing' });
  });
  it('to some fields leaves the others undecided', () => {
    expect(
      decideCase({ base: O, hq: ['h', 'i'], channel: ['Adatum', 'c'], options: { fields: new Set([0]) } }),
    ).toEqual({
      toChannel: { name: ['h', 'change'] },
    });
  });
});

describe('the fields of a record that is created', () => {
  it('are those that travel there, nulls and constants included; a key without a value is left to the store', () => {
    const fields = [
      makeField('id'),
      makeField('name'),
      makeField('limit', { direction: 'toHq' }),
      makeField('origin', { hq: null, direction: 'toChannel', constant: { value: 'HQ' } }),
      makeField('group', { references: { mapping: 'groups', ifUncoupled: 'clear' } }),
    ];
    const prepared = makePrepared(makeMapping(fields));
    const { writes, problems } = newRecordWrites(prepared, 'hq', [null, null, '5', null, '7'], translatorOf(prepared));
    expect(problems).toEqual([]);
    expect(writes.map(({ index, to, cleared }) => [fields[index]?.name, to, cleared])).toEqual([
      ['name', null, false],
      ['origin', 'HQ', false],
      ['group', null, true],
    ]);
  });
  it('are none where a value cannot be carried, with the reason', () => {
    const fields = [makeField('group', { references: { mapping: 'groups', ifUncoupled: 'wait' } })];
    const prepared = makePrepared(makeMapping(fields));
    expect(newRecordWrites(prepared, 'channel', ['70'], translatorOf(prepared)).problems).toEqual([
      {
        field: 'group',
        code: 'parent-not-coupled',
        params: { parent: 'groups', parentKey: ['70'] },
        waitsFor: { mapping: 'groups', side: 'channel', key: ['70'] },
      },
    ]);
  });
});
