import { describe, expect, it } from 'vitest';
import type { Mapping } from '../../src/domain/mapping.ts';
import {
  fieldValuesOf,
  type MappedColumn,
  prepareMapping,
  setOf,
  valueSetOf,
} from '../../src/domain/prepare-mapping.ts';
import type { Value } from '../../src/domain/record.ts';
import { plainType, type ValueKind } from '../../src/domain/value-type.ts';
import { makeColumn, makeField, makeMapping, makePrepared } from './prepared-fixture.ts';

const column = (name: string, kind: ValueKind = 'text', over: Partial<MappedColumn> = {}): MappedColumn =>
  makeColumn(name, plainType(kind), over);
const KEYS = {
  hq: column('id', 'integer', { hasDefault: true }),
  channel: column('c_id', 'integer', { hasDefault: true }),
};

function problemsOf(
  mapping: Mapping,
  hq: readonly MappedColumn[],
  channel: readonly MappedColumn[],
  circular: readonly string[] = [],
) {
  const suggest = (name: string, known: readonly string[]) =>
    known.find((other) => other.startsWith(name.slice(0, 3))) ?? null;
  const result = prepareMapping(
    mapping,
    'houston',
    [KEYS.hq, ...hq],
    [KEYS.channel, ...channel],
    new Set(circular),
    suggest,
  );
  return {
    isPrepared: result.prepared !== null,
    problems: result.problems.map(({ severity, message }) => `${severity}: ${message}`),
  };
}

describe('a mapping is made ready', () => {
  it('with columns as positions and types, every column read once', () => {
    const mapping = makeMapping([
      makeField('name'),
      makeField('limit', { direction: 'toChannel' }),
      makeField('copy', { hq: ['name'], direction: 'toChannel' }),
    ]);
    const withMore = { ...mapping, hq: { ...mapping.hq, modifiedAt: 'modified_at', describe: ['id', 'name'] } };
    const hq = [KEYS.hq, column('name'), column('limit', 'numeric'), column('modified_at', 'timestamptz')];
    const channel = [KEYS.channel, column('c_name'), column('c_limit', 'numeric'), column('c_copy')];
    const { prepared } = prepareMapping(withMore, 'houston', hq, channel, new Set());
    expect(prepared?.sides.hq).toMatchObject({
      columns: ['id', 'name', 'limit', 'modified_at'],
      key: [0],
      describe: [0, 1],
      modifiedAt: 3,
      modifiedBy: null,
    });
    expect(
      prepared?.fields.map(({ columns, toHq, toChannel, type }) => [
        columns.hq,
        columns.channel,
        toHq,
        toChannel,
        type.hq.kind,
      ]),
    ).toEqual([
      [[1], [1], true, true, 'text'],
      [[2], [2], false, true, 'numeric'],
      [[1], [3], false, true, 'text'],
    ]);
  });

  it('with composite references as one value, and those of a cycle known by index', () => {
    const reference = makeField('order', {
      hq: ['doc_type', 'doc_no'],
      channel: ['order_id'],
      references: { mapping: 'orders', ifUncoupled: 'wait' },
    });
    const prepared = makePrepared(makeMapping([makeField('name'), reference]), {}, ['order']);
    expect(prepared.references).toEqual([1]);
    expect([...prepared.circular]).toEqual([1]);
    expect(prepared.fields[1]?.type.hq).toMatchObject({ kind: 'tuple' });
    expect(prepared.fields[1]?.type.hq.parts).toHaveLength(2);
    expect(prepared.fields[1]?.type.channel.kind).toBe('text');
  });
});

