import { describe, expect, it } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import { plainType } from '../../src/domain/value-type.ts';
import { decideCase } from './decide-case.ts';
import {
  choose,
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
  it('agree where they name one key, in whatever letters the column takes it', () => {
    const prepared = makePrepared(makeMapping(waiting), { channel: { c_group: plainType('caseInsensitiveText') } });
    const translator = translatorOf(prepared, (_, to, parts) => (to === 'channel' && parts[0] === '8' ? ['AB'] : null));
    const now = pairNow(makeBase(['7'], ['x']), sideNow(['8']), sideNow(['ab']));
    expect(summary(prepared, decide(prepared, now, translator, run()))).toEqual({ agreed: ['group'] });
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
