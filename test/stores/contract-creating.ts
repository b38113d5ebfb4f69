/** Records that Couplet creates, one by one or in bulk, and records that it brings back. */
import { describe, expect, it } from 'vitest';
import type { ContractTable, MakeFixture } from './contract-fixture.ts';
import {
  CUSTOMER,
  columnOf,
  customer,
  deleteOf,
  insertOf,
  readAll,
  restoreOf,
  setStage,
  shapeOf,
  statuses,
  takeHand,
  updateOf,
  written,
} from './contract-tables.ts';

export function describeCreating(makeFixture: MakeFixture): void {
  describe('creations', () => describeCreations(makeFixture));
  describe('restored records', () => describeRestores(makeFixture));
}

function describeCreations(makeFixture: MakeFixture): void {
  it('take the key that the store gives, each its own, in whatever order the store makes them', async () => {
    await using stage = await setStage(makeFixture);
    const { table, store } = stage;
    const writes = Array.from({ length: 20 }, (_, index) =>
      insertOf({ code: `K${(index * 7) % 20}`, name: `N${index}` }),
    );
    const outcomes = await (await takeHand(store)).write(table, writes);
    const { records } = await table.read(
      outcomes.map((outcome) => written(outcome).key),
      null,
    );
    expect(records.size).toBe(20);
    for (const [index, outcome] of outcomes.entries()) {
      expect(written(outcome)).toMatchObject({ old: null, oldRow: null });
      expect(written(outcome).held?.slice(1, 3)).toEqual([`K${(index * 7) % 20}`, `N${index}`]);
    }
  });

  it('take the key that a trigger of the app gives', async () => {
    const numbered: ContractTable = {
      name: 'ticket',
      columns: { no: { type: 'integer' }, title: { type: 'text' } },
      primaryKey: ['no'],
      triggers: [{ does: 'number', column: 'no' }],
    };
    await using stage = await setStage(makeFixture, [numbered]);
    const { app, table, store } = stage;
    const writes = ['c', 'a', 'b'].map((title) => insertOf({ title }));
    const outcomes = await (await takeHand(store)).write(table, writes);
    const titles = await columnOf(app, 'ticket', 'title', 'no');
    expect(outcomes.map((outcome) => titles[written(outcome).key[0]!])).toEqual(['c', 'a', 'b']);
  });

  it('may bring their key along where the store lets them choose; else it gives one', async () => {
    await using stage = await setStage(makeFixture);
    const { table, store, app } = stage;
    const [outcome] = await (await takeHand(store)).write(table, [insertOf(customer(77))]);
    const [id] = written(outcome).key;
    if (store.capabilities.choosesKeys) expect(id).toBe('77');
    expect(await app.rows('customer')).toMatchObject([{ id, code: 'C77' }]);
  });

  it('fill columns that no mapping knows from the mapping, else from the store', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    const { app, store } = stage;
    const table = await store.table(shapeOf(app, CUSTOMER, { onCreate: { notes: 'by Couplet' } }));
    const hand = await takeHand(store);
    await hand.write(table, [insertOf({ code: 'new' }), await updateOf(table, ['1'], { name: 'Changed' })]);
    const notes = await columnOf(app, 'customer', 'notes', 'code');
    expect(notes).toEqual({ C1: 'none', new: 'by Couplet' });
  });

  it('are not made when a record that matches is there by now', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1, { email: 'Info@Adatum.example' })]);
    const { app, table, store } = stage;
    const unless = (caseSensitive: boolean, email: string | null) => [
      { columns: ['email'], caseSensitive, values: [email] },
    ];
    const outcomes = await (await takeHand(store)).write(table, [
      { ...insertOf({ code: 'a' }), unless: unless(false, 'info@adatum.example') },
      { ...insertOf({ code: 'b' }), unless: unless(true, 'info@adatum.example') },
      { ...insertOf({ code: 'c' }), unless: unless(true, null) },
      {
        ...insertOf({ code: 'd' }),
        unless: [...unless(true, 'nobody'), { columns: ['code'], caseSensitive: true, values: ['C1'] }],
      },
    ] as Parameters<typeof table.write>[0]['writes']);
    expect(statuses(outcomes)).toEqual(['matched', 'written', 'written', 'matched']);
    expect(await app.rows('customer')).toHaveLength(3);
  });

  it('by the hundred into an empty table can be loaded in bulk', async () => {
    await using stage = await setStage(makeFixture);
    const { app, table, store, cursor } = stage;
    const writes = Array.from({ length: 300 }, (_, index) =>
      insertOf({ code: `B${index}`, name: index % 3 === 0 ? null : `N${index}`, email: 'tab\there, "quoted" \\N' }),
    );
    const outcomes = await (await takeHand(store)).write(table, writes, { expectEmpty: true });
    expect(new Set(statuses(outcomes))).toEqual(new Set(['written']));
    const names = await columnOf(app, 'customer', 'name', 'code');
    expect(Object.keys(names)).toHaveLength(300);
    for (const [index, outcome] of outcomes.entries()) {
      expect(written(outcome).held?.[1]).toBe(`B${index}`);
      expect(names[`B${index}`]).toBe(index % 3 === 0 ? null : `N${index}`);
    }
    expect((await readAll(store, cursor)).marks).toHaveLength(300);
  });

  it('are made one by one when the table is not empty after all', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    const writes = [insertOf({ code: 'C1' }), insertOf({ code: 'new' })];
    const outcomes = await (await takeHand(stage.store)).write(stage.table, writes, { expectEmpty: true });
    expect(statuses(outcomes)).toEqual(['refused', 'written']);
  });

  it('of two records with the same unique value are one creation and one refusal, in bulk too', async () => {
    for (const expectEmpty of [false, true]) {
      await using stage = await setStage(makeFixture);
      const writes = [insertOf({ code: 'same' }), insertOf({ code: 'same' }), insertOf({ code: 'other' })];
      const outcomes = await (await takeHand(stage.store)).write(stage.table, writes, { expectEmpty });
      expect(statuses(outcomes).slice(0, 2).sort()).toEqual(['refused', 'written']);
      expect(statuses(outcomes)[2]).toBe('written');
      expect(await stage.app.rows('customer')).toHaveLength(2);
    }
  });
}

