import { describe, expect, it } from 'vitest';
import { decide, newRecordWrites } from '../../src/domain/decide.ts';
import type { Field } from '../../src/domain/mapping.ts';
import type { Value } from '../../src/domain/record.ts';
import { decideCase } from './decide-case.ts';
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
  translatorOf,
} from './prepared-fixture.ts';

const EARLIER = '2026-01-01 00:00:00+00';
const LATER = '2026-01-01 03:00:00+02';

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
    // Years whose texts do not sort by time.
    expect(times('0044-03-15 00:00:00+00 BC', LATER)).toEqual(open);
    expect(times('12026-01-01 00:00:00+00', LATER)).toEqual(open);
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
