import { v7 as newId } from 'uuid';
import { describe, expect, test } from 'vitest';
import type { CouplingDatabase } from '../../src/ports/coupling-database.ts';
import { noCounters } from '../../src/ports/coupling-database.ts';
import { FenceLost } from '../../src/errors/store-faults.ts';
import { createCouplingDatabase, openTestLane } from './open-test-database.ts';
import { baseUpdate, LANE, logEntry, newCoupling, recording, syncError } from './recordings.ts';
import { jobRequest } from '../support/job-request.ts';
import { until } from '../support/until.ts';

const only = async (db: CouplingDatabase, id: string) => {
  const found = (await db.couplingsById([id])).get(id);
  if (found === undefined) throw new Error(`no coupling ${id}`);
  return found;
};

describe('a recording', () => {
  test('commits couplings, log, errors, results and progress together', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const job = await here.db.createJob(JOB, 'running');
    const coupling = newCoupling('C1', 'a"b\\c,{}');
    const error = syncError({ hqRecord: { ...syncError().hqRecord, key: ['C2'], exists: true } });
    await here.db.record(
      recording(fence, {
        jobId: job.id,
        couple: [coupling],
        errors: [error],
        log: [logEntry({ couplingId: coupling.id, action: 'coupled', hqKey: ['C1'], actor: 'anna' })],
        results: [
          {
            status: 'failed',
            code: 'x',
            params: { a: 1 },
            errorId: error.id,
            couplingId: null,
            hqKey: ['C2'],
            channelKey: null,
            candidates: [],
            writes: null,
          },
        ],
        progress: { counters: { ...noCounters(), coupled: 1 }, done: 1, total: 2 },
      }),
    );
    const loaded = (await here.db.couplingsByKey(LANE, 'channel', [['a"b\\c,{}'], ['no such']])).get(
      '["a\\"b\\\\c,{}"]',
    );
    expect(loaded).toEqual({ ...coupling, lane: LANE });
    expect(await here.db.errorById(error.id)).toEqual(error);
    expect(await here.db.countCouplings(LANE)).toBe(1);
    expect(await here.sql`select done, total, counters->'coupled' as coupled from couplet.job`).toMatchObject([
      { done: 1, total: 2, coupled: 1 },
    ]);
    expect(await here.sql`select hq_key, params from couplet.job_result`).toMatchObject([
      { hq_key: '["C2"]', params: { a: 1 } },
    ]);
    expect(await here.sql`select action, actor, coupling_id from couplet.sync_log`).toMatchObject([
      { action: 'coupled', actor: 'anna', coupling_id: coupling.id },
    ]);
  });

  test('of a worker whose fence was passed is refused as a whole', async () => {
    await using here = await createCouplingDatabase();
    const late = await openTestLane(here.db);
    await here.db.raiseFence(LANE);
    const coupling = newCoupling('C1', '1');
    await expect(here.db.record(recording(late, { couple: [coupling], log: [logEntry()] }))).rejects.toThrow(FenceLost);
    expect((await here.db.couplingsById([coupling.id])).size).toBe(0);
    expect(await here.sql`select 1 from couplet.sync_log`).toHaveLength(0);
  });

  test('is committed before a new fence is raised, or not at all', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const coupling = newCoupling('C1', '1');
    const recorded = here.db.record(recording(fence, { couple: [coupling] })).then(
      () => true,
      () => false,
    );
    await here.db.raiseFence(LANE);
    const seenAtRaise = (await here.db.couplingsById([coupling.id])).size;
    expect(seenAtRaise).toBe((await recorded) ? 1 : 0);
  });

  test('that is under way is waited for by whoever raises the fence, and then names the new holder', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const coupling = newCoupling('C1', '1');
    await here.db.record(recording(fence, { couple: [coupling] }));
    await here.sql`update couplet.lane set holder = 'another'`;
    const order: string[] = [];
    let ends: Promise<unknown> = Promise.resolve();
    await here.sql.begin(async (sql) => {
      await sql`select from couplet.coupling for update`;
      const held = async (count: number): Promise<boolean> =>
        (
          await here.sql`
            select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
        ).length >= count;
      const recorded = here.db.record(recording(fence, { update: [baseUpdate(coupling.id, ['new', null])] }));
      await until(() => held(1));
      const raised = here.db.raiseFence(LANE).then(() => order.push('raised'));
      ends = Promise.all([recorded.then(() => order.push('recorded')), raised]);
      await until(async () => order.length > 0 || (await held(2)));
      expect(order).toEqual([]);
    });
    await ends;
    expect((await only(here.db, coupling.id)).base.hq).toEqual(['new', null]);
    expect((await here.db.laneStates())[0]).toMatchObject({ holder: here.db.holder, fence: fence.number + 1 });
  });

  test('of batches that are recorded already changes nothing and says nothing', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const sent = recording(fence, { batchIds: ['b1'], couple: [newCoupling('C1', '1')], log: [logEntry()] });
    await here.db.record(sent);
    await here.db.record(sent);
    await here.db.record({ ...sent, couple: [newCoupling('C2', '2')], log: [logEntry()] });
    expect(await here.db.countCouplings(LANE)).toBe(1);
    expect(await here.sql`select 1 from couplet.sync_log`).toHaveLength(1);
    expect(await here.db.recordedBatches(['b1', 'b2'])).toEqual(new Set(['b1']));
  });

  test('of batches of which only some are recorded is refused as a whole', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    await here.db.record(recording(fence, { batchIds: ['b1'] }));
    const mixed = recording(fence, { batchIds: ['b1', 'b2'], couple: [newCoupling('C1', '1')] });
    await expect(here.db.record(mixed)).rejects.toThrow(/some are recorded already and some are not/);
    expect([await here.db.countCouplings(LANE), await here.db.recordedBatches(['b2'])]).toEqual([0, new Set()]);
  });

  test('changes only what each update names', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const [one, two, three] = [newCoupling('C1', '1'), newCoupling('C2', null), newCoupling('C3', '3')];
    const parent = newCoupling('P', 'p');
    await here.db.record(recording(fence, { couple: [one, two, three, parent] }));
    const error = syncError({ couplingId: three.id, kind: 'conflict' });
    await here.db.record(
      recording(fence, {
        update: [
          baseUpdate(one.id, ['new', 'x@example.com'], {
            parents: [null, parent.id],
            written: { hq: null, channel: '7' },
          }),
          { id: two.id, channelKey: ['2'], channelDescription: 'came back' },
          { id: three.id, status: 'conflict', errorId: error.id, oldRows: { hq: { name: 'gone' } } },
        ],
        errors: [error],
      }),
    );
    expect(await only(here.db, one.id)).toEqual({
      ...one,
      lane: LANE,
      base: { hq: ['new', 'x@example.com'], channel: ['new', 'x@example.com'], states: null },
      parents: [null, parent.id],
      written: { hq: null, channel: '7' },
    });
    expect(await only(here.db, two.id)).toEqual({
      ...two,
      lane: LANE,
      channelKey: ['2'],
      channelDescription: 'came back',
    });
    expect(await only(here.db, three.id)).toMatchObject({
      status: 'conflict',
      errorId: error.id,
      base: three.base,
      oldRows: { hq: { name: 'gone' } },
    });
    expect(
      await here.sql`select id from couplet.coupling where last_synchronized_at is not null order by id`,
    ).toMatchObject([one.id, two.id, three.id, parent.id].sort().map((id) => ({ id })));
  });

  test('ends a coupling, remembers who uncoupled its records, and frees its keys in the same breath', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const first = newCoupling('C1', '1');
    await here.db.record(recording(fence, { couple: [first] }));
    await here.db.record(
      recording(fence, {
        end: [{ id: first.id, uncoupled: [{ side: 'hq', key: ['C1'] }] }],
        couple: [newCoupling('C1', '2')],
        log: [logEntry({ couplingId: first.id, action: 'uncoupled', actor: 'anna' })],
      }),
    );
    expect((await only(here.db, first.id)).status).toBe('ended');
    expect((await here.db.couplingsByKey(LANE, 'hq', [['C1']])).get('["C1"]')?.channelKey).toEqual(['2']);
    expect(await here.db.countCouplings(LANE)).toBe(1);
    expect(await here.db.uncoupledAmong(LANE, 'hq', [['C1'], ['C2']])).toEqual(new Set(['["C1"]']));
    expect(await here.sql`select actor from couplet.uncoupled`).toMatchObject([{ actor: 'anna' }]);
    await here.db.record(recording(fence, { update: [baseUpdate(first.id, ['late', null])] }));
    expect(await only(here.db, first.id)).toMatchObject({ status: 'ended', base: first.base });
    const left = logEntry({ action: 'uncoupled', actor: 'bo' });
    await here.db.record(recording(fence, { uncoupled: [{ side: 'hq', key: ['C1'] }], log: [left] }));
    expect((await here.db.uncoupledMarks(LANE, 'hq', [['C1']])).get('["C1"]')).toMatchObject({ actor: 'bo' });
    await here.db.record(
      recording(fence, {
        forgetUncoupled: [{ side: 'hq', key: ['C1'] }],
        uncoupled: [{ side: 'channel', key: ['9'] }],
      }),
    );
    expect((await here.db.uncoupledAmong(LANE, 'hq', [['C1']])).size).toBe(0);
    expect((await here.db.uncoupledAmong(LANE, 'channel', [['9']])).size).toBe(1);
  });

  test('needs a log entry’s id to tell its time', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const entry = logEntry({ id: '3f0c1a52-7f0e-4c57-9f0d-0b6c2d9a7f11' });
    await expect(here.db.record(recording(fence, { log: [entry] }))).rejects.toThrow(/version 7/);
  });
});

describe('couplings', () => {
  test('are one to one per lane, however many try at once', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const attempts = Array.from({ length: 8 }, (_, index) =>
      here.db.record(
        recording(fence, { couple: [newCoupling('C1', String(index)), newCoupling(`H${index}`, 'same')] }),
      ),
    );
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await here.db.countCouplings(LANE)).toBe(2);
    const other = { ...LANE, channel: 'austin' };
    await here.db.record(recording(await openTestLane(here.db, other), { couple: [newCoupling('C1', 'same')] }));
  });

  test('are scanned in the order of their ids, ended ones left out', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const couplings = Array.from({ length: 7 }, (_, index) => newCoupling(`C${index}`, String(index)));
    await here.db.record(recording(fence, { couple: couplings }));
    const ended = couplings[3]?.id ?? '';
    await here.db.record(recording(fence, { end: [{ id: ended, uncoupled: [] }] }));
    const seen: string[] = [];
    for (let after: string | null = null; ; ) {
      const page = await here.db.scanCouplings(LANE, after, 2);
      if (page.length === 0) break;
      seen.push(...page.map(({ id }) => id));
      after = seen.at(-1) ?? null;
    }
    expect(seen).toEqual(
      couplings
        .map(({ id }) => id)
        .filter((id) => id !== ended)
        .sort(),
    );
  });

  test('give the partners of parents for references', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const coupling = newCoupling('C1', '1');
    await here.db.record(recording(fence, { couple: [coupling] }));
    expect(await here.db.partnersOf(LANE, 'channel', [['1'], ['2']])).toEqual(
      new Map([['["1"]', { couplingId: coupling.id, hqKey: ['C1'], channelKey: ['1'] }]]),
    );
  });
});

describe('errors', () => {
  test('are open once per coupling and once per uncoupled record', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const coupling = newCoupling('C1', '1');
    await here.db.record(recording(fence, { couple: [coupling], errors: [syncError({ couplingId: coupling.id })] }));
    await expect(
      here.db.record(recording(fence, { errors: [syncError({ couplingId: coupling.id })] })),
    ).rejects.toThrow(/sync_error_coupling/);
    const alone = { ...syncError().hqRecord, key: ['C9'], exists: true };
    await here.db.record(recording(fence, { errors: [syncError({ hqRecord: alone })] }));
    await expect(here.db.record(recording(fence, { errors: [syncError({ hqRecord: alone })] }))).rejects.toThrow(
      /sync_error_hq_key/,
    );
  });

  test('are written over, keep when they were first seen and who cares for them, and are resolved once', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const error = syncError({
      retryAt: '2026-11-21T03:00:00.000000Z',
      hqRecord: { ...syncError().hqRecord, key: ['C1'] },
    });
    await here.db.record(recording(fence, { errors: [error] }));
    await here.sql`update couplet.sync_error set assignee = 'anna', first_seen_at = '2026-01-01'`;
    await here.db.record(recording(fence, { errors: [{ ...error, attempts: 2, parked: true, retryAt: null }] }));
    expect(await here.db.errorById(error.id)).toMatchObject({ attempts: 2, parked: true, retryAt: null });
    expect(
      await here.sql`select assignee, last_seen_at > first_seen_at as later from couplet.sync_error`,
    ).toMatchObject([{ assignee: 'anna', later: true }]);
    const resolution = {
      action: 'retry' as const,
      winner: null,
      fields: null,
      actor: 'anna',
      reason: null,
      jobId: null,
      logIds: [newId()],
    };
    await here.db.record(recording(fence, { resolve: [{ errorId: error.id, resolution }] }));
    await here.db.record(
      recording(fence, { resolve: [{ errorId: error.id, resolution: { ...resolution, actor: 'bert' } }] }),
    );
    expect((await here.db.errorById(error.id))?.status).toBe('resolved');
    expect(await here.sql`select resolution->>'actor' as actor from couplet.sync_error`).toMatchObject([
      { actor: 'anna' },
    ]);
    expect(await here.db.openErrors(LANE, { couplingIds: [], hqKeys: [['C1']], channelKeys: [] })).toEqual([]);
  });

  test('are found by coupling, by either key of an uncoupled record, and by code of a mapping', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const coupling = newCoupling('C1', '1');
    const seen = { ...syncError().hqRecord, exists: true };
    const errors = [
      syncError({ couplingId: coupling.id, hqRecord: { ...seen, key: ['C1'] } }),
      syncError({ hqRecord: { ...seen, key: ['C2'] }, channelRecord: { ...seen, key: ['2'] } }),
      syncError({ channelRecord: { ...seen, key: ['3'] } }),
    ];
    const ofMapping = syncError({
      scope: 'mapping',
      code: 'mass-deletion',
      kind: 'deletion',
      massDeletion: { deletions: 500 },
    });
    await here.db.record(recording(fence, { couple: [coupling], errors: [...errors, ofMapping] }));
    const found = await here.db.openErrors(LANE, {
      couplingIds: [coupling.id],
      hqKeys: [['C1'], ['C2']],
      channelKeys: [['2'], ['3']],
    });
    expect(found.map(({ id }) => id).sort()).toEqual(errors.map(({ id }) => id).sort());
    expect(await here.db.openMappingError(LANE, 'mass-deletion')).toEqual(ofMapping);
    expect(await here.db.openMappingError(LANE, 'mass-change')).toBeNull();
  });
});

const JOB = jobRequest({
  kind: 'synchronize',
  mapping: 'customers',
  channel: 'houston',
  scope: 'modified',
  direction: 'both',
});
