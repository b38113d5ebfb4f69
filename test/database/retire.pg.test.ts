import { v7 as newId } from 'uuid';
import { describe, expect, test } from 'vitest';
import { noCounters } from '../../src/ports/coupling-database.ts';
import { BY_ITSELF } from '../../src/database/records/mapping-errors.ts';
import { createCouplingDatabase, openTestLane } from './open-test-database.ts';
import { LANE, logEntry, newCoupling, recording, syncError } from './recordings.ts';
import { jobRequest } from '../support/job-request.ts';

const NEVER = { logDays: null, jobsDays: null, resolvedErrorsDays: null };
const MONTH = { logDays: 30, jobsDays: 30, resolvedErrorsDays: 30 };
const LONG_AGO = '2020-01-15T00:00:00Z';

const progress = { counters: noCounters(), done: 0, total: 0 };
const request = jobRequest({
  kind: 'synchronize',
  mapping: 'customers',
  channel: 'houston',
  scope: 'full',
  direction: 'both',
  actor: null,
});
const resolution = { ...BY_ITSELF, action: 'retry' } as const;
const seen = (key: string) => ({ ...syncError().hqRecord, key: [key] });

describe('retention', () => {
  test('removes what is older than its age, and never what is open or unfinished', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const [living, ended] = [newCoupling('A', '1'), newCoupling('B', '2')];
    const [open, resolved] = [
      syncError({ hqRecord: seen('A') }),
      syncError({ hqRecord: seen('B'), couplingId: ended.id }),
    ];
    const old = logEntry({ id: newId({ msecs: Date.parse(LONG_AGO) }) });
    const recent = logEntry();
    await here.db.record(
      recording(fence, { couple: [living, ended], errors: [open, resolved], log: [old, recent], batchIds: ['b1'] }),
    );
    await here.db.record(
      recording(fence, {
        end: [{ id: ended.id, uncoupled: [{ side: 'hq', key: ['B'] }] }],
        resolve: [{ errorId: resolved.id, resolution }],
      }),
    );
    const [finished, running, parent] = [
      await here.db.createJob(request, 'running'),
      await here.db.createJob(request, 'running'),
      await here.db.createJob(request, 'running'),
    ];
    const child = await here.db.createJob({ ...request, parentId: parent.id }, 'running');
    for (const job of [finished, parent]) await here.db.finishJob(job.id, 'succeeded', progress, null);
    await here.sql`update couplet.job set created_at = ${LONG_AGO}, finished_at = case when finished_at is not null then ${LONG_AGO}::timestamptz end`;
    await here.sql`update couplet.coupling set created_at = ${LONG_AGO}, ended_at = case when ended_at is not null then ${LONG_AGO}::timestamptz end`;
    await here.sql`update couplet.sync_error set first_seen_at = ${LONG_AGO}, last_seen_at = ${LONG_AGO}, resolved_at = case when resolved_at is not null then ${LONG_AGO}::timestamptz end`;

    expect(await here.db.upkeep.retire(NEVER)).toEqual({
      logMonths: [],
      couplings: 0,
      jobs: 0,
      errors: 0,
      operations: 0,
    });
    expect(await here.db.upkeep.retire(MONTH)).toEqual({
      logMonths: [],
      couplings: 1,
      jobs: 1,
      errors: 1,
      operations: 0,
    });

    expect([...(await here.db.couplingsById([living.id, ended.id])).keys()]).toEqual([living.id]);
    expect(await here.db.countCouplings(LANE)).toBe(1);
    expect([await here.db.errorById(open.id), await here.db.errorById(resolved.id)]).toEqual([open, null]);
    expect([await here.db.jobById(finished.id), await here.db.jobById(running.id)]).toMatchObject([
      null,
      { id: running.id },
    ]);
    expect(await here.db.jobById(child.id)).toMatchObject({ parentId: parent.id });
    expect([await here.db.logEntryById(old.id), (await here.db.logEntryById(recent.id))?.id]).toEqual([
      null,
      recent.id,
    ]);
    expect((await here.db.uncoupledAmong(LANE, 'hq', [['B']])).size).toBe(1);
    expect(await here.db.recordedBatches(['b1'])).toEqual(new Set(['b1']));
  });

  test('leaves operations that are open or that their channel does not know of, and sessions of what has not travelled', async () => {
    await using here = await createCouplingDatabase();
    const rows = ['1', '2', '3', '4'].map((counter) => ({
      counter,
      guid: newId(),
      name: 'createCustomer' as const,
      createdAt: LONG_AGO,
      createdBy: null,
      partKey: null,
      row: { operation: '1' },
      values: {},
      snapshot: false,
      malformed: null,
      terms: [],
      account: null,
      found: null,
      base: null,
      completed: false,
    }));
    await here.db.commerce.takeIn(LANE, 'customers', rows, [], newId());
    await here.sql`
      update couplet.customer_operation set ended_at = ${LONG_AGO}, received_at = ${LONG_AGO},
             dismissal = case counter when 4 then '{}'::json end,
             status = case counter when 3 then 'failed' when 4 then 'dismissed' else 'synchronized' end::couplet.operation_status`;
    await here.sql`insert into couplet.operation_to_tell (channel, part, counter) values (${LANE.channel}, 'customers', 2)`;
    for (const status of ['started', 'applied', 'noData', 'failed', 'canceled'])
      await here.sql`
        insert into couplet.commerce_session (id, job, direction, channel, status, params, created_at, job_id)
        values (${newId()}, 'p-job', 'upload', ${LANE.channel}, ${status}, '{}', ${LONG_AGO}, ${newId()})`;
    expect(await here.db.upkeep.retire(MONTH)).toMatchObject({ operations: 1 });
    const left = async (column: string, table: string) =>
      (await here.sql.unsafe(`select ${column}::text as left from couplet.${table} order by 1`)).map(
        (row) => row['left'],
      );
    expect(await left('counter', 'customer_operation')).toEqual(['2', '3', '4']);
    expect(await left('status', 'commerce_session')).toEqual(['failed', 'started']);
  });

  test('drops whole months of the log, and only when the last day of a month is old enough', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const month = (name: string, from: string, until: string) =>
      here.sql.unsafe(
        `create table couplet.${name} partition of couplet.sync_log for values from ('${newId({ msecs: Date.parse(from) }).slice(0, 13)}-0000-0000-000000000000') to ('${newId({ msecs: Date.parse(until) }).slice(0, 13)}-0000-0000-000000000000')`,
      );
    await month('sync_log_2020_01', '2020-01-01T00:00:00Z', '2020-02-01T00:00:00Z');
    const old = logEntry({ id: newId({ msecs: Date.parse(LONG_AGO) }) });
    await here.db.record(recording(fence, { log: [old] }));
    const days = (Date.now() - Date.parse('2020-01-31T12:00:00Z')) / 86_400_000;
    expect((await here.db.upkeep.retire({ ...NEVER, logDays: days })).logMonths).toEqual([]);
    expect(await here.db.logEntryById(old.id)).not.toBeNull();
    expect((await here.db.upkeep.retire({ ...NEVER, logDays: days - 1 })).logMonths).toEqual(['sync_log_2020_01']);
    expect(await here.db.logEntryById(old.id)).toBeNull();
  });

  test('makes the coming months ready, and moves in what a clock that ran ahead has written for them', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const months = await here.sql<{ name: string }[]>`
      select inhrelid::regclass::text as name from pg_inherits where inhparent = 'couplet.sync_log'::regclass
        and inhrelid::regclass::text not like '%default'`;
    const last =
      months
        .map(({ name }) => name.replace('couplet.', ''))
        .sort()
        .at(-1) ?? '';
    await here.sql.unsafe(`drop table couplet.${last}`);
    const [year, number] = last.split('_').slice(2);
    const ahead = logEntry({ id: newId({ msecs: Date.parse(`${year}-${number}-15T00:00:00Z`) }) });
    await here.db.record(recording(fence, { log: [ahead] }));
    expect(await here.sql`select 1 from couplet.sync_log_default`).toHaveLength(1);
    await here.db.upkeep.retire(NEVER);
    expect(await here.sql`select 1 from couplet.sync_log_default`).toHaveLength(0);
    expect((await here.db.logEntryById(ahead.id))?.id).toBe(ahead.id);
  });

  test('adds up the hours of long ago, so that the number of couplings stays right', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    for (const [key, age] of [
      ['A', '20 days'],
      ['B', '10 days'],
      ['C', '1 hour'],
    ] as const) {
      await here.db.record(recording(fence, { couple: [newCoupling(key, key)] }));
      await here.sql`update couplet.lane_activity set hour = date_trunc('hour', now() - ${age}::interval) where hour > now() - interval '2 hours' and hour <= now() - interval '0 hours'`;
    }
    await here.db.upkeep.retire(NEVER);
    await here.db.upkeep.retire(NEVER);
    expect(await here.db.countCouplings(LANE)).toBe(3);
    expect(await here.sql`select 1 from couplet.lane_activity`).toHaveLength(2);
    await here.sql`update couplet.lane_activity set hour = date_trunc('hour', now() - '9 days'::interval) where hour > now() - interval '2 days'`;
    await here.db.upkeep.retire(NEVER);
    expect(await here.db.countCouplings(LANE)).toBe(3);
    expect(await here.sql`select 1 from couplet.lane_activity`).toHaveLength(1);
  });
});

