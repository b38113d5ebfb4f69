import { v7 as newId } from 'uuid';
import { describe, expect, test } from 'vitest';
import { openCouplingDatabase } from '../../src/database/open-coupling-database.ts';
import type { CouplingStatus } from '../../src/ports/coupling-database.ts';
import type { CouplingFilter, PageRequest } from '../../src/ports/queries.ts';
import { createCouplingDatabase, openTestLane, readAll } from './open-test-database.ts';
import { FIELDS, LANE, newCoupling, recording } from './recordings.ts';

const ANY: CouplingFilter = {
  mapping: null,
  channel: null,
  status: null,
  q: null,
  parent: null,
  side: null,
  key: null,
};
const PAGE: PageRequest = { limit: 100, cursor: null, sort: null, count: false };
const OTHER = { mapping: 'items', channel: 'austin' };

const idsOf = (items: readonly { readonly id: string }[]): string[] => items.map(({ id }) => id);
const downwards = (...ids: string[]): string[] => ids.sort().reverse();
const change = (key: string, side: 'hq' | 'channel' = 'hq') => ({
  lane: LANE,
  side,
  key: [key],
  deleted: false,
  oldRow: null,
});

describe('the list of couplings', () => {
  test('is whole for all who ask for a mapping at once, of a process that has just begun or has just carried a name over', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    await here.db.record(recording(fence, { couple: [newCoupling('A', '1')] }));
    const another = await openCouplingDatabase({ url: here.url, connections: 4 });
    try {
      const counted = async (mapping: string): Promise<number> =>
        (await another.queries.couplings({ ...ANY, mapping: [mapping] }, PAGE)).items.length;
      expect(await Promise.all([counted('customers'), counted('customers'), counted('customers')])).toEqual([1, 1, 1]);
      expect(await another.upkeep.renameLane(LANE, { ...LANE, mapping: 'clients' })).toBe(true);
      expect(await counted('clients')).toBe(1);
    } finally {
      await another.close();
    }
  });

  test('gives each coupling exactly once while others come and go', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const couplings = Array.from({ length: 40 }, (_, index) => newCoupling(`C${index}`, String(index)));
    await here.db.record(recording(fence, { couple: couplings }));
    const stays = idsOf(couplings.filter((_, index) => index % 2 === 1));
    const given: string[] = [];
    for (let cursor: string | null = null, turn = 0; ; turn += 1) {
      const page = await here.db.queries.couplings({ ...ANY, mapping: ['customers'] }, { ...PAGE, limit: 6, cursor });
      given.push(...idsOf(page.items));
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
      const goes = couplings[turn * 2];
      await here.db.record(
        recording(fence, {
          couple: [newCoupling(`N${turn}`, `n${turn}`)],
          end: goes === undefined ? [] : [{ id: goes.id, uncoupled: [] }],
        }),
      );
    }
    expect(new Set(given).size).toBe(given.length);
    expect(given.filter((id) => stays.includes(id))).toEqual([...stays].sort().reverse());
  });

  test('is filtered by everything that the contract names', async () => {
    await using here = await createCouplingDatabase();
    const [fence, otherFence] = [await openTestLane(here.db), await openTestLane(here.db, OTHER)];
    const parent = newCoupling('P', 'p');
    const [a, b, c, ended] = [
      newCoupling('A', '1', { parents: [parent.id, null], hqDescription: 'A Adatum' }),
      newCoupling('B', '2', { status: 'conflict' }),
      newCoupling('C', null, { status: 'pending' }),
      newCoupling('E', '5', { parents: [null, parent.id] }),
    ];
    await here.db.record(recording(fence, { couple: [a, b, c, ended] }));
    await here.db.record(recording(otherFence, { couple: [parent] }));
    await here.db.record(recording(fence, { end: [{ id: ended.id, uncoupled: [] }] }));
    const found = async (filter: Partial<CouplingFilter>) => {
      const { items, total } = await here.db.queries.couplings({ ...ANY, ...filter }, { ...PAGE, count: true });
      expect(total).toBe(items.length);
      return idsOf(items);
    };
    expect(await found({})).toEqual(downwards(a.id, b.id, c.id, parent.id));
    expect(await found({ mapping: ['items'] })).toEqual([parent.id]);
    expect(await found({ channel: ['houston', 'austin'] })).toEqual(downwards(a.id, b.id, c.id, parent.id));
    expect(await found({ mapping: ['items'], channel: ['houston'] })).toEqual([]);
    expect(await found({ status: ['conflict'] })).toEqual([b.id]);
    expect(await found({ status: ['conflict', 'ended'], mapping: ['customers'] })).toEqual(downwards(b.id, ended.id));
    expect(await found({ status: ['ended'], side: 'hq', key: ['E'] })).toEqual([ended.id]);
    expect(await found({ parent: [parent.id] })).toEqual([a.id]);
    expect(await found({ side: 'channel', key: ['2'] })).toEqual([b.id]);
    expect(await found({ key: ['A'], mapping: ['customers'] })).toEqual([a.id]);
    expect(await found({ key: ['A', 'B'] })).toEqual([]);
    expect(await found({ q: 'adat' })).toEqual([a.id]);
    expect(await found({ q: 'zzz' })).toEqual([]);
    expect(await found({ parent: ['nothing'] })).toEqual([]);
  });

  test('shows a synchronized pair with something to work as pending, and why it waits', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const [still, queued, waits, conflict, created] = [
      newCoupling('A', '1'),
      newCoupling('B', '2'),
      newCoupling('C', '3'),
      newCoupling('D', '4', { status: 'conflict' }),
      newCoupling('E', null, { status: 'pending' }),
    ];
    await here.db.record(recording(fence, { couple: [still, queued, waits, conflict, created] }));
    await here.db.moveCursor('hq', null, null, '1', [change('C'), change('D')], []);
    await here.db.changePendingState(LANE, 'hq', 'due', 'waiting');
    await here.db.moveCursor('channel', 'houston', null, '1', [change('2', 'channel'), change('3', 'channel')], []);
    const list = async (status: CouplingStatus[] | null) =>
      (await here.db.queries.couplings({ ...ANY, status }, PAGE)).items.map((item) => [
        item.id,
        item.status,
        item.reason,
      ]);
    const pending = [
      [created.id, 'pending', 'awaitingDistribution'],
      [waits.id, 'pending', 'waitingForParent'],
      [queued.id, 'pending', 'queued'],
    ].sort((x, y) => (String(x[0]) < String(y[0]) ? 1 : -1));
    expect(await list(['pending'])).toEqual(pending);
    expect(await list(['synchronized'])).toEqual([[still.id, 'synchronized', null]]);
    expect(await list(['conflict'])).toEqual([[conflict.id, 'conflict', null]]);
    expect(await list(null)).toHaveLength(5);
    expect((await here.db.queries.couplings({ ...ANY, status: ['pending'] }, { ...PAGE, count: true })).total).toBe(3);
    expect((await here.db.queries.couplingById(waits.id))?.pendingSince).toMatch(/Z$/);
    await here.db.queries.noteStoreState({
      side: 'channel',
      channel: 'houston',
      state: 'unreachable',
      captureInstalled: true,
      problems: [],
    });
    expect((await here.db.queries.couplingById(queued.id))?.reason).toBe('storeUnreachable');
    await here.db.changeLane(LANE, { paused: true });
    expect((await here.db.queries.couplingById(queued.id))?.reason).toBe('paused');
    const [lane] = await here.db.queries.lanes(['customers']);
    expect(lane?.couplings).toEqual({ synchronized: 1, pending: 3, conflict: 1 });
    expect(lane?.backlog).toEqual({ hq: 2, channel: 2 });
  });

  test.each(['createdAt', 'lastSynchronizedAt', 'endedAt', 'status', 'hqKey', 'channelKey', 'mapping', 'channel'])(
    'is sorted by %s both ways and paged without a gap',
    async (name) => {
      await using here = await createCouplingDatabase();
      const fence = await openTestLane(here.db);
      const otherFence = await openTestLane(here.db, OTHER);
      for (const [start, owner] of [
        [0, fence],
        [10, otherFence],
      ] as const) {
        const couple = Array.from({ length: 10 }, (_, index) =>
          newCoupling(`H${start + index}`, index % 3 === 0 ? null : `c${start + index}`, {
            status: index % 3 === 0 ? 'neverSynchronized' : 'synchronized',
          }),
        );
        await here.db.record(recording(owner, { couple }));
      }
      const read = (sort: string, mapping: string[] | null) =>
        readAll((page) => here.db.queries.couplings({ ...ANY, mapping }, { ...page, sort }), 3);
      const [up, down, some] = [
        await read(name, null),
        await read(`-${name}`, null),
        await read(name, ['customers', 'items']),
      ];
      expect([new Set(idsOf(up)).size, new Set(idsOf(down)).size]).toEqual([20, 20]);
      expect(idsOf(some)).toEqual(idsOf(up));
      const at = (item: (typeof up)[number]): string | null =>
        ({
          createdAt: item.id,
          lastSynchronizedAt: item.lastSynchronizedAt,
          endedAt: item.endedAt,
          status: item.status,
          hqKey: item.hqKey[0],
          channelKey: item.channelKey?.[0] ?? null,
          mapping: item.lane.mapping,
          channel: item.lane.channel,
        })[name] ?? null;
      const values = (list: typeof up) => list.map(at).filter((value) => value !== null);
      expect(values(up)).toEqual([...values(up)].sort());
      expect(values(down)).toEqual([...values(down)].sort().reverse());
    },
  );
});

describe('a coupling', () => {
  test('is given with its base, the names of its fields and its times, also after it has ended', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const coupling = newCoupling('A', '1');
    const jobId = newId();
    await here.db.record(recording(fence, { couple: [coupling], jobId }));
    const view = await here.db.queries.couplingById(coupling.id);
    expect(view).toMatchObject({
      ...coupling,
      lane: LANE,
      reason: null,
      pendingSince: null,
      endedAt: null,
      lastJobId: jobId,
      fieldNames: FIELDS.map(({ name }) => name),
    });
    expect(view?.lastSynchronizedAt).toBe(view?.createdAt);
    await here.db.record(recording(fence, { end: [{ id: coupling.id, uncoupled: [] }] }));
    expect(await here.db.queries.couplingById(coupling.id)).toMatchObject({
      status: 'ended',
      endedAt: expect.any(String),
    });
    expect(await here.db.queries.couplingById('nothing')).toBeNull();
  });
});
