import { describe, expect, it } from 'vitest';
import type { Mapping } from '../../src/domain/mapping.ts';
import { decideCase } from './decide-case.ts';
import { choose, makeField } from './prepared-fixture.ts';

const EARLIER = '2026-01-01 00:00:00+00';
const LATER = '2026-01-01 03:00:00+02';

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
  it('no policy settles what is disputed, and the record waits with it', () => {
    const fields = [makeField('name'), makeField('mail'), makeField('city')];
    const disputed = { fields, base: [...O, 'Paris'], states: ['known', 'known', 'disputed'] } as const;
    expect(
      decideCase({
        ...disputed,
        hq: ['h', 'a@x', 'Rome'],
        channel: ['Adatum', 'c@x', 'Oslo'],
        mapping: mapping('hqWins'),
      }),
    ).toEqual({ conflict: 'initial-conflict', fields: { city: ['hq', 'channel'] } });
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
