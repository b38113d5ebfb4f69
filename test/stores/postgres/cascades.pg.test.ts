/** What deletes would take along, over the foreign keys that an app's tables have. */
import { expect, it } from 'vitest';
import type { Cascade } from '../../../src/ports/store.ts';
import { openStage } from './stage.ts';

const shown = (cascades: readonly Cascade[]) =>
  cascades
    .map(
      ({ of, table, keys, count }) =>
        [of.join('/'), table.name, count, keys.map((key) => key.join('/')).sort()] as const,
    )
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

it('references of several columns, to other keys than the primary one, and to partitioned tables', async () => {
  await using stage = await openStage([
    'create table doc (type text, no integer, code text unique, primary key (type, no)) partition by list (type)'.replace(
      'code text unique',
      'code text, unique (type, code)',
    ),
    `create table doc_a partition of doc for values in ('a')`,
    `create table doc_b partition of doc for values in ('b')`,
    'create table line (doc_type text, doc_no integer, place integer, primary key (doc_type, doc_no, place), foreign key (doc_type, doc_no) references doc on delete cascade) partition by hash (place)',
    'create table line_0 partition of line for values with (modulus 2, remainder 0)',
    'create table line_1 partition of line for values with (modulus 2, remainder 1)',
    'create table tag (doc_type text, doc_code text, word text, foreign key (doc_type, doc_code) references doc (type, code) on delete cascade)',
    `insert into doc values ('a', 1, 'A1'), ('a', 2, 'A2'), ('b', 1, 'B1')`,
    `insert into line select 'a', 1, g from generate_series(1, 5) g`,
    `insert into tag values ('a', 'A1', 'x'), ('b', 'B1', 'y'), ('b', 'B1', 'z'), (null, 'B1', 'free')`,
  ]);
  const table = await stage.table('doc', ['type', 'no'], ['type', 'no']);
  const cascades = await table.cascades(
    [
      ['a', '1'],
      ['a', '2'],
      ['b', '1'],
    ],
    10,
  );
  expect(shown(cascades)).toEqual([
    ['a/1', 'line', 5, ['a/1/1', 'a/1/2', 'a/1/3', 'a/1/4', 'a/1/5']],
    ['a/1', 'tag', 1, []],
    ['b/1', 'tag', 2, []],
  ]);
});

it('circles end, and a row that two ways lead to is counted once', async () => {
  await using stage = await openStage([
    'create table node (id integer primary key, parent integer references node on delete cascade, friend integer references node on delete cascade)',
    'create table leaf (id integer primary key, node integer references node on delete cascade, other integer references node on delete set null, strict integer references node)',
    'insert into node values (1, null, null), (2, 1, 1), (3, 2, 1)',
    'update node set parent = 3 where id = 1',
    'insert into leaf values (10, 3, null, null), (11, null, 1, null)',
  ]);
  const table = await stage.table('node', ['id'], ['id']);
  expect(shown(await table.cascades([['1']], 10))).toEqual([
    ['1', 'leaf', 1, ['10']],
    ['1', 'node', 2, ['2', '3']],
  ]);
  expect(await table.cascades([['99']], 10)).toEqual([]);
});

it('a reference to one partition counts for rows of the whole table', async () => {
  await using stage = await openStage([
    'create table doc (id integer primary key) partition by range (id)',
    'create table doc_low partition of doc for values from (0) to (100)',
    'create table note (id integer primary key, doc integer references doc_low on delete cascade)',
    'insert into doc values (1); insert into note values (5, 1)',
  ]);
  const table = await stage.table('doc', ['id'], ['id']);
  expect(shown(await table.cascades([['1']], 10))).toEqual([['1', 'note', 1, ['5']]]);
});
