/** Records that the store does not take: each refused for itself, with what a person needs to know. */
import { describe, expect, it } from 'vitest';
import type { ContractTable, MakeFixture } from './contract-fixture.ts';
import {
  CUSTOMER,
  columnOf,
  customer,
  deleteOf,
  insertOf,
  readAll,
  refused,
  setStage,
  statuses,
  takeHand,
  updateOf,
} from './contract-tables.ts';

const GUARDED: ContractTable = {
  name: 'guarded',
  columns: { id: { type: 'integer' }, name: { type: 'text' } },
  primaryKey: ['id'],
  triggers: [
    { does: 'swallow', operation: 'update', column: 'name', equals: 'no update' },
    { does: 'swallow', operation: 'delete', column: 'name', equals: 'keep' },
    { does: 'swallow', operation: 'insert', column: 'name', equals: 'no insert' },
  ],
};

const ADDRESS: ContractTable = {
  name: 'address',
  columns: { id: { type: 'integer' }, customer: { type: 'integer' } },
  primaryKey: ['id'],
  references: [{ columns: ['customer'], parent: 'customer', parentColumns: ['id'], onDelete: 'noAction' }],
};
const PROMISE: ContractTable = {
  ...ADDRESS,
  name: 'promise',
  references: [{ ...ADDRESS.references![0]!, deferrable: true }],
};