describe('a lane that is gone from the configuration', () => {
  test('is forgotten with all but its log, and begins anew if it comes back', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const coupling = newCoupling('A', '1');
    const entry = logEntry({ couplingId: coupling.id });
    const wait = { couplingId: coupling.id, mapping: 'groups', side: 'hq' as const, key: ['G'] };
    await here.db.record(
      recording(fence, {
        couple: [coupling],
        waits: [wait],
        errors: [syncError({ couplingId: coupling.id })],
        log: [entry],
        uncoupled: [{ side: 'hq', key: ['U'] }],
      }),
    );
    await here.db.upkeep.forgetLane(LANE);
    expect(await here.db.countOpenErrors()).toBe(0);
    expect((await here.db.queries.lanes(null)).map(({ state }) => state.lane.mapping)).toEqual(['groups']);
    expect(await here.db.logEntryById(entry.id)).toMatchObject({ lane: LANE });
    await expect(here.db.record(recording(fence))).rejects.toMatchObject({ code: 'fence-lost' });
    const [again] = await here.db.ensureLanes([LANE]);
    expect(again).toMatchObject({ firstRunDone: false, layoutId: null });
    expect(await here.db.countCouplings(LANE)).toBe(0);
  });

  test('goes on under a new name, unless that has things of its own', async () => {
    await using here = await createCouplingDatabase();
    const [renamed, taken] = [
      { ...LANE, mapping: 'clients' },
      { ...LANE, mapping: 'items' },
    ];
    const [fence, takenFence] = [await openTestLane(here.db), await openTestLane(here.db, taken)];
    await here.db.ensureLanes([renamed]);
    await here.db.record(recording(fence, { couple: [newCoupling('A', '1')] }));
    await here.db.record(recording(takenFence, { couple: [newCoupling('A', '1')] }));
    expect(await here.db.upkeep.renameLane(LANE, taken)).toBe(false);
    expect(await here.db.upkeep.renameLane(LANE, renamed)).toBe(true);
    expect(await here.db.upkeep.renameLane(LANE, renamed)).toBe(false);
    expect((await here.db.couplingsByKey(renamed, 'hq', [['A']])).size).toBe(1);
    expect((await here.db.laneStates()).map(({ lane }) => lane.mapping).sort()).toEqual(['clients', 'items']);
  });
});
