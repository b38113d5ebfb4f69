import { describe, expect, test } from 'vitest';
import { netMoves } from '../../src/database/records/move-cursor.ts';
import type { RecordKey, Side, Value } from '../../src/domain/record.ts';
import type { CouplingDatabase, NewPending } from '../../src/ports/coupling-database.ts';
import type { Lane } from '../../src/ports/store.ts';
import { createCouplingDatabase, openTestLane } from './open-test-database.ts';
import { LANE, newCoupling, recording, syncError } from './recordings.ts';

const change = (key: string, parts: Partial<Omit<NewPending, 'lane' | 'key'>> = {}): NewPending => ({
  lane: LANE,
  side: 'hq',
  key: [key],
  deleted: false,
  oldRow: null,
  ...parts,
});

const move = (from: string, to: string, side: Side = 'hq') => ({ lane: LANE, side, from: [from], to: [to] });

const due = (db: CouplingDatabase) => db.takePending(LANE, ['due'], null, 100);
const keysOf = (changes: readonly { readonly key: RecordKey }[]): string[] => changes.map(({ key }) => key.join());
const row = (name: Value): Record<string, Value> => ({ name });

describe('the cursor of a store', () => {
  test('moves together with what was read, from where it was and nowhere else', async () => {
    await using here = await createCouplingDatabase();
    expect(await here.db.loadCursor('hq', null)).toBeNull();
    expect(await here.db.moveCursor('hq', null, null, '1', [change('A')], [])).toBe(true);
    expect(await here.db.moveCursor('hq', null, null, '2', [change('B')], [])).toBe(false);
    expect(await here.db.moveCursor('hq', null, '0', '2', [change('C')], [])).toBe(false);
    expect(await here.db.moveCursor('hq', null, '1', '2', [change('D')], [])).toBe(true);
    expect(await here.db.moveCursor('channel', 'houston', null, '7', [], [])).toBe(true);
    expect([await here.db.loadCursor('hq', null), await here.db.loadCursor('channel', 'houston')]).toEqual(['2', '7']);
    expect(keysOf(await due(here.db))).toEqual(['A', 'D']);
  });

  test('is moved by one of several readers at once, and only that one’s marks are taken in', async () => {
    await using here = await createCouplingDatabase();
    await here.db.moveCursor('hq', null, null, '0', [], []);
    const outcomes = await Promise.all(
      ['A', 'B', 'C', 'D'].map((key) => here.db.moveCursor('hq', null, '0', `to ${key}`, [change(key)], [])),
    );
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    const [only] = keysOf(await due(here.db));
    expect(await here.db.loadCursor('hq', null)).toBe(`to ${only}`);
    expect(await due(here.db)).toHaveLength(1);
  });
});

