/** A small batch of updates that is sent whole, ledger and COMMIT included: what it must not do without having looked. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { FenceLost, StoreBusy } from '../../../src/errors/store-faults.ts';
import type { Write } from '../../../src/ports/store.ts';
import { takeOver } from '../../../src/stores/postgres/write/fence.ts';
import { batchOf, LANE, openStage, READER, refused, type Stage, statuses, updateOf, written } from './stage.ts';

const ITEM = [
  'create table item (id integer primary key, name text, price numeric(8,2), sold boolean, note text, code text)',
  `insert into item select n, 'name ' || n, n, false, null, 'code ' || n from generate_series(1, 5) n`,
];
const COLUMNS = ['id', 'name', 'price', 'sold', 'note', 'code'];

/** How often a batch was sent whole, and how often as a transaction of several answers. */
function watched({ connection }: Stage) {
  const whole = vi.spyOn(connection, 'inOneAnswer');
  const stepwise = vi.spyOn(connection, 'transaction');
  onTestFinished(() => void vi.restoreAllMocks());
  return () => ({ whole: whole.mock.calls.length, stepwise: stepwise.mock.calls.length });
}

/** A table is found to be plain by the first batch; its entry is let go. */
async function openItems(stage: Stage) {
  const table = await stage.table('item', ['id'], COLUMNS);
  await stage.write(table, [await updateOf(table, ['5'], { note: 'first' })]);
  await stage.sql`delete from couplet.batch`;
  return table;
}

const ledgerOf = (stage: Stage) => takeOver(stage.connection, stage.readers, READER, { lane: LANE, number: 2 });

it('says in the ledger what it answers, whatever the values', async () => {
  await using stage = await openStage(ITEM);
  const table = await openItems(stage);
  const sent = watched(stage);
  // Not in the order of the columns, at both ends and side by side; with what JSON, arrays and the ledger give a meaning.
  const values = ['"quoted", \\ and {braces}', 'line\none\ttab', '\u001e', 'é ☃ 😀', null, '', 'NULL'];
  for (const [at, value] of values.entries()) {
    const id = String(1 + (at % 5));
    const set = {
      code: value === null ? null : `${value}${at}`,
      name: value,
      note: value,
      price: '7.125',
      sold: 'true',
    };
    const [outcome] = await stage.write(table, [await updateOf(table, [id], set, `{"pair":${at}}`)]);
    expect(written(outcome).held).toEqual([id, value, '7.13', 'true', value, set.code]);
  }
  expect(sent()).toEqual({ whole: values.length, stepwise: 0 });
  const both = await stage.write(table, [
    await updateOf(table, ['4'], { note: 'x' }, 'first'),
    await updateOf(table, ['2'], { note: 'y' }, 'second'),
  ]);
  const batches = await ledgerOf(stage);
  expect(batches).toHaveLength(values.length + 1);
  expect(batches.at(-1)?.entries).toEqual([
    { note: 'first', outcome: written(both[0]) },
    { note: 'second', outcome: written(both[1]) },
  ]);
  const now = (await table.read([['4'], ['2']], null)).records;
  expect([...now.values()].map(({ version }) => version)).toEqual(both.map((outcome) => written(outcome).version));
  expect(batches[2]?.entries[0]).toMatchObject({
    note: '{"pair":2}',
    outcome: {
      old: ['3', 'name 3', '3.00', 'false', null, 'code 3'],
      held: ['3', '\u001e', '7.13', 'true', '\u001e', '\u001e2'],
    },
  });
});

it('writes nothing under a fence that is not its own any more', async () => {
  await using stage = await openStage(ITEM);
  const table = await openItems(stage);
  const late = batchOf([await updateOf(table, ['1'], { name: 'late' })]);
  await stage.sql`update couplet.fence set number = 2`;
  await expect(table.write(late)).rejects.toThrow(FenceLost);
  expect(await stage.sql`select name from item where id = 1`).toEqual([{ name: 'name 1' }]);
  expect(await stage.sql`select count(*)::int as n from couplet.batch`).toEqual([{ n: 0 }]);
});

