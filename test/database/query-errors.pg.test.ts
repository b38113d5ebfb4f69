import { v7 as newId } from 'uuid';
import { describe, expect, test } from 'vitest';
import type { SyncError } from '../../src/ports/coupling-database.ts';
import type { ErrorFilter, PageRequest } from '../../src/ports/queries.ts';
import { InvalidCursor } from '../../src/ports/queries.ts';
import { NO_ERROR_FILTER } from '../../src/http/no-filter.ts';
import { BY_ITSELF } from '../../src/database/records/mapping-errors.ts';
import { createCouplingDatabase, openTestLane, readAll } from './open-test-database.ts';
import { LANE, newCoupling, recording, syncError } from './recordings.ts';

const PAGE: PageRequest = { limit: 100, cursor: null, sort: null, count: false };

const seen = (key: string, description = '') => ({ ...syncError().hqRecord, key: [key], description, exists: true });
const idsOf = (items: readonly { readonly id: string }[]): string[] => items.map(({ id }) => id);

describe('the list of errors', () => {
  test('gives each error exactly once while others come and go', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const errors = Array.from({ length: 60 }, (_, index) => syncError({ hqRecord: seen(`C${index}`) }));
    await here.db.record(recording(fence, { errors }));
    const stays = new Set(idsOf(errors.filter((_, index) => index % 3 !== 0)));
    const given: string[] = [];
    let page = { ...PAGE, limit: 7 };
    for (let turn = 0; ; turn += 1) {
      const { items, nextCursor } = await here.db.queries.errors(NO_ERROR_FILTER, page);
      given.push(...idsOf(items));
      if (nextCursor === null) break;
      page = { ...page, cursor: nextCursor };
      const goes = errors[turn * 3];
      await here.db.record(
        recording(fence, {
          errors: [syncError({ hqRecord: seen(`N${turn}`) })],
          resolve: goes === undefined ? [] : [{ errorId: goes.id, resolution: BY_ITSELF }],
        }),
      );
    }
    expect(new Set(given).size).toBe(given.length);
    expect(given.filter((id) => stays.has(id))).toHaveLength(stays.size);
    expect(given).toEqual([...given].sort().reverse());
  });

  test('is filtered by everything that the contract names, and each filter means either of its values', async () => {
    await using here = await createCouplingDatabase();
    const other = { mapping: 'items', channel: 'austin' };
    const [fence, otherFence] = [await openTestLane(here.db), await openTestLane(here.db, other)];
    const coupling = newCoupling('C1', '1');
    const jobId = newId();
    const conflict = syncError({
      kind: 'conflict',
      code: 'update-conflict',
      cause: 'customers update-conflict email',
      couplingId: coupling.id,
      jobId,
      hqRecord: seen('C1', 'Adatum'),
      channelRecord: seen('1', '100% Contoso'),
      fields: [
        { name: 'email', base: null, hq: 'a', channel: 'b', changedIn: ['hq', 'channel'], conflicting: true },
        { name: 'name', base: null, hq: 'a', channel: 'a', changedIn: [], conflicting: false },
      ],
    });
    const failure = syncError({ params: { field: 'name' }, parked: true, channelRecord: seen('2', 'Fabrikam') });
    const ofMapping = syncError({
      scope: 'mapping',
      code: 'mass-deletion',
      kind: 'deletion',
      cause: 'items mass-deletion',
    });
    await here.db.record(recording(fence, { couple: [coupling], errors: [conflict, failure] }));
    await here.db.record(recording(otherFence, { errors: [ofMapping] }));
    await here.db.queries.annotateError(failure.id, { assignee: 'anna', note: 'asked the supplier' });
    const found = async (filter: Partial<ErrorFilter>) => {
      const asked = { ...NO_ERROR_FILTER, ...filter };
      const { items, total } = await here.db.queries.errors(asked, { ...PAGE, count: true });
      expect([total, await here.db.queries.countErrors(asked)]).toEqual([items.length, items.length]);
      return idsOf(items);
    };
    const both = [failure.id, conflict.id].sort().reverse();
    const [all, none] = [[ofMapping.id, ...both].sort().reverse(), [] as string[]];
    expect(await found({})).toEqual(all);
    expect(await found({ mapping: ['customers'] })).toEqual(both);
    expect(await found({ mapping: ['customers', 'items'], kind: ['conflict', 'deletion'] })).toEqual(
      [ofMapping.id, conflict.id].sort().reverse(),
    );
    expect(await found({ channel: ['austin'] })).toEqual([ofMapping.id]);
    expect(await found({ mapping: ['no such'] })).toEqual(none);
    expect(await found({ code: ['update-conflict', 'value-too-long'] })).toEqual(both);
    expect(await found({ cause: ['items mass-deletion'] })).toEqual([ofMapping.id]);
    expect(await found({ field: ['email'] })).toEqual([conflict.id]);
    expect(await found({ field: ['name'] })).toEqual([failure.id]);
    expect(await found({ parked: true })).toEqual([failure.id]);
    expect(await found({ parked: false, scope: ['record'] })).toEqual([conflict.id]);
    expect(await found({ jobId: [jobId, 'no id'] })).toEqual([conflict.id]);
    expect(await found({ couplingId: [coupling.id] })).toEqual([conflict.id]);
    expect(await found({ assignee: ['anna'] })).toEqual([failure.id]);
    expect(await found({ side: 'hq', key: ['C1'] })).toEqual([conflict.id]);
    expect(await found({ side: 'channel', key: ['2'], mapping: ['customers'] })).toEqual([failure.id]);
    expect(await found({ side: 'hq', key: ['2'] })).toEqual(none);
    expect(await found({ key: ['1'] })).toEqual([conflict.id]);
    expect(await found({ key: ['\0'] })).toEqual(none);
    expect(await found({ q: 'aDAT' })).toEqual([conflict.id]);
    expect(await found({ q: '0% c' })).toEqual([conflict.id]);
    expect(await found({ q: '_' })).toEqual(none);
    expect(await found({ q: '\0' })).toEqual(none);
    expect(await found({ ids: [failure.id, 'nothing'] })).toEqual([failure.id]);
    expect(await found({ status: ['resolved'] })).toEqual(none);
    expect(await found({ status: ['resolved', 'open'], mapping: ['customers'] })).toEqual(both);
    expect(await found({ since: '2999-01-01T00:00:00Z' })).toEqual(none);
    expect(await found({ since: '2020-01-01', until: '2999-01-01T00:00:00' })).toEqual(all);
    expect(await here.db.queries.openErrorsByKind()).toEqual({ conflict: 1, deletion: 1, failure: 1 });
  });

  test.each([
    'firstSeenAt',
    'lastSeenAt',
    'retryAt',
    'resolvedAt',
    'mapping',
    'channel',
    'kind',
    'code',
    'status',
    'attempts',
    'hqKey',
    'channelKey',
  ])('is sorted by %s both ways, whatever has no value last, and paged without a gap', async (name) => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const otherFence = await openTestLane(here.db, { mapping: 'items', channel: 'austin' });
    const make = (index: number): SyncError =>
      syncError({
        hqRecord: index % 2 === 0 ? seen(`H${index}`) : syncError().hqRecord,
        channelRecord: seen(`c${index}`),
        kind: index % 3 === 0 ? 'conflict' : 'failure',
        code: `code-${index % 4}`,
        attempts: index % 5,
        retryAt: index % 4 === 0 ? `2026-01-0${1 + (index % 9)}T00:00:00.00000${index % 10}Z` : null,
      });
    for (const [start, owner] of [
      [0, fence],
      [10, otherFence],
    ] as const) {
      await here.db.record(recording(owner, { errors: Array.from({ length: 10 }, (_, index) => make(start + index)) }));
    }
    const up = await readAll((page) => here.db.queries.errors(NO_ERROR_FILTER, { ...page, sort: name }), 3);
    const down = await readAll((page) => here.db.queries.errors(NO_ERROR_FILTER, { ...page, sort: `-${name}` }), 3);
    expect([new Set(idsOf(up)).size, new Set(idsOf(down)).size]).toEqual([20, 20]);
    const at = (error: (typeof up)[number]): string | number | null =>
      ({
        firstSeenAt: error.id,
        lastSeenAt: error.lastSeenAt,
        retryAt: error.retryAt,
        mapping: error.lane.mapping,
        channel: error.lane.channel,
        kind: error.kind,
        code: error.code,
        status: error.status,
        attempts: error.attempts,
        hqKey: error.hqRecord.key?.[0] ?? null,
        channelKey: error.channelRecord.key?.[0] ?? null,
      })[name] ?? null;
    const values = (list: typeof up) => list.map(at).filter((value) => value !== null);
    const sorted = [...values(up)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    expect(values(up)).toEqual(sorted);
    expect(values(down)).toEqual(sorted.reverse());
    for (const list of [up, down])
      expect(
        list
          .map(at)
          .slice(values(list).length)
          .every((value) => value === null),
      ).toBe(true);
  });

  test('refuses a cursor of another sort, and of nothing', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    await here.db.record(recording(fence, { errors: [1, 2].map((key) => syncError({ hqRecord: seen(String(key)) })) }));
    const { nextCursor } = await here.db.queries.errors(NO_ERROR_FILTER, { ...PAGE, limit: 1 });
    const forged = Buffer.from('["-firstSeenAt",null,"1; drop table"]').toString('base64url');
    for (const [cursor, sort] of [
      [nextCursor, 'code'],
      ['x', null],
      ['', null],
      [forged, null],
    ] as const) {
      await expect(here.db.queries.errors(NO_ERROR_FILTER, { ...PAGE, cursor, sort })).rejects.toThrow(InvalidCursor);
    }
  });
});