describe('pending changes', () => {
  test('of one key are joined: once deleted stays deleted, the last captured row wins, the place is kept', async () => {
    await using here = await createCouplingDatabase();
    const window = [
      change('A', { deleted: true, oldRow: row('first') }),
      change('B'),
      change('A'),
      change('A', { deleted: true, oldRow: row('second') }),
      change('A', { side: 'channel' }),
    ];
    await here.db.moveCursor('hq', null, null, '1', window, []);
    await here.db.moveCursor('hq', null, '1', '2', [change('A'), change('C')], []);
    const pending = await due(here.db);
    expect(
      pending.map(({ side, key, deleted, oldRow, generation }) => [side, key[0], deleted, oldRow, generation]),
    ).toEqual(
      [
        ['hq', 'A', true, row('second'), 2],
        ['hq', 'B', false, null, 1],
        ['channel', 'A', false, null, 1],
        ['hq', 'C', false, null, 1],
      ].sort(
        (a, b) =>
          pending.findIndex(({ key, side }) => key[0] === a[1] && side === a[0]) -
          pending.findIndex(({ key, side }) => key[0] === b[1] && side === b[0]),
      ),
    );
    expect(keysOf(pending).at(-1)).toBe('C');
    await here.db.moveCursor('hq', null, '2', '3', [change('A', { deleted: true, oldRow: row('third') })], []);
    const again = (await due(here.db)).find(({ side, key }) => side === 'hq' && key[0] === 'A');
    expect(again).toMatchObject({ oldRow: row('third'), generation: 3 });
  });

  test('that changed again meanwhile are not taken away, and are due again', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    await here.db.moveCursor(
      'hq',
      null,
      null,
      '1',
      ['A', 'B', 'C', 'D'].map((key) => change(key)),
      [],
    );
    const [a, b, c, d] = await due(here.db);
    if (!a || !b || !c || !d) throw new Error('not pending');
    await here.db.record(recording(fence, { keep: [{ ...a, state: 'held' }] }));
    await here.db.moveCursor('hq', null, '1', '2', [change('A'), change('B', { deleted: true })], []);
    await here.db.record(
      recording(fence, {
        done: [a, b, c],
        keep: [
          { ...a, state: 'deletion' },
          { ...d, state: 'waiting' },
        ],
      }),
    );
    expect((await due(here.db)).map(({ key, deleted, generation }) => [key[0], deleted, generation])).toEqual([
      ['A', false, 2],
      ['B', true, 2],
    ]);
    expect(keysOf(await here.db.takePending(LANE, ['waiting', 'held'], null, 10))).toEqual(['D']);
    const none = {
      due: 0,
      deletion: 0,
      held: 0,
      waiting: 0,
      change: 0,
      changeHeld: 0,
      replacement: 0,
      replacementHeld: 0,
    };
    expect(await here.db.countPending(LANE, ['due', 'waiting', 'held'])).toEqual({
      hq: { ...none, due: 2, waiting: 1 },
      channel: none,
    });
    expect(await here.db.changePendingState(LANE, 'hq', 'waiting', 'due')).toBe(1);
    expect((await here.db.pendingOf(LANE, 'hq', [['D'], ['X']])).get('["D"]')?.state).toBe('due');
  });

  test('of both records of a living pair are counted as twice', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const [living, ended] = [newCoupling('A', '1'), newCoupling('B', '2')];
    await here.db.record(recording(fence, { couple: [living, ended] }));
    await here.db.record(recording(fence, { end: [{ id: ended.id, uncoupled: [] }] }));
    const changes = [change('A'), change('B'), ...['1', '2'].map((key) => change(key, { side: 'channel' }))];
    await here.db.moveCursor('hq', null, null, '1', changes, []);
    expect(await here.db.countPendingTwice(LANE, ['due'])).toBe(1);
    expect(await here.db.countPendingTwice(LANE, ['held'])).toBe(0);
  });

  test('are taken in pages, oldest first', async () => {
    await using here = await createCouplingDatabase();
    const keys = Array.from({ length: 25 }, (_, index) => `K${String(index).padStart(2, '0')}`);
    await here.db.moveCursor(
      'hq',
      null,
      null,
      '1',
      keys.map((key) => change(key)),
      [],
    );
    const seen: string[] = [];
    for (let after: string | null = null; ; ) {
      const page = await here.db.takePending(LANE, ['due', 'held'], after, 10);
      if (page.length === 0) break;
      seen.push(...keysOf(page));
      after = page.at(-1)?.id ?? null;
    }
    expect(seen).toEqual(keys);
  });

  test('name the lanes that have work, or owe a full run, and do not stand still', async () => {
    await using here = await createCouplingDatabase();
    const other = { mapping: 'items', channel: 'austin' };
    const idle = { mapping: 'idle', channel: 'austin' };
    await here.db.ensureLanes([idle, LANE, other]);
    expect(await lanesWithWork(here.db)).toHaveLength(3);
    for (const lane of [idle, LANE, other]) await here.db.changeLane(lane, { firstRunDone: true });
    expect(await lanesWithWork(here.db)).toEqual([]);
    await here.db.moveCursor('hq', null, null, '1', [change('A'), { ...change('B'), lane: other }, change('C')], []);
    expect(await lanesWithWork(here.db)).toEqual(expect.arrayContaining([LANE, other]));
    expect(await lanesWithWork(here.db)).toHaveLength(2);
    await here.db.changeLane(other, { paused: true });
    await here.db.oweFullRun(idle, { reason: 'configuration', trigger: 'configuration' });
    expect(await lanesWithWork(here.db)).toEqual(expect.arrayContaining([LANE, idle]));
    await here.db.changeLane(LANE, { stopped: { code: 'lineage-broken', params: {} } });
    expect(await lanesWithWork(here.db)).toEqual([idle]);
  });
});

describe('retries', () => {
  test('come among the pending when they are due, once, or when somebody asks', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const record = (key: string) => ({ ...syncError().hqRecord, key: [key], exists: true });
    const late = syncError({ hqRecord: record('late'), retryAt: '2020-01-01T00:00:00.000000Z' });
    const early = syncError({ hqRecord: record('early'), retryAt: '2999-01-01T00:00:00.000000Z' });
    const parked = syncError({ channelRecord: record('parked'), parked: true });
    const conflict = syncError({ hqRecord: record('conflict'), kind: 'conflict' });
    const ofMapping = syncError({ scope: 'mapping', code: 'mass-deletion' });
    await here.db.record(recording(fence, { errors: [late, early, parked, conflict, ofMapping] }));
    await here.db.changeLane(LANE, { firstRunDone: true });
    expect(await lanesWithWork(here.db)).toEqual([LANE]);
    expect(await here.db.pendRetries(LANE, 'due', 10)).toBe(1);
    expect(await here.db.pendRetries(LANE, 'due', 10)).toBe(0);
    expect(keysOf(await due(here.db))).toEqual(['late']);
    expect(await here.db.pendRetries(LANE, 'unparked', 10)).toBe(1);
    expect(await here.db.pendRetries(LANE, 'all', 10)).toBe(2);
    expect(await here.db.pendRetries(LANE, 'all', 10)).toBe(0);
    expect(keysOf(await due(here.db)).sort()).toEqual(['conflict', 'early', 'late', 'parked']);
    expect((await here.db.errorById(parked.id))?.parked).toBe(false);
    // Tried in vain by a run that was killed before it could say so: its time has gone with the call.
    await here.sql`delete from couplet.pending`;
    expect(await here.db.pendRetries(LANE, 'due', 10)).toBe(0);
  });
});

