/** Types whose operators lie in a schema that the session's search path does not lead to. */
import { expect, it } from 'vitest';
import { keyText } from '../../../src/domain/record.ts';
import { deleteOf, insertOf, openStage, refused, statuses, updateOf, written } from './stage.ts';

const SETUP = [
  'create schema extensions',
  'create extension citext schema extensions',
  'create extension ltree schema extensions',
  'create table maker (code extensions.citext primary key)',
  `create table item (code extensions.citext, path extensions.ltree, maker extensions.citext references maker, title text,
    primary key (code, path), unique nulls not distinct (maker))`,
  `insert into maker values ('Acme'), ('Best'), ('Curb')`,
  `insert into item values ('ABC', 'a.b', 'acme', 'one'), ('abD', 'a', 'BEST', 'two'), ('B', 'x', null, 'three')`,
];
const KEY = ['code', 'path'];
const COLUMNS = ['code', 'path', 'maker', 'title'];

it('records are found by their keys, gone through, and matched as the type compares them', async () => {
  await using stage = await openStage(SETUP);
  const table = await stage.table('item', KEY, COLUMNS);
  const { records } = await table.read(
    [
      ['abc', 'a.b'],
      ['ABD', 'a'],
      ['abc', 'a'],
    ],
    null,
  );
  expect([...records.keys()]).toEqual([keyText(['abc', 'a.b']), keyText(['abd', 'a'])]);
  const seen: string[] = [];
  for (let after = null as readonly string[] | null; ; ) {
    const [record] = await table.scan(after, 1);
    if (!record) break;
    after = record.key;
    seen.push(keyText(record.key));
  }
  expect(seen).toEqual([keyText(['abc', 'a.b']), keyText(['abd', 'a']), keyText(['b', 'x'])]);
  const found = await table.match({
    columns: ['code', 'path'],
    caseSensitive: true,
    probes: [['Abc', 'a.b']],
    limitPerProbe: 2,
  });
  expect(found.map(({ record }) => record.key)).toEqual([['abc', 'a.b']]);
  const digests = await table.digestEach({ keys: [['abc', 'a.b']], values: [[3]] });
  expect(digests).toEqual([expect.any(String)]);
});

it('records are written, and who stands in the way is named', async () => {
  await using stage = await openStage(SETUP);
  const table = await stage.table('item', KEY, COLUMNS);
  const outcomes = await stage.write(table, [
    await updateOf(table, ['abc', 'a.b'], { title: 'changed' }),
    await updateOf(table, ['abd', 'a'], { code: 'abE' }),
    insertOf({ code: 'N', path: 'x', maker: 'CURB', title: 'new' }, [
      { columns: ['code'], caseSensitive: true, values: ['n'] },
    ]),
    insertOf({ code: 'M', path: 'x', maker: null, title: 'second without' }),
    insertOf({ code: 'b', path: 'x', maker: 'nobody', title: 'taken' }),
  ]);
  expect(statuses(outcomes)).toEqual(['written', 'written', 'written', 'refused', 'refused']);
  expect(written(outcomes[1]).key).toEqual(['abe', 'a']);
  expect(refused(outcomes[3]).blockedBy).toEqual(['b', 'x']);
  expect(statuses(await stage.write(table, [await deleteOf(table, ['n', 'x'])]))).toEqual(['written']);
  expect(await stage.sql`select code::text, maker::text, title from item order by title`).toEqual([
    { code: 'ABC', maker: 'acme', title: 'changed' },
    { code: 'B', maker: null, title: 'three' },
    { code: 'abE', maker: 'BEST', title: 'two' },
  ]);
});