export function describeRefusals(makeFixture: MakeFixture): void {
  describe('a write that the store does not take', () => {
    it('names the record that holds the unique value, and touches it not', async () => {
      await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1), customer(2)]);
      const { app, table, store } = stage;
      const outcomes = await (await takeHand(store)).write(table, [
        await updateOf(table, ['1'], { code: 'C2', name: 'Half' }),
        insertOf({ code: 'C2' }),
      ]);
      for (const outcome of outcomes) {
        expect(refused(outcome)).toMatchObject({ code: 'constraint-violated', blockedBy: ['2'] });
        expect(refused(outcome).params['constraint']).toEqual(expect.any(String));
      }
      expect(await columnOf(app, 'customer', 'name')).toEqual({ 1: 'Name 1', 2: 'Name 2' });
    });

    it('is told by the rule that speaks against it', async () => {
      await using stage = await setStage(
        makeFixture,
        [CUSTOMER],
        [1, 2, 3, 4].map((id) => customer(id)),
      );
      const { app, table, store } = stage;
      const before = await app.rows('customer');
      const outcomes = await (await takeHand(store)).write(table, [
        await updateOf(table, ['1'], { code: null }),
        await updateOf(table, ['2'], { name: 'more than twenty letters long' }),
        await updateOf(table, ['3'], { credit: 'much' }),
        await updateOf(table, ['4'], { credit: '-1' }),
        insertOf({ name: 'without code' }),
      ]);
      expect(outcomes.map((outcome) => refused(outcome).code)).toEqual([
        'required-value-missing',
        'value-too-long',
        'value-invalid',
        'constraint-violated',
        'required-value-missing',
      ]);
      expect(refused(outcomes[0]).params).toMatchObject({ column: 'code' });
      expect(refused(outcomes[1]).params).toMatchObject({ limit: 20 });
      expect(outcomes.every((outcome) => refused(outcome).blockedBy === null)).toBe(true);
      expect(await app.rows('customer')).toEqual(before);
    });

    it('is one whose parent is missing, or whose children would be left behind', async () => {
      for (const child of [ADDRESS, PROMISE]) {
        await using stage = await setStage(makeFixture, [CUSTOMER, child], [customer(1)]);
        const { app, table, store } = stage;
        await app.insert(child.name, [{ id: '1', customer: '1' }]);
        const children = await store.table({
          table: app.nameOf(child.name),
          key: ['id'],
          columns: ['id', 'customer'],
          filter: null,
          onCreate: {},
        });
        const hand = await takeHand(store);
        const inserts = [insertOf({ id: '2', customer: '99' }), insertOf({ id: '3', customer: '1' })];
        const outcomes = await hand.write(children, inserts);
        expect(statuses(outcomes)).toEqual(['refused', 'written']);
        expect(refused(outcomes[0]).code).toBe('constraint-violated');
        const [deletion] = await hand.write(table, [await deleteOf(table, ['1'])]);
        expect(refused(deletion).code).toBe('constraint-violated');
        expect(await app.rows('customer')).toHaveLength(1);
      }
    });

    it('does not fail the others of its batch, wherever it stands and however many there are', async () => {
      const rows = Array.from({ length: 40 }, (_, index) => customer(index + 1));
      await using stage = await setStage(makeFixture, [CUSTOMER], rows);
      const { app, table, store, cursor } = stage;
      const bad = new Set(['1', '2', '17', '40']);
      const writes = await Promise.all(
        rows.map(({ id }) => updateOf(table, [id!], bad.has(id!) ? { credit: '-5' } : { email: 'all@example.com' })),
      );
      const outcomes = await (await takeHand(store)).write(table, writes);
      expect(statuses(outcomes)).toEqual(rows.map(({ id }) => (bad.has(id!) ? 'refused' : 'written')));
      const emails = await columnOf(app, 'customer', 'email');
      for (const { id, email } of rows) expect(emails[id!]).toBe(bad.has(id!) ? email : 'all@example.com');
      // What was tried and taken back leaves no mark.
      expect((await readAll(store, cursor)).marks).toHaveLength(36);
    });

    it('is told apart from one that a trigger swallowed without a word', async () => {
      const rows = [
        { id: '1', name: 'a' },
        { id: '2', name: 'keep' },
        { id: '3', name: 'b' },
      ];
      await using stage = await setStage(makeFixture, [GUARDED], rows);
      const { app, table, store, cursor } = stage;
      const outcomes = await (await takeHand(store)).write(table, [
        await updateOf(table, ['1'], { name: 'no update' }),
        await deleteOf(table, ['2']),
        await updateOf(table, ['3'], { name: 'c' }),
        insertOf({ id: '4', name: 'no insert' }),
        insertOf({ id: '5', name: 'd' }),
      ]);
      expect(statuses(outcomes)).toEqual(['suppressed', 'suppressed', 'written', 'suppressed', 'written']);
      expect(await columnOf(app, 'guarded', 'name')).toEqual({ 1: 'a', 2: 'keep', 3: 'c', 5: 'd' });
      expect((await readAll(store, cursor)).marks).toHaveLength(2);
    });

    it('for a unique value that an open transaction has taken comes later', async () => {
      await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
      const { app, table, store } = stage;
      const open = await app.begin();
      await open.insert('customer', [customer(2, { code: 'WANTED' })]);
      const hand = await takeHand(store);
      const writes = [await updateOf(table, ['1'], { code: 'WANTED' }), insertOf({ code: 'free' })];
      expect(statuses(await hand.write(table, writes))).toEqual(['busy', 'written']);
      await open.commit();
      const [outcome] = await hand.write(table, writes.slice(0, 1));
      expect(refused(outcome)).toMatchObject({ code: 'constraint-violated', blockedBy: ['2'] });
    });

    it('leaves out of an exchange of unique values those that cannot take part', async () => {
      await using stage = await setStage(
        makeFixture,
        [CUSTOMER],
        [1, 2, 3, 4].map((id) => customer(id)),
      );
      const { app, table, store } = stage;
      const outcomes = await (await takeHand(store)).write(table, [
        await updateOf(table, ['1'], { code: 'C2' }),
        await updateOf(table, ['2'], { code: 'C1' }),
        await updateOf(table, ['3'], { code: 'C4' }),
      ]);
      expect(statuses(outcomes)).toEqual(['written', 'written', 'refused']);
      expect(refused(outcomes[2]).blockedBy).toEqual(['4']);
      expect(await columnOf(app, 'customer', 'code')).toEqual({ 1: 'C2', 2: 'C1', 3: 'C3', 4: 'C4' });
    });
  });
}
