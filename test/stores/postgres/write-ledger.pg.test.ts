/** The ledger tells what happened whatever happened to the connection; the fence keeps late writers out. */
import { expect, it } from 'vitest';
import { FenceLost, StoreBusy, StoreUnreachable } from '../../../src/errors/store-faults.ts';
import { openConnection } from '../../../src/stores/postgres/session/connection.ts';
import { clearBatches, laneReaders, takeOver } from '../../../src/stores/postgres/write/fence.ts';
import { openTable } from '../../../src/stores/postgres/open-table.ts';
import { CAPTURE_STATEMENTS } from '../../../src/stores/postgres/install/capture-sql.ts';
import { GATE, shutGate } from '../../support/gate.ts';
import { startServer } from '../../support/server.ts';
import { until } from '../../support/until.ts';
import { LANE, READER, batchOf, deleteOf, insertOf, openStage, statuses, updateOf, written } from './stage.ts';

const ITEM = [
  'create table item (id integer primary key, name text)',
  `insert into item values (1, 'a'), (2, 'b'), (3, 'c')`,
];
const next = (number: number, lane = LANE) => ({ lane, number });

it('a connection that dies before the commit leaves neither record nor ledger', async () => {
  await using stage = await openStage([
    ...ITEM,
    'create function slow() returns trigger language plpgsql as $f$ begin perform pg_sleep(30); return new; end $f$',
    `create trigger slow before update on item for each row when (new.name = 'slow') execute function slow()`,
  ]);
  const table = await stage.table('item', ['id'], ['id', 'name']);
  const writing = stage.write(table, [
    await updateOf(table, ['2'], { name: 'x' }),
    await updateOf(table, ['1'], { name: 'slow' }),
  ]);
  writing.catch(() => undefined);
  await until(() => killWaiting(stage.sql, 'PgSleep'));
  await expect(writing).rejects.toThrow(StoreUnreachable);
  expect(await stage.sql`select name from item order by id`).toEqual([{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
  expect(await takeOver(stage.connection, stage.readers, READER, next(2))).toEqual([]);
  // The store is used on as if nothing had been.
  const again = { ...batchOf([await updateOf(table, ['2'], { name: 'x' })]), fence: next(2) };
  expect(statuses(await table.write(again))).toEqual(['written']);
});

it('a connection that dies during the commit leaves the answer in the ledger', async () => {
  await using server = await startServer();
  await server.ensureDatabase('store');
  const admin = openConnection({ url: server.url('store'), maxSessions: 1 });
  const connection = openConnection({ url: server.url('store') });
  for (const text of ['create schema couplet', ...CAPTURE_STATEMENTS, ...ITEM]) await admin.once(text);
  await admin.once('create table note (at timestamptz default now())');
  const readers = laneReaders();
  await takeOver(connection, readers, READER, next(1));
  const shape = {
    table: { schema: null, name: 'item' },
    key: ['id'],
    columns: ['id', 'name'],
    filter: null,
    onCreate: {},
  };
  const table = await openTable(connection, shape, readers);
  const writes = [
    await updateOf(table, ['1'], { name: 'A' }, '{"pair":1}'),
    await deleteOf(table, ['2'], '{"pair":2}'),
  ];

  // A commit that waits for a standby that never comes is done, and its client does not know.
  const reload = 'select pg_reload_conf()';
  await admin.once(`alter system set synchronous_standby_names = 'nobody'`);
  await admin.once(reload);
  const endWaiting = async (): Promise<boolean> => {
    const [killed] = await admin.once(
      `select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`,
    );
    return killed?.[0] === 't';
  };
  // Commits wait only after the checkpointer has read the new setting, whenever that is: the first that did tells.
  await until(async () => {
    const noted = { over: false, waited: false };
    const noting = connection.query('insert into note default values').catch(() => undefined);
    void noting.then(() => (noted.over = true));
    await until(async () => noted.over || (noted.waited = await endWaiting()));
    await noting;
    return noted.waited;
  });
  const writing = table.write(batchOf(writes));
  writing.catch(() => undefined);
  await until(endWaiting);
  await expect(writing).rejects.toThrow(StoreUnreachable);
  await admin.once('alter system reset synchronous_standby_names');
  await admin.once(reload);

  const [found, ...others] = await takeOver(connection, readers, READER, next(2));
  expect(others).toEqual([]);
  expect(
    found?.entries.map(({ note, outcome }) => [note, outcome.key, outcome.held, outcome.old, outcome.oldRow]),
  ).toEqual([
    ['{"pair":1}', ['1'], ['1', 'A'], ['1', 'a'], null],
    ['{"pair":2}', ['2'], null, ['2', 'b'], { id: '2', name: 'b' }],
  ]);
  const { records } = await table.read([['1']], null);
  expect(records.get('["1"]')?.version).toBe(found?.entries[0]?.outcome.version);
  await clearBatches(connection, [found?.batchId ?? '']);
  expect(await takeOver(connection, readers, READER, next(3))).toEqual([]);
  await admin.close();
  await connection.close();
});

it('raising the fence waits for the batch that is being written, and finds it', async () => {
  await using stage = await openStage([
    ...ITEM,
    GATE,
    'create function slow() returns trigger language plpgsql as $f$ begin perform pass_gate(); return new; end $f$',
    `create trigger slow before update on item for each row execute function slow()`,
  ]);
  const table = await stage.table('item', ['id'], ['id', 'name']);
  const write = await updateOf(table, ['1'], { name: 'x' }, 'the note');
  const other = openConnection({ url: stage.url });
  await using gate = await shutGate(stage.sql);
  const writing = stage.write(table, [write]);
  writing.catch(() => undefined);
  await until(async () => (await waiting(stage.sql, 'PgSleep')).length > 0);
  const taking = takeOver(other, laneReaders(), READER, next(2));
  taking.catch(() => undefined);
  await until(async () => (await waiting(stage.sql, 'transactionid')).length > 0);
  await gate.open();
  const found = await taking;
  expect(found.flatMap(({ entries }) => entries.map(({ note }) => note))).toEqual(['the note']);
  expect(statuses(await writing)).toEqual(['written']);
  await expect(stage.write(table, [write])).rejects.toThrow(FenceLost);
  await other.close();
});

it('a lane that two coupling databases know is told apart by who took it over', async () => {
  await using stage = await openStage(ITEM);
  const theirs = laneReaders();
  await takeOver(stage.connection, theirs, 'reader-2', next(1));
  const table = await stage.table('item', ['id'], ['id', 'name']);
  await takeOver(stage.connection, laneReaders(), READER, next(2));
  // Number 1 is still that of the other one's lane, and none of ours.
  await expect(stage.write(table, [insertOf({ id: '9' })])).rejects.toThrow(FenceLost);
  const shape = table.shape;
  const other = await openTable(stage.connection, shape, theirs);
  expect(statuses(await other.write(batchOf([insertOf({ id: '9' })])))).toEqual(['written']);
  expect(await takeOver(stage.connection, stage.readers, READER, next(3))).toEqual([]);
  expect(await takeOver(stage.connection, theirs, 'reader-2', next(2))).toHaveLength(1);
});

it('without a take-over in this process the lane is known by its number, if it has one holder', async () => {
  await using stage = await openStage(ITEM);
  const table = await openTable(
    stage.connection,
    { table: { schema: null, name: 'item' }, key: ['id'], columns: ['id'], filter: null, onCreate: {} },
    laneReaders(),
  );
  expect(statuses(await table.write(batchOf([insertOf({ id: '9' })])))).toEqual(['written']);
  await takeOver(stage.connection, laneReaders(), 'reader-2', next(1));
  await expect(table.write(batchOf([insertOf({ id: '10' })]))).rejects.toThrow(FenceLost);
});

it('a deadlock, a serialization failure and the like end the batch, not a record', async () => {
  await using stage = await openStage([
    ...ITEM,
    `create function clash() returns trigger language plpgsql as $f$ begin raise serialization_failure; end $f$`,
    `create trigger clash before update on item for each row when (new.name = 'clash') execute function clash()`,
  ]);
  const table = await stage.table('item', ['id'], ['id', 'name']);
  const writes = [await updateOf(table, ['1'], { name: 'x' }), await updateOf(table, ['2'], { name: 'clash' })];
  await expect(stage.write(table, writes)).rejects.toThrow(StoreBusy);
  expect(await stage.sql`select name from item where id = 1`).toEqual([{ name: 'a' }]);
});

it('a rehearsal tells and leaves nothing, and needs the fence all the same', async () => {
  await using stage = await openStage(ITEM);
  const table = await stage.table('item', ['id'], ['id', 'name']);
  const writes = [
    await updateOf(table, ['1'], { name: 'x' }),
    await deleteOf(table, ['2']),
    insertOf({ id: '3' }),
    insertOf({ id: '4' }),
  ];
  const outcomes = await stage.write(table, writes, { rehearse: true });
  expect(statuses(outcomes)).toEqual(['written', 'written', 'refused', 'written']);
  expect(written(outcomes[0]).held).toEqual(['1', 'x']);
  expect(await stage.sql`select id, name from item order by id`).toEqual([
    { id: 1, name: 'a' },
    { id: 2, name: 'b' },
    { id: 3, name: 'c' },
  ]);
  expect(await stage.sql`select from couplet.batch`).toHaveLength(0);
  await expect(stage.write(table, writes, { rehearse: true, fence: next(9) })).rejects.toThrow(FenceLost);
});

type Sql = Awaited<ReturnType<typeof openStage>>['sql'];

const waiting = (sql: Sql, event: string) =>
  sql`select pid from pg_stat_activity where wait_event = ${event} and datname = current_database()`;

async function killWaiting(sql: Sql, event: string): Promise<boolean> {
  const [found] = await waiting(sql, event);
  if (found) await sql`select pg_terminate_backend(${found['pid']}::int)`;
  return found !== undefined;
}
