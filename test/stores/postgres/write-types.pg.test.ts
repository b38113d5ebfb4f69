/** Every built-in type goes into a record and comes back without loss. */
import { expect, it } from 'vitest';
import type { Value } from '../../../src/domain/record.ts';
import { insertOf, openStage, restoreOf, updateOf, deleteOf, written } from './stage.ts';

/** Declared type and texts as PostgreSQL prints them under pinned settings; what goes in must come out to the letter. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  boolean: ['true', 'false'],
  smallint: ['-32768', '32767'],
  integer: ['-2147483648', '2147483647'],
  bigint: ['-9223372036854775808', '9223372036854775807'],
  numeric: [
    '0.1000000000000000000000000000000000000000000001',
    '123456789012345678901234567890.123456789012345678901234567890',
    '1.000',
    'NaN',
    'Infinity',
    '-Infinity',
  ],
  'numeric(12,2)': ['10.00', '-9999999999.99'],
  'numeric(3,-2)': ['99900'],
  real: ['0.1', '3.4028235e+38', '-0', 'NaN', 'Infinity'],
  'double precision': ['0.1', '5e-324', '1.7976931348623157e+308', '-Infinity', '0.30000000000000004'],
  money: ['$12.34', '-$92,233,720,368,547,758.08'],
  text: [
    '',
    ' ',
    'NULL',
    '{"a","b"}',
    'back\\slash',
    'it\'s "quoted"',
    'tab\tnew\nline\rreturn',
    '𝄞 ü 漢字',
    '$1',
    '\\N',
    'a'.repeat(100_000),
  ],
  'varchar(5)': ['', '𝄞𝄞𝄞𝄞𝄞', 'a b  '],
  'char(5)': ['abc', ''],
  '"char"': ['x', ''],
  name: ['a name'],
  citext: ['MiXed', 'ß'],
  date: ['2026-01-01', 'infinity', '-infinity', '4713-01-01 BC', '0044-03-15 BC', '5874897-12-31'],
  time: ['00:00:00', '23:59:59.999999', '24:00:00'],
  'time(3)': ['01:02:03.123'],
  timetz: ['04:05:06.789+02', '00:00:00-15:59:59'],
  timestamp: ['2026-01-01 00:00:00.123456', 'infinity', '4714-11-24 00:00:00 BC', '294276-12-31 23:59:59.999999'],
  timestamptz: ['2026-01-01 00:00:00.123456+00', '-infinity', '0044-03-15 12:00:00+00 BC'],
  interval: ['1 year 2 mons 3 days 04:05:06.789', '-1 days +02:03:00', '00:00:00'],
  uuid: ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  json: ['{"b": 1,  "a" : [1.0, null] , "b":2}', '"text"', 'null'],
  jsonb: ['{"a": [1.0, null], "b": 2}', '12345678901234567890.1234567890'],
  bytea: ['\\x', '\\x00ff27225c'],
  mood: ['sad', 'so, "so"'],
  address: ['info@adatum.example'],
  pair: ['(1,"a ""b"", \\\\c")', '(,)'],
  'integer[]': ['{}', '{1,NULL,3}', '{{1,2},{3,4}}', '[0:1]={5,6}', '[2:2][-1:0]={{7,8}}'],
  'text[]': ['{"",NULL,"NULL","a,b","\\"q\\"","back\\\\slash","{x}"}', '{{"a b",c}}'],
  'bytea[]': ['{"\\\\x00ff",NULL}'],
  'boolean[]': ['{t,f,NULL}'],
  'timestamptz[]': ['{"2026-01-01 00:00:00.123456+00",infinity}'],
  'box[]': ['{(2,2),(1,1);(4,4),(3,3)}'],
  'mood[]': ['{sad,"so, \\"so\\""}'],
  int4range: ['[1,10)', 'empty', '(,5)'],
  tstzrange: ['["2026-01-01 00:00:00+00","2026-02-01 00:00:00+00")'],
  int4multirange: ['{[1,3),[5,7)}', '{}'],
  inet: ['10.0.0.1', '10.0.0.0/8', '::1', '2001:db8::/32'],
  cidr: ['10.0.0.0/8'],
  macaddr: ['08:00:2b:01:02:03'],
  'bit(5)': ['10101'],
  'bit varying(8)': ['101', ''],
  xml: ['<a b="1">x</a>', 'text <b/>'],
  tsvector: ["'a':1A 'fat':2B,4C 'it''s':3"],
  tsquery: ["'fat' & ( 'rat' | !'cat' )"],
  point: ['(1.5,-2)'],
  line: ['{1,-1,0.5}'],
  box: ['(2,2),(1,1)'],
  path: ['((0,0),(1,1))', '[(0,0),(1,1)]'],
  polygon: ['((0,0),(1,0),(1,1))'],
  circle: ['<(1,2),3>'],
  int2vector: ['1 2 3'],
  oid: ['4294967295'],
  regclass: ['pg_class'],
  pg_lsn: ['16/B374D848'],
  xid8: ['18446744073709551615'],
  jsonpath: ['$."a"[*]?(@ > 1)'],
};

const names = Object.keys(TYPES);
const rows = Math.max(...Object.values(TYPES).map(({ length }) => length));
const valueAt = (name: string, row: number): Value => TYPES[name]?.[row] ?? null;
const columns = ['id', ...names];
const SETUP = [
  'create extension citext',
  `create type mood as enum ('sad', 'ok', 'so, "so"')`,
  `create domain address as varchar(40) check (value like '%@%')`,
  'create type pair as (a int, b text)',
  `create table holder (id integer primary key, ${names.map((name) => `"${name.replaceAll('"', '""')}" ${name}`).join(', ')})`,
];
const setOf = (row: number): Record<string, Value> =>
  Object.fromEntries(names.map((name) => [name, valueAt(name, row)]));

it('values of every type are inserted, updated, deleted and restored to the letter', async () => {
  await using stage = await openStage(SETUP);
  const table = await stage.table('holder', ['id'], columns);
  const all = Array.from({ length: rows }, (_, row) => row);
  const expected = all.map((row) => [String(row), ...names.map((name) => valueAt(name, row))]);

  const inserted = await stage.write(
    table,
    all.map((row) => insertOf({ id: String(row), ...setOf(row) })),
  );
  expect(inserted.map((outcome) => written(outcome).held)).toEqual(expected);

  await stage.sql`update holder set boolean = null`;
  const shift = (row: number): number => (row + 1) % rows;
  const updates = await Promise.all(all.map((row) => updateOf(table, [String(row)], setOf(shift(row)))));
  const updated = await stage.write(table, updates);
  const shifted = all.map((row) => [String(row), ...names.map((name) => valueAt(name, shift(row)))]);
  expect(updated.map((outcome) => written(outcome).held)).toEqual(shifted);

  const deleted = await stage.write(table, await Promise.all(all.map((row) => deleteOf(table, [String(row)]))));
  expect(await table.count()).toBe(0);
  const restores = deleted.map((outcome) => restoreOf(written(outcome).key, written(outcome).oldRow ?? {}));
  const restored = await stage.write(table, restores);
  expect(restored.map((outcome) => written(outcome).held)).toEqual(shifted);
});

it('a list of values in the way that each is refused alone', async () => {
  await using stage = await openStage(SETUP);
  const table = await stage.table('holder', ['id'], columns);
  const bad = {
    integer: '12x',
    date: '2026-02-30',
    mood: 'glad',
    'integer[]': '{1,x}',
    json: '{',
    inet: '10.0.0',
    uuid: 'no',
    jsonb: '\u0000',
  };
  const outcomes = await stage.write(
    table,
    Object.entries(bad).map(([name, value], index) =>
      insertOf({ id: String(index), [name]: value, text: 'kept whole' }),
    ),
  );
  for (const [index, [name]] of Object.entries(bad).entries()) {
    expect(outcomes[index]).toMatchObject({
      status: 'refused',
      refusal: { code: 'value-invalid', params: { column: name } },
    });
  }
});