describe('what cannot work is told before the first record', () => {
  it('a column that is not there, with the one that was probably meant', () => {
    expect(problemsOf(makeMapping([makeField('name')]), [column('named')], [column('c_name')])).toEqual({
      isPrepared: false,
      problems: ['error: sales.customer has no column name; did you mean named?'],
    });
  });
  it('a key column that is not there', () => {
    const mapping = makeMapping([makeField('name')]);
    const wrongKey = { ...mapping, hq: { ...mapping.hq, key: ['account_num'] } };
    expect(problemsOf(wrongKey, [column('name')], [column('c_name')]).problems).toContain(
      'error: sales.customer has no column account_num',
    );
  });
  it('types that have nothing in common, and those that do not hold every value', () => {
    const fields = [makeField('born'), makeField('size'), makeField('note')];
    expect(
      problemsOf(
        makeMapping(fields),
        [column('born', 'date'), column('size', 'numeric'), column('note')],
        [column('c_born', 'integer'), column('c_size', 'integer'), column('c_note')],
      ),
    ).toEqual({
      isPrepared: false,
      problems: [
        'error: born cannot carry integer to date',
        'error: born cannot carry date to integer',
        'warning: size carries numeric to integer, which does not hold every value',
      ],
    });
  });
  it('only in the directions that the field has, and not where a transform stands between', () => {
    const oneWay = makeField('size', { direction: 'toHq' });
    expect(problemsOf(makeMapping([oneWay]), [column('size', 'numeric')], [column('c_size', 'integer')])).toEqual({
      isPrepared: true,
      problems: [],
    });
    const transformed = makeField('born', {
      direction: 'toHq',
      transform: { toHq: [{ kind: 'trim' }], toChannel: [] },
    });
    expect(problemsOf(makeMapping([transformed]), [column('born', 'date')], [column('c_born', 'integer')])).toEqual({
      isPrepared: true,
      problems: [],
    });
  });
  it('a target that the store computes itself', () => {
    expect(
      problemsOf(makeMapping([makeField('total')]), [column('total', 'text', { generated: true })], [column('c_total')])
        .problems,
    ).toEqual(['error: total of sales.customer is computed by the store and cannot be written by total']);
    const fromThere = makeField('total', { direction: 'toChannel' });
    expect(
      problemsOf(makeMapping([fromThere]), [column('total', 'text', { generated: true })], [column('c_total')])
        .problems,
    ).toEqual([]);
  });
  it('a column that a created record would lack, unless the mapping creates none', () => {
    const required = column('currency', 'text', { nullable: false });
    const mapping = makeMapping([makeField('name')]);
    const warning = [
      'warning: currency of sales.customer must have a value, and a record that Couplet creates has none for it',
    ];
    expect(problemsOf(mapping, [column('name'), required], [column('c_name')])).toEqual({
      isPrepared: true,
      problems: warning,
    });
    expect(
      problemsOf({ ...mapping, coupledOnly: true }, [column('name'), required], [column('c_name')]).problems,
    ).toEqual([]);
    expect(
      problemsOf({ ...mapping, direction: 'toChannel' }, [column('name'), required], [column('c_name')]).problems,
    ).toEqual([]);
    expect(
      problemsOf(
        { ...mapping, hq: { ...mapping.hq, onCreate: { currency: 'USD' } } },
        [column('name'), required],
        [column('c_name')],
      ).problems,
    ).toEqual([]);
    expect(
      problemsOf(mapping, [column('name'), { ...required, hasDefault: true }], [column('c_name')]).problems,
    ).toEqual([]);
  });
  it('values of `onCreate`, constants and value maps that are none of their column', () => {
    const mapping = makeMapping([
      makeField('origin', { hq: null, direction: 'toChannel', constant: { value: 'HQ' } }),
      makeField('state', { values: [['a', 'one']], direction: 'toChannel' }),
    ]);
    const created = { ...mapping, channel: { ...mapping.channel, onCreate: { since: 'soon', gone: '1' } } };
    expect(
      problemsOf(
        created,
        [column('state')],
        [column('c_origin', 'integer'), column('c_state', 'integer'), column('since', 'date')],
      ).problems,
    ).toEqual([
      'error: origin has the value HQ, which is not a valid integer',
      'error: state has the value one, which is not a valid integer',
      'error: since has the value soon, which is not a valid date',
      'error: customer has no column gone',
    ]);
  });
  it('a reference that may have to be empty in a column that may not', () => {
    const clear = makeField('group', { references: { mapping: 'groups', ifUncoupled: 'clear' } });
    const wait = makeField('group', { references: { mapping: 'groups', ifUncoupled: 'wait' } });
    const notNull = [column('c_group', 'text', { nullable: false })];
    const problem = [
      'error: group may have to be empty until its parent is coupled, but c_group of customer must have a value',
    ];
    expect(problemsOf(makeMapping([clear]), [column('group')], notNull).problems).toEqual(problem);
    expect(problemsOf(makeMapping([wait]), [column('group')], notNull, ['group']).problems).toEqual(problem);
    expect(problemsOf(makeMapping([wait]), [column('group')], notNull).problems).toEqual([]);
  });
});

describe('rows and field values', () => {
  const fields = [
    makeField('name'),
    makeField('order', {
      hq: ['doc_type', 'doc_no'],
      channel: ['order_id'],
      references: { mapping: 'orders', ifUncoupled: 'wait' },
    }),
    makeField('origin', { hq: null, direction: 'toChannel', constant: { value: 'HQ' } }),
    makeField('type', { hq: ['doc_type'] }),
    makeField('kind', { hq: ['doc_type'] }),
  ];
  const prepared = makePrepared(makeMapping(fields));
  const row: Readonly<Record<string, Value>> = { id: '1', name: 'a', doc_type: 'X', doc_no: '7' };
  const rowOf = (over: Readonly<Record<string, Value>> = {}) =>
    prepared.sides.hq.columns.map((name) => ({ ...row, ...over })[name] ?? null);

  it('a composite reference is one value, null when a part is', () => {
    expect(fieldValuesOf(prepared, 'hq', rowOf())).toEqual(['a', '["X","7"]', null, 'X', 'X']);
    expect(fieldValuesOf(prepared, 'hq', rowOf({ doc_no: null }))).toEqual(['a', null, null, 'X', 'X']);
  });
  it('what is written goes back to its columns', () => {
    const set = setOf(prepared, 'hq', [
      { index: 0, to: null },
      { index: 1, to: '["Y","8"]' },
    ]);
    expect(Object.fromEntries(set)).toEqual({ name: null, doc_type: 'Y', doc_no: '8' });
  });
  it('an empty reference never takes away what another field puts into a shared column', () => {
    const after = setOf(prepared, 'hq', [
      { index: 1, to: null },
      { index: 3, to: 'Z' },
    ]);
    const before = setOf(prepared, 'hq', [
      { index: 3, to: 'Z' },
      { index: 1, to: null },
    ]);
    expect(Object.fromEntries(after)).toEqual({ doc_type: 'Z', doc_no: null });
    expect(Object.fromEntries(before)).toEqual({ doc_type: 'Z', doc_no: null });
  });
  it('sets that share the places of their columns say the same, whatever the set before wrote', () => {
    const sets = [
      [{ index: 0, to: 'a' }],
      [{ index: 3, to: 'X' }],
      [
        { index: 0, to: 'b' },
        { index: 3, to: null },
      ],
      [
        { index: 3, to: 'Y' },
        { index: 0, to: 'c' },
      ],
      [
        { index: 3, to: 'Z' },
        { index: 4, to: null },
      ],
    ];
    for (const writes of sets)
      expect(Object.fromEntries(valueSetOf(prepared, 'hq', writes))).toEqual(
        Object.fromEntries(setOf(prepared, 'hq', writes)),
      );
  });
});
