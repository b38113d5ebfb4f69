import { describe, expect, it } from 'vitest';
import type { Field } from '../../src/domain/mapping.ts';
import { plainType, type ValueKind, type ValueType } from '../../src/domain/value-type.ts';
import { makeField, makeMapping, makePrepared, translatorOf } from './prepared-fixture.ts';

const arrives = (value: string | null, cleared = false) => ({ ok: true, value, cleared });

function translatorFor(
  field: Field,
  hq: ValueKind | ValueType = 'text',
  channel: ValueKind | ValueType = 'text',
  circular: readonly string[] = [],
) {
  const type = (of: ValueKind | ValueType): ValueType => (typeof of === 'string' ? plainType(of) : of);
  const types = { hq: { [field.name]: type(hq) }, channel: { [`c_${field.name}`]: type(channel) } };
  const prepared = makePrepared(makeMapping([field]), types, circular);
  return translatorOf(prepared, (_, to, parts) =>
    parts[0] === (to === 'channel' ? '7' : '70') ? [to === 'channel' ? '70' : '7'] : null,
  );
}

describe('values go from one side to the other', () => {
  it('through transforms, then the value map, to the channel; the other way round to HQ', () => {
    const field = makeField('country', {
      transform: { toChannel: [{ kind: 'upperCase' }], toHq: [{ kind: 'lowerCase' }] },
      values: [['US', 'United States']],
    });
    const translator = translatorFor(field);
    expect(translator.translate(0, 'channel', 'us')).toEqual(arrives('United States'));
    expect(translator.translate(0, 'hq', 'United States')).toEqual(arrives('us'));
  });
  it('into the type of the column, last of all', () => {
    expect(translatorFor(makeField('active'), 'boolean', 'integer').translate(0, 'channel', 'true')).toEqual(
      arrives('1'),
    );
    const dated = makeField('day', {
      direction: 'toChannel',
      transform: { toHq: [], toChannel: [{ kind: 'dateFormat', format: 'yyyy-MM-dd' }] },
    });
    expect(translatorFor(dated, 'timestamptz', 'date').translate(0, 'channel', '2026-01-01 12:30:00+00')).toEqual(
      arrives('2026-01-01'),
    );
    const trimmed = makeField('active', { transform: { toHq: [], toChannel: [{ kind: 'trim' }] } });
    expect(translatorFor(trimmed, 'boolean', 'integer').translate(0, 'channel', 'true')).toEqual(arrives('1'));
  });
  it('as null through everything but `default`', () => {
    const field = makeField('name', {
      transform: { toChannel: [{ kind: 'default', value: 'none' }], toHq: [{ kind: 'upperCase' }] },
    });
    expect(translatorFor(field).translate(0, 'channel', null)).toEqual(arrives('none'));
    expect(translatorFor(field).translate(0, 'hq', null)).toEqual(arrives(null));
  });
  it('or not at all, with the code and what it is about', () => {
    const mapped = translatorFor(makeField('country', { values: [['US', 'United States']] }));
    expect(mapped.translate(0, 'channel', 'FR')).toEqual({
      ok: false,
      code: 'value-not-mapped',
      params: { value: 'FR' },
      waitsFor: null,
    });
    expect(translatorFor(makeField('size'), 'numeric', 'integer').translate(0, 'channel', '2.5')).toMatchObject({
      ok: false,
      code: 'value-invalid',
    });
    const rounded = makeField('size', { transform: { toHq: [], toChannel: [{ kind: 'round', digits: 0 }] } });
    expect(translatorFor(rounded).translate(0, 'channel', 'many')).toMatchObject({
      ok: false,
      code: 'transform-failed',
    });
  });
  it('as a label that the type has got since it was looked up: whether it has, the store knows', () => {
    const size: ValueType = { ...plainType('enum', 'size'), labels: ['small', 'large'] };
    expect(translatorFor(makeField('size'), 'text', size).translate(0, 'channel', 'huge')).toEqual(arrives('huge'));
  });
  it('as a constant, whatever the source', () => {
    const field = makeField('origin', { hq: null, direction: 'toChannel', constant: { value: 'HQ' } });
    expect(translatorFor(field).translate(0, 'channel', null)).toEqual(arrives('HQ'));
    expect(translatorFor(field).translate(0, 'hq', 'HQ')).toEqual(arrives(null));
  });
  it('of a field that the mapping does not have is a mistake of the caller', () => {
    expect(() => translatorFor(makeField('name')).translate(5, 'hq', 'x')).toThrow(RangeError);
  });
});

describe('references', () => {
  const wait = makeField('group', { references: { mapping: 'groups', ifUncoupled: 'wait' } });
  it('name the partner of the parent, both ways', () => {
    expect(translatorFor(wait).translate(0, 'channel', '7')).toEqual(arrives('70'));
    expect(translatorFor(wait).translate(0, 'hq', '70')).toEqual(arrives('7'));
    expect(translatorFor(wait).translate(0, 'hq', null)).toEqual(arrives(null));
  });
  it('ask for the parent by its canonical key', () => {
    expect(translatorFor(wait, 'numeric').translate(0, 'channel', '7.00')).toEqual(arrives('70'));
  });
  it('wait for a parent that has no partner, and say for which', () => {
    expect(translatorFor(wait, 'numeric').translate(0, 'channel', '9.0')).toEqual({
      ok: false,
      code: 'parent-not-coupled',
      params: { parent: 'groups', parentKey: ['9'] },
      waitsFor: { mapping: 'groups', side: 'hq', key: ['9'] },
    });
  });
  it('are empty for the time being with `clear`, and within a cycle', () => {
    const clear = makeField('group', { references: { mapping: 'groups', ifUncoupled: 'clear' } });
    expect(translatorFor(clear).translate(0, 'channel', '9')).toEqual(arrives(null, true));
    expect(translatorFor(wait, 'text', 'text', ['group']).translate(0, 'channel', '9')).toEqual(arrives(null, true));
    expect(translatorFor(wait, 'text', 'text', ['group']).translate(0, 'channel', '7')).toEqual(arrives('70'));
  });
  it('are empty for the time being in a dry run that would make the parent', () => {
    const translator = translatorOf(makePrepared(makeMapping([wait])), () => 'coming');
    expect(translator.translate(0, 'channel', '9')).toEqual(arrives(null, true));
  });
  it('to a composite key are one value, part by part', () => {
    const field = makeField('order', {
      hq: ['doc_type', 'doc_no'],
      channel: ['order_id'],
      references: { mapping: 'orders', ifUncoupled: 'wait' },
    });
    const types = { hq: { doc_no: plainType('numeric') } };
    const prepared = makePrepared(makeMapping([field]), types);
    const translator = translatorOf(prepared, (_, to, parts) =>
      to === 'channel' ? (parts.join('/') === 'X/7' ? ['70'] : null) : ['X', '7'],
    );
    expect(translator.translate(0, 'channel', '["X","7.0"]')).toEqual(arrives('70'));
    expect(translator.translate(0, 'hq', '70')).toEqual(arrives('["X","7"]'));
  });
});