describe('an error', () => {
  test('is given with who cares for it and how it ended', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const error = syncError({ hqRecord: seen('C1') });
    await here.db.record(recording(fence, { errors: [error] }));
    const noted = await here.db.queries.annotateError(error.id, { assignee: 'anna' });
    expect(noted).toMatchObject({ ...error, assignee: 'anna', note: null, resolution: null });
    expect(await here.db.queries.annotateError(error.id, { note: 'n' })).toMatchObject({ assignee: 'anna', note: 'n' });
    const resolution = {
      action: 'synchronize' as const,
      winner: 'hq' as const,
      fields: null,
      actor: 'anna',
      reason: 'r',
      jobId: null,
      logIds: [],
    };
    await here.db.record(recording(fence, { resolve: [{ errorId: error.id, resolution }] }));
    const resolved = await here.db.queries.errorById(error.id);
    expect(resolved?.resolution).toEqual({
      ...resolution,
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{6}Z$/),
    });
    expect(await here.db.queries.errorById('nothing')).toBeNull();
    expect(await here.db.queries.annotateError(newId(), { note: 'n' })).toBeNull();
  });

  test('of a mapping lists the changes that it holds back', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const couplings = ['A', 'B', 'C'].map((key) => newCoupling(key, key.toLowerCase()));
    const error = syncError({ scope: 'mapping', code: 'mass-deletion', kind: 'deletion', deletedIn: 'hq' });
    await here.db.record(recording(fence, { couple: couplings, errors: [error] }));
    const pend = ['A', 'B', 'X'].map((key) => ({
      lane: LANE,
      side: 'hq' as const,
      key: [key],
      deleted: true,
      oldRow: null,
    }));
    await here.db.moveCursor(
      'hq',
      null,
      null,
      '1',
      [...pend, { lane: LANE, side: 'channel', key: ['c'], deleted: true, oldRow: null }],
      [],
    );
    await here.db.changePendingState(LANE, 'hq', 'due', 'held');
    await here.db.changePendingState(LANE, 'channel', 'due', 'held');
    const held = await readAll((page) => here.db.queries.heldRecords(error.id, page), 2);
    expect(
      held.map(({ key, couplingId, channelKey, description }) => [key[0], couplingId, channelKey, description]),
    ).toEqual([
      ['A', couplings[0]?.id, ['a'], 'A of HQ'],
      ['B', couplings[1]?.id, ['b'], 'B of HQ'],
      ['X', null, null, ''],
    ]);
  });
});

describe('the summary of errors', () => {
  test('groups by cause, most frequent first, with the newest as the sample', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const tooLong = [1, 2, 3].map((key) => syncError({ hqRecord: seen(`L${key}`), params: { key } }));
    const unique = syncError({ hqRecord: seen('U'), cause: 'unique', code: 'constraint-violated' });
    await here.db.record(recording(fence, { errors: [unique, ...tooLong] }));
    const groups = await here.db.queries.errorSummary(NO_ERROR_FILTER);
    expect(groups.map(({ cause, count, sampleId, params, lane }) => [cause, count, sampleId, params, lane])).toEqual([
      ['customers value-too-long name', 3, tooLong.at(-1)?.id, { key: 3 }, LANE],
      ['unique', 1, unique.id, {}, LANE],
    ]);
    expect(
      (
        await here.db.queries.errorSummary({
          ...NO_ERROR_FILTER,
          code: ['constraint-violated'],
          mapping: ['customers'],
        })
      ).length,
    ).toBe(1);
  });
});