function describeRestores(makeFixture: MakeFixture): void {
  it('come back with the columns that no mapping knows, and with their key where the store lets it be chosen', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1, { notes: 'keep me', active: 'false' })]);
    const { app, table, store, cursor } = stage;
    const [before] = await app.rows('customer');
    await app.delete('customer', { id: '1' });
    const [mark] = (await readAll(store, cursor)).marks;
    const [outcome] = await (await takeHand(store)).write(table, [restoreOf(['1'], mark!.oldRow!)]);
    const { key, old } = written(outcome);
    expect(old).toBeNull();
    if (store.capabilities.choosesKeys) expect(key).toEqual(['1']);
    expect(await app.rows('customer')).toEqual([{ ...before, id: key[0] }]);
  });

  it('come back from what the delete itself returned, with the values that were chosen since', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1, { notes: 'keep me' })]);
    const { app, table, store } = stage;
    const hand = await takeHand(store);
    const [deletion] = await hand.write(table, [await deleteOf(table, ['1'])]);
    const [outcome] = await hand.write(table, [restoreOf(['1'], written(deletion).oldRow!, { name: 'Newer' })]);
    const [id] = written(outcome).key;
    expect(await app.rows('customer')).toMatchObject([{ id, name: 'Newer', shout: 'NEWER', notes: 'keep me' }]);
  });

  it('keep a key that only the store gives, where it lets them, and later creations do not meet it', async () => {
    const table: ContractTable = {
      name: 'entry',
      columns: { no: { type: 'integer', identity: 'always' }, text: { type: 'text' } },
      primaryKey: ['no'],
    };
    await using stage = await setStage(makeFixture, [table]);
    const hand = await takeHand(stage.store);
    const [first] = await hand.write(stage.table, [insertOf({ text: 'one' })]);
    const [gone] = await hand.write(stage.table, [await deleteOf(stage.table, written(first).key)]);
    const outcomes = await hand.write(stage.table, [
      restoreOf(written(gone).key, written(gone).oldRow!),
      insertOf({ text: 'two' }),
    ]);
    if (stage.store.capabilities.choosesKeys) expect(written(outcomes[0]).key).toEqual(written(first).key);
    expect(written(outcomes[1]).key).not.toEqual(written(outcomes[0]).key);
    expect(await stage.app.rows('entry')).toHaveLength(2);
  });

  it('are refused when the key is taken again, naming who has it, unless they get another', async () => {
    await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
    const { table, store, app } = stage;
    const [row] = await app.rows('customer');
    await app.update('customer', { id: '1' }, { code: 'OTHER' });
    const [outcome] = await (await takeHand(store)).write(table, [restoreOf(['1'], row!)]);
    if (!store.capabilities.choosesKeys) return expect(written(outcome).key).not.toEqual(['1']);
    expect(outcome).toMatchObject({ status: 'refused', refusal: { code: 'constraint-violated', blockedBy: ['1'] } });
  });
}
