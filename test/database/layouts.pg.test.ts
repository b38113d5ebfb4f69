import { describe, expect, test } from 'vitest';
import { projectBase } from '../../src/database/lanes/layouts.ts';
import { createCouplingDatabase, openTestLane } from './open-test-database.ts';
import { baseUpdate, FIELDS, LANE, newCoupling, recording } from './recordings.ts';

const [NAME, EMAIL] = FIELDS as [(typeof FIELDS)[number], (typeof FIELDS)[number]];
const PHONE = { name: 'phone', fingerprint: 'text' };

describe('the fields of a mapping over time', () => {
  test('a base keeps the values of fields that stayed as they were, in whatever order they are now', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const coupling = newCoupling('A', '1', {
      base: { hq: ['Anna', 'a@x'], channel: ['ANNA', 'a@x'], states: ['known', 'clearedInChannel'] },
    });
    await here.db.record(recording(fence, { couple: [coupling] }));
    const changed = await here.db.ensureLayout(LANE, [EMAIL, PHONE, NAME]);
    expect(changed.changed).toBe(true);
    const loaded = (await here.db.couplingsById([coupling.id])).get(coupling.id);
    expect(loaded?.base).toEqual({
      hq: ['a@x', null, 'Anna'],
      channel: ['a@x', null, 'ANNA'],
      states: ['clearedInChannel', 'none', 'known'],
    });
  });

  test('a field whose transform changed has never agreed, until it is written again', async () => {
    await using here = await createCouplingDatabase();
    const fence = await openTestLane(here.db);
    const coupling = newCoupling('A', '1');
    await here.db.record(recording(fence, { couple: [coupling] }));
    await here.db.ensureLayout(LANE, [NAME, { ...EMAIL, fingerprint: 'lower case' }]);
    const before = (await here.db.couplingsByKey(LANE, 'hq', [['A']])).get('["A"]');
    expect(before?.base.states).toEqual(['known', 'none']);
    await here.db.record(recording(fence, { update: [baseUpdate(coupling.id, ['Anna', 'a@x'])] }));
    const [after] = await here.db.scanCouplings(LANE, null, 10);
    expect(after?.base).toEqual({ hq: ['Anna', 'a@x'], channel: ['Anna', 'a@x'], states: null });
  });

  test('say whether they changed, and the same fields are the same layout for every mapping', async () => {
    await using here = await createCouplingDatabase();
    const other = { ...LANE, mapping: 'vendors' };
    await here.db.ensureLanes([LANE, other]);
    const first = await here.db.ensureLayout(LANE, FIELDS);
    expect(first.changed).toBe(false);
    expect(await here.db.ensureLayout(LANE, FIELDS)).toEqual(first);
    expect((await here.db.ensureLayout(other, FIELDS)).layoutId).toBe(first.layoutId);
    expect((await here.db.ensureLayout(LANE, [NAME])).changed).toBe(true);
    expect(await here.db.ensureLayout(LANE, FIELDS)).toEqual({ layoutId: first.layoutId, changed: true });
  });

  test('fields that went and came back are known no more than the values kept say', () => {
    const without = projectBase([NAME, EMAIL], [NAME])({ hq: ['a', 'b'], channel: ['a', 'b'], states: null });
    expect(without).toEqual({ hq: ['a'], channel: ['a'], states: null });
    expect(projectBase([NAME], [NAME, EMAIL])(without).states).toEqual(['known', 'none']);
  });
});
