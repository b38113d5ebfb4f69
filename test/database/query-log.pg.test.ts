import { v7 as newId } from 'uuid';
import { describe, expect, test } from 'vitest';
import { lowestIdAt } from '../../src/database/session/iso-time.ts';
import type { LogEntry } from '../../src/ports/coupling-database.ts';
import type { LogFilter, PageRequest } from '../../src/ports/queries.ts';
import { NO_LOG_FILTER } from '../../src/http/no-filter.ts';
import { createCouplingDatabase, openTestLane, readAll } from './open-test-database.ts';
import { LANE, logEntry, newCoupling, recording } from './recordings.ts';
import { jobRequest } from '../support/job-request.ts';

const PAGE: PageRequest = { limit: 100, cursor: null, sort: null, count: false };
const OTHER = { mapping: 'addresses', channel: 'austin' };

const idsOf = (items: readonly { readonly id: string }[]): string[] => items.map(({ id }) => id);
const downwards = (...entries: readonly LogEntry[]): string[] => idsOf(entries).sort().reverse();
const idAt = (time: string): string => newId({ msecs: Date.parse(time) });

describe('the log', () => {
  test('gives each entry exactly once, newest first, while others are written', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const entries = Array.from({ length: 40 }, () => logEntry());
    await here.db.record(recording(fence, { log: entries }));
    const given: string[] = [];
    for (let cursor: string | null = null; ; ) {
      const page = await here.db.queries.log(
        { ...NO_LOG_FILTER, mapping: ['customers'] },
        { ...PAGE, limit: 7, cursor },
      );
      given.push(...idsOf(page.items));
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
      await here.db.record(recording(fence, { log: [logEntry(), logEntry()] }));
    }
    expect(given).toEqual(downwards(...entries));
    const upwards = await readAll((page) => here.db.queries.log(NO_LOG_FILTER, { ...page, sort: 'at' }), 11);
    expect(idsOf(upwards).slice(0, 40)).toEqual(downwards(...entries).reverse());
  });

  test('gives entries back as they were written', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const entry = logEntry({
      id: idAt('2026-11-20T10:11:12.345Z'),
      jobId: newId(),
      couplingId: newId(),
      hqKey: ['C1'],
      channelKey: ['1', '"2"'],
      direction: 'toHq',
      cause: 'resolution',
      actor: 'anna',
      changedBy: 'bert',
      reason: 'because',
      code: 'update-conflict',
      params: { field: 'name', list: [1] },
      changes: [
        { field: 'na"me', side: 'hq', old: null, new: 'x\\y' },
        { field: 'email', side: 'channel', old: '["name","', new: null },
      ],
      errorId: newId(),
      requestId: 'r1',
      undo: { base: ['a', null] },
    });
    await here.db.record(recording(fence, { log: [entry] }));
    const expected = { ...entry, at: '2026-11-20T10:11:12.345Z', revertedBy: null };
    expect((await here.db.queries.log(NO_LOG_FILTER, PAGE)).items).toEqual([{ ...expected, revertible: false }]);
    expect(await here.db.queries.logEntryById(entry.id)).toEqual({ ...expected, revertible: false });
    expect(await here.db.logEntryById(entry.id)).toEqual(expected);
    expect(await here.db.queries.logEntryById('nothing')).toBeNull();
  });

  test('is filtered by everything that the contract names', async () => {
    await using here = await createCouplingDatabase();
    const [fence, otherFence] = [await openTestLane(here.db), await openTestLane(here.db, OTHER)];
    const customer = newCoupling('C1', '1', { hqDescription: 'Adatum' });
    const address = newCoupling('A1', '7', { parents: [customer.id] });
    const job = await here.db.createJob(JOB, 'running');
    const child = await here.db.createJob({ ...JOB, parentId: job.id }, 'running');
    const errorId = newId();
    const of = { couplingId: customer.id, hqKey: ['C1'], channelKey: ['1'] };
    const modified = logEntry({
      ...of,
      jobId: job.id,
      changes: [{ field: 'name', side: 'channel', old: 'a', new: 'b' }],
    });
    const resolved = logEntry({
      ...of,
      jobId: child.id,
      action: 'resolved',
      cause: 'resolution',
      actor: 'anna',
      errorId,
    });
    const alone = logEntry({
      hqKey: ['C2'],
      action: 'failed',
      changes: [{ field: 'email', side: 'hq', old: null, new: '["name","' }],
    });
    const ofAddress = logEntry({ lane: OTHER, couplingId: address.id, hqKey: ['A1'], channelKey: ['7'] });
    await here.db.record(recording(fence, { couple: [customer], log: [modified, resolved, alone] }));
    await here.db.record(recording(otherFence, { couple: [address], log: [ofAddress] }));
    const found = async (filter: Partial<LogFilter>) => {
      const asked = { ...NO_LOG_FILTER, ...filter };
      const { items, total } = await here.db.queries.log(asked, { ...PAGE, count: true });
      expect([total, await here.db.queries.countLog(asked)]).toEqual([items.length, items.length]);
      return idsOf(items);
    };
    expect(await found({})).toEqual(downwards(modified, resolved, alone, ofAddress));
    expect(await found({ mapping: ['customers'] })).toEqual(downwards(modified, resolved, alone));
    expect(await found({ mapping: ['customers', 'addresses'], channel: ['austin'] })).toEqual([ofAddress.id]);
    expect(await found({ couplingId: [customer.id] })).toEqual(downwards(modified, resolved));
    expect(await found({ couplingId: [customer.id], related: true })).toEqual(downwards(modified, resolved, ofAddress));
    expect(await found({ couplingId: [customer.id, customer.id], action: ['modified'] })).toEqual([modified.id]);
    expect(await found({ couplingId: [customer.id], side: 'hq', key: ['C2'] })).toEqual([]);
    expect(await found({ jobId: [job.id] })).toEqual(downwards(modified, resolved));
    expect(await found({ jobId: [child.id, 'nothing'] })).toEqual([resolved.id]);
    expect(await found({ errorId: [errorId] })).toEqual([resolved.id]);
    expect(await found({ field: ['name'] })).toEqual([modified.id]);
    expect(await found({ field: ['name', 'email'] })).toEqual(downwards(modified, alone));
    expect(await found({ actor: ['anna', 'bert'] })).toEqual([resolved.id]);
    expect(await found({ action: ['resolved', 'failed'] })).toEqual(downwards(resolved, alone));
    expect(await found({ action: ['modified', 'failed'], mapping: ['customers'] })).toEqual(downwards(modified, alone));
    expect(await found({ cause: ['resolution'] })).toEqual([resolved.id]);
    expect(await found({ cause: ['change', 'resolution'], channel: ['houston'] })).toEqual(
      downwards(modified, resolved, alone),
    );
    expect(await found({ side: 'hq', key: ['C1'] })).toEqual(downwards(modified, resolved));
    expect(await found({ key: ['C2'], mapping: ['customers'] })).toEqual([alone.id]);
    expect(await found({ key: ['7'] })).toEqual([ofAddress.id]);
    expect(await found({ side: 'channel', key: ['C1'] })).toEqual([]);
    expect(await found({ q: 'adatum' })).toEqual(downwards(modified, resolved));
    expect(await found({ q: 'C2' })).toEqual([alone.id]);
    expect(await found({ q: 'adatum', action: ['resolved'], mapping: ['customers'] })).toEqual([resolved.id]);
    expect(await found({ q: '\0' })).toEqual([]);
    expect(await found({ ids: [alone.id, 'nothing'] })).toEqual([alone.id]);
  });

  test('has its times from the ids, to the millisecond: since included, until not', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const times = [
      '2026-11-20T10:00:00.000Z',
      '2026-11-20T10:00:00.001Z',
      '2026-12-31T23:59:59.999Z',
      '2027-01-01T00:00:00.000Z',
    ];
    await here.db.record(recording(fence, { log: times.map((time) => logEntry({ id: idAt(time) })) }));
    const between = async (since: string | null, until: string | null) =>
      (await here.db.queries.log({ ...NO_LOG_FILTER, since, until }, { ...PAGE, sort: 'at' })).items.map(
        ({ at }) => at,
      );
    expect(await between(null, null)).toEqual(times);
    expect(await between('2026-11-20T10:00:00Z', '2026-11-20T10:00:00.001Z')).toEqual(times.slice(0, 1));
    expect(await between('2026-11-20T10:00:00.000001', '2027-01-01')).toEqual(times.slice(1, 3));
    expect(await between('2027-01-01T01:00:00+01:00', null)).toEqual(times.slice(3));
  });

  test('follows a record whose key was changed, and finds it under its former key', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const coupling = newCoupling('A', '1');
    const before = logEntry({ couplingId: coupling.id, hqKey: ['A'] });
    await here.db.record(recording(fence, { couple: [coupling], log: [before] }));
    await here.db.moveCursor('hq', null, null, '1', [], [{ lane: LANE, side: 'hq', from: ['A'], to: ['B'] }]);
    const after = logEntry({ couplingId: coupling.id, hqKey: ['B'] });
    await here.db.record(recording(fence, { log: [after] }));
    const of = async (key: string) =>
      idsOf((await here.db.queries.log({ ...NO_LOG_FILTER, side: 'hq', key: [key] }, PAGE)).items);
    expect(await of('B')).toEqual(downwards(before, after));
    expect(await of('A')).toEqual([before.id]);
  });

  test('tells what was taken back by what, and no more once that was taken back itself', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const [jobId, couplingId] = [newId(), newId()];
    const first = logEntry({ jobId, couplingId });
    const second = logEntry({ cause: 'revert', reverts: first.id });
    const third = logEntry({ cause: 'revert', reverts: second.id });
    const state = async () =>
      Promise.all([first, second, third].map(async ({ id }) => (await here.db.logEntryById(id))?.revertedBy));
    await here.db.record(recording(fence, { log: [first] }));
    await here.db.record(recording(fence, { log: [second] }));
    expect(await state()).toEqual([second.id, null, undefined]);
    await here.db.record(recording(fence, { log: [third] }));
    expect(await state()).toEqual([null, third.id, null]);
    expect(idsOf(await here.db.logEntriesOfStep(jobId, couplingId))).toEqual([first.id]);
  });

  test('is kept by months, of which entries with a clock far off have none, and lose nothing for it', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const months = () => here.sql`
      select inhrelid::regclass::text as name from pg_inherits where inhparent = 'couplet.sync_log'::regclass order by 1`;
    const before = await months();
    const entries = ['2001-01-01T00:00:00Z', '2099-01-01T00:00:00Z'].map((time) => logEntry({ id: idAt(time) }));
    await here.db.record(recording(fence, { log: [...entries, logEntry()] }));
    expect(await here.db.queries.countLog(NO_LOG_FILTER)).toBe(3);
    expect(await here.sql`select 1 from couplet.sync_log_default`).toHaveLength(2);
    expect(before.length).toBeGreaterThanOrEqual(4);
    expect(await months()).toEqual(before);
    expect(lowestIdAt(0)).toBe('00000000-0000-0000-0000-000000000000');
  });
});

const JOB = jobRequest({ kind: 'synchronize', scope: 'full', direction: 'both' });