describe('a record whose key was changed', () => {
  test('keeps its coupling, and what was pending or uncoupled under the former key goes with it', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const coupling = newCoupling('A', '1');
    await here.db.record(recording(fence, { couple: [coupling], uncoupled: [{ side: 'hq', key: ['U'] }] }));
    await here.db.moveCursor('hq', null, null, '1', [change('A', { deleted: true, oldRow: row('a') })], []);
    await here.db.moveCursor('hq', null, '1', '2', [change('B')], [move('A', 'B'), move('U', 'V')]);
    expect((await here.db.couplingsByKey(LANE, 'hq', [['A'], ['B']])).get('["B"]')?.id).toBe(coupling.id);
    expect((await due(here.db)).map(({ key, deleted, oldRow }) => [key[0], deleted, oldRow])).toEqual([
      ['B', true, row('a')],
    ]);
    expect(await here.db.uncoupledAmong(LANE, 'hq', [['U'], ['V']])).toEqual(new Set(['["V"]']));
    expect(await here.sql`select key from couplet.former_key`).toMatchObject([{ key: '["A"]' }]);
  });

  test('keeps its error, unless one is open under the new key', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const of = (key: string) => syncError({ hqRecord: { ...syncError().hqRecord, key: [key], exists: true } });
    const [moved, left, known] = [of('A'), of('C'), of('D')];
    await here.db.record(recording(fence, { errors: [moved, left, known] }));
    await here.db.moveCursor('hq', null, null, '1', [], [move('A', 'B'), move('C', 'D')]);
    const keys = await Promise.all([moved, left, known].map(({ id }) => here.db.errorById(id)));
    expect(keys.map((error) => error?.hqRecord.key?.[0])).toEqual(['B', 'C', 'D']);
  });

  test('may swap it with another, or hand it on along a chain', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const [a, b, c] = [newCoupling('A', '1'), newCoupling('B', '2'), newCoupling('C', '3')];
    await here.db.record(recording(fence, { couple: [a, b, c] }));
    const moves = [move('A', 'tmp'), move('B', 'A'), move('tmp', 'B'), move('C', 'D')];
    await here.db.moveCursor('hq', null, null, '1', [], moves);
    const found = await here.db.couplingsByKey(LANE, 'hq', [['A'], ['B'], ['D']]);
    expect([...found].map(([key, { id }]) => [key, id]).sort()).toEqual([
      ['["A"]', b.id],
      ['["B"]', a.id],
      ['["D"]', c.id],
    ]);
  });

  test('leaves its coupling where it is when a living coupling holds the new key', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const [a, b] = [newCoupling('A', '1'), newCoupling('B', '2')];
    await here.db.record(recording(fence, { couple: [a, b] }));
    const window = [change('A', { deleted: true }), change('B', { deleted: true })];
    await here.db.moveCursor('hq', null, null, '1', window, [move('Z', 'A'), move('A', 'B')]);
    const found = await here.db.couplingsByKey(LANE, 'hq', [['A'], ['B']]);
    expect([found.get('["A"]')?.id, found.get('["B"]')?.id]).toEqual([a.id, b.id]);
    expect(keysOf(await due(here.db))).toEqual(['A', 'B']);
  });

  test('has its moves within a window added up', () => {
    const text = (from: string, to: string) => ({ from: [from], to: [to] });
    expect(netMoves([text('A', 'B'), text('B', 'C')])).toEqual([{ from: '["A"]', to: '["C"]' }]);
    expect(netMoves([text('A', 'B'), text('B', 'A')])).toEqual([]);
    expect(netMoves([text('A', 'X'), text('B', 'A'), text('X', 'B')])).toEqual([
      { from: '["B"]', to: '["A"]' },
      { from: '["A"]', to: '["B"]' },
    ]);
  });
});

const lanesWithWork = async (db: CouplingDatabase): Promise<readonly Lane[]> =>
  (await db.lanesWithWork()).map(({ lane }) => lane);