it('does not believe what was returned of a table that has got a trigger since', async () => {
  await using stage = await openStage(ITEM);
  const table = await openItems(stage);
  await stage.sql.unsafe(`create function shout() returns trigger language plpgsql as $f$
      begin update item set note = upper(new.name) where id = new.id; return null; end $f$;
    create trigger shout after update of name on item for each row execute function shout()`);
  const sent = watched(stage);
  const [outcome] = await stage.write(table, [await updateOf(table, ['1'], { name: 'loud' })]);
  expect(written(outcome).held).toEqual(['1', 'loud', '1.00', 'false', 'LOUD', 'code 1']);
  expect(sent()).toEqual({ whole: 1, stepwise: 1 });
  // Nor is it tried again.
  await stage.write(table, [await updateOf(table, ['2'], { name: 'loud' })]);
  expect(sent()).toEqual({ whole: 1, stepwise: 2 });
  const batches = await ledgerOf(stage);
  expect(batches).toHaveLength(2);
  expect(batches[0]?.entries[0]?.outcome).toEqual(written(outcome));
});

it('passes over rows that moved or are held, and enters the others', async () => {
  await using stage = await openStage(ITEM);
  const table = await openItems(stage);
  const writes: Write[] = [];
  for (const id of ['1', '2', '3', '4']) writes.push(await updateOf(table, [id], { note: `n${id}` }));
  await stage.sql`update item set name = 'theirs' where id = 2`;
  await stage.sql`delete from item where id = 3`;
  const sent = watched(stage);
  await stage.sql.begin(async (sql) => {
    await sql`select from item where id = 4 for update`;
    expect(statuses(await stage.write(table, writes))).toEqual(['written', 'moved', 'moved', 'busy']);
  });
  expect(sent()).toEqual({ whole: 1, stepwise: 0 });
  expect((await ledgerOf(stage)).flatMap(({ entries }) => entries.map(({ outcome }) => outcome.key))).toEqual([['1']]);
  // With nothing written there is no batch.
  expect(statuses(await stage.write(table, writes.slice(1, 3), { fence: { lane: LANE, number: 2 } }))).toEqual([
    'moved',
    'moved',
  ]);
  expect(await stage.sql`select count(*)::int as n from couplet.batch`).toEqual([{ n: 1 }]);
});

it('is told by the ledger alone when it is committed and what became of the other rows cannot be asked', async () => {
  await using stage = await openStage(ITEM);
  const table = await openItems(stage);
  const writes = [await updateOf(table, ['1'], { note: 'x' }), await updateOf(table, ['2'], { note: 'y' })];
  await stage.sql`delete from item where id = 2`;
  // As a table that is being altered answers.
  const busy = new StoreBusy('Somebody holds the table', { sqlState: '55P03' });
  vi.spyOn(stage.connection, 'withSession').mockRejectedValueOnce(busy);
  onTestFinished(() => void vi.restoreAllMocks());
  await expect(stage.write(table, writes)).rejects.toThrow(StoreBusy);
  expect((await ledgerOf(stage)).flatMap(({ entries }) => entries.map(({ outcome }) => outcome.key))).toEqual([['1']]);
});

it('leaves what a constraint refuses, now or at the end, to the ordinary way, which sets it apart', async () => {
  await using stage = await openStage([
    ...ITEM,
    'create table pair (id integer primary key, item integer references item deferrable initially deferred)',
    'insert into pair values (1, 1), (2, 2), (3, 3)',
  ]);
  const items = await openItems(stage);
  const sent = watched(stage);
  const codes = await stage.write(items, [
    await updateOf(items, ['1'], { price: '1000000' }),
    await updateOf(items, ['2'], { price: '5' }),
  ]);
  expect(statuses(codes)).toEqual(['refused', 'written']);
  expect(refused(codes[0]).code).toBe('value-invalid');
  expect(sent()).toEqual({ whole: 1, stepwise: 1 });
  const pairs = await stage.table('pair', ['id'], ['id', 'item']);
  await stage.write(pairs, [await updateOf(pairs, ['2'], { item: '4' })]);
  const others = await stage.write(pairs, [
    await updateOf(pairs, ['1'], { item: '77' }),
    await updateOf(pairs, ['3'], { item: '5' }),
  ]);
  expect(statuses(others)).toEqual(['refused', 'written']);
  expect(sent()).toEqual({ whole: 2, stepwise: 3 });
  expect(await stage.sql`select id, item from pair order by id`).toEqual([
    { id: 1, item: 1 },
    { id: 2, item: 4 },
    { id: 3, item: 5 },
  ]);
  const keys = (await ledgerOf(stage)).flatMap(({ entries }) => entries.map(({ outcome }) => outcome.key));
  expect(keys).toEqual([['2'], ['2'], ['3']]);
});
