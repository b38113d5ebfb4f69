import { describe, expect, test } from 'vitest';
import type { RecordKey } from '../../src/domain/record.ts';
import type { SyncError } from '../../src/ports/coupling-database.ts';
import { createCouplingDatabase, openTestLane } from './open-test-database.ts';
import { newCoupling, recording, syncError } from './recordings.ts';
import { until } from '../support/until.ts';

const GROUPS = { mapping: 'groups', channel: 'houston' };
const CUSTOMERS = { mapping: 'customers', channel: 'houston' };

const waiting = (key: string, parent: RecordKey, side: 'hq' | 'channel' = 'hq'): SyncError =>
  syncError({
    lane: CUSTOMERS,
    code: 'parent-not-coupled',
    parked: true,
    hqRecord: { ...syncError().hqRecord, key: [key], exists: true },
    waitsFor: { mapping: 'groups', side, key: parent },
  });

describe('a parent that is coupled', () => {
  test('releases the records in error for its want, by either of its keys, and no others', async () => {
    await using here = await createCouplingDatabase();
    const [groups, customers] = [await openTestLane(here.db, GROUPS), await openTestLane(here.db, CUSTOMERS)];
    const errors = [
      waiting('A', ['G1']),
      waiting('B', ['g1'], 'channel'),
      waiting('C', ['G2']),
      waiting('D', ['G1'], 'channel'),
    ];
    await here.db.record(recording(customers, { errors }));
    await here.db.record(recording(groups, { couple: [newCoupling('G1', 'g1')] }));
    const due = await here.db.takePending(CUSTOMERS, ['due'], null, 10);
    expect(due.map(({ side, key }) => [side, key[0]])).toEqual([
      ['hq', 'A'],
      ['hq', 'B'],
    ]);
    expect((await here.db.errorById(errors[0]?.id ?? ''))?.parked).toBe(false);
    expect((await here.db.errorById(errors[2]?.id ?? ''))?.parked).toBe(true);
  });

  test.for([
    ['hq', 'G1'],
    ['channel', 'g1'],
  ] as const)('releases the pairs whose reference was written as null, once, by its key in %s', async ([side, key]) => {
    await using here = await createCouplingDatabase();
    const [groups, customers] = [await openTestLane(here.db, GROUPS), await openTestLane(here.db, CUSTOMERS)];
    const coupling = newCoupling('A', '1');
    const wait = { couplingId: coupling.id, mapping: 'groups', side, key: [key] };
    await here.db.record(recording(customers, { couple: [coupling], waits: [wait] }));
    await here.db.record(recording(groups, { couple: [newCoupling('G1', side === 'hq' ? null : 'g1')] }));
    const [due] = await here.db.takePending(CUSTOMERS, ['due'], null, 10);
    expect(due?.key).toEqual(['A']);
    await here.db.record(recording(customers, { done: [{ id: due?.id ?? '', generation: due?.generation ?? 0 }] }));
    const [parent] = await here.db.scanCouplings(GROUPS, null, 1);
    await here.db.record(recording(groups, { update: [{ id: parent?.id ?? '', hqKey: ['G1'], channelKey: ['g1'] }] }));
    expect(await here.db.takePending(CUSTOMERS, ['due'], null, 10)).toEqual([]);
  });

  test('that was coupled after somebody looked and before they recorded that they wait releases them as well', async () => {
    await using here = await createCouplingDatabase();
    const [groups, customers] = [await openTestLane(here.db, GROUPS), await openTestLane(here.db, CUSTOMERS)];
    await here.db.record(recording(groups, { couple: [newCoupling('G1', 'g1')] }));
    await here.db.record(recording(customers, { errors: [waiting('A', ['G1'])] }));
    expect((await here.db.takePending(CUSTOMERS, ['due'], null, 10)).map(({ key }) => key[0])).toEqual(['A']);
  });

  test('releases them however the two recordings fall together', async () => {
    await using here = await createCouplingDatabase();
    const [groups, customers] = [await openTestLane(here.db, GROUPS), await openTestLane(here.db, CUSTOMERS)];
    const names = Array.from({ length: 20 }, (_, index) => String(index));
    await Promise.all(
      names.flatMap((name) => [
        here.db.record(recording(groups, { couple: [newCoupling(`G${name}`, `g${name}`)] })),
        here.db.record(recording(customers, { errors: [waiting(`C${name}`, [`G${name}`])] })),
      ]),
    );
    expect(await here.db.takePending(CUSTOMERS, ['due'], null, 100)).toHaveLength(names.length);
  });

  test('is recorded before or after whoever begins to wait for it, never at once', async () => {
    await using here = await createCouplingDatabase();
    const [groups, customers] = [await openTestLane(here.db, GROUPS), await openTestLane(here.db, CUSTOMERS)];
    const [lane] = await here.sql<{ id: number }[]>`select id from couplet.lane where mapping = ${GROUPS.mapping}`;
    const lockOf = { coupling: 'pg_advisory_xact_lock_shared', waiting: 'pg_advisory_xact_lock' };
    const recordings = {
      coupling: recording(groups, { couple: [newCoupling('G1', 'g1')] }),
      waiting: recording(customers, { errors: [waiting('A', ['G1'])] }),
    };
    for (const [first, second] of [
      ['coupling', 'waiting'],
      ['waiting', 'coupling'],
    ] as const) {
      let isRecorded = false;
      let recorded: Promise<void> = Promise.resolve();
      await here.sql.begin(async (sql) => {
        await sql.unsafe(`select ${lockOf[first]}(1668312181, ${lane?.id})`);
        recorded = here.db.record(recordings[second]).then(() => void (isRecorded = true));
        const waits = () => here.sql`
          select 1 from pg_locks w join pg_database d on d.oid = w.database
           where d.datname = current_database() and w.locktype = 'advisory' and not w.granted`;
        await until(async () => isRecorded || (await waits()).length > 0);
        expect(isRecorded).toBe(false);
      });
      await recorded;
    }
  });

  test('of its own mapping, in the same recording, neither waits for itself nor deadlocks', async () => {
    await using here = await createCouplingDatabase();
    const groups = await openTestLane(here.db, GROUPS);
    const child = (name: string) => {
      const coupling = newCoupling(name, name);
      return {
        couple: [coupling],
        waits: [{ couplingId: coupling.id, mapping: 'groups', side: 'hq' as const, key: ['top'] }],
      };
    };
    await Promise.all(['a', 'b', 'c'].map((name) => here.db.record(recording(groups, child(name)))));
    await here.db.record(recording(groups, { couple: [newCoupling('top', 'top')] }));
    const due = await here.db.takePending(GROUPS, ['due'], null, 10);
    expect(due.map(({ key }) => key[0]).sort()).toEqual(['a', 'b', 'c']);
  });
});
