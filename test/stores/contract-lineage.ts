/** A store, or a coupling database, that went back in time is noticed before anything is acted on. */
import { describe, expect, it } from 'vitest';
import { LineageBroken } from '../../src/errors/store-faults.ts';
import type { MakeFixture } from './contract-fixture.ts';
import { CUSTOMER, READER, customer, readAll, setStage } from './contract-tables.ts';

export function describeLineage(makeFixture: MakeFixture): void {
  describe('lineage', () => {
    it('holds when confirmations are lost, repeated, or come late', async () => {
      await using stage = await setStage(makeFixture);
      const { app, store } = stage;
      await app.insert('customer', [customer(1)]);
      const first = await store.readWindow(READER, stage.cursor, 10);
      await app.insert('customer', [customer(2)]);
      const second = await store.readWindow(READER, first.cursor, 10);
      await store.confirm(READER, second.cursor);
      await store.confirm(READER, second.cursor);
      await store.confirm(READER, first.cursor);
      await app.insert('customer', [customer(3)]);
      expect((await readAll(store, second.cursor)).marks).toMatchObject([{ key: ['3'] }]);
    });

    it('holds when a window is read again because the coupling database did not keep it', async () => {
      await using stage = await setStage(makeFixture);
      await stage.app.insert('customer', [customer(1)]);
      const once = await stage.store.readWindow(READER, stage.cursor, 10);
      const again = await stage.store.readWindow(READER, stage.cursor, 10);
      expect(again.marks).toEqual(once.marks);
      await stage.store.confirm(READER, again.cursor);
      expect((await readAll(stage.store, again.cursor)).marks).toEqual([]);
    });

    it('holds when a reader asks for its place a second time', async () => {
      await using stage = await setStage(makeFixture);
      const { app, store } = stage;
      await app.insert('customer', [customer(1)]);
      const again = await store.currentCursor(READER);
      // Whichever of the two the coupling database has kept, it can go on from there.
      expect((await store.readWindow(READER, stage.cursor, 10)).marks).toHaveLength(1);
      expect((await store.readWindow(READER, again, 10)).marks).toHaveLength(0);
      await store.confirm(READER, again);
      await app.insert('customer', [customer(2)]);
      expect((await readAll(store, again)).marks).toMatchObject([{ key: ['2'] }]);
    });

    it('is broken when the store was put back to before what was read', async () => {
      await using stage = await setStage(makeFixture);
      const { app, store } = stage;
      await app.insert('customer', [customer(1)]);
      const before = await readAll(store, stage.cursor);
      const putBack = await app.backUp();
      await app.insert('customer', [customer(2)]);
      const after = await readAll(store, before.cursor);
      await putBack();
      await expect(store.readWindow(READER, after.cursor, 10)).rejects.toThrow(LineageBroken);
      // Also when the store has lived on since, and is as far as it was.
      await app.insert('customer', [customer(3)]);
      await expect(store.readWindow(READER, after.cursor, 10)).rejects.toThrow(LineageBroken);
    });

    it('is broken when the store was put back to before the reader was known', async () => {
      await using fixture = await makeFixture();
      const { app, store } = fixture;
      await app.createTable(CUSTOMER);
      await store.install([{ table: app.nameOf('customer'), keys: [['id']] }]);
      const putBack = await app.backUp();
      const cursor = await store.currentCursor(READER);
      await app.insert('customer', [customer(1)]);
      await putBack();
      await expect(store.readWindow(READER, cursor, 10)).rejects.toThrow(LineageBroken);
    });

    it('holds when the store was put back to where the reader stands: nothing is lost that it knew', async () => {
      await using stage = await setStage(makeFixture);
      const { app, store } = stage;
      await app.insert('customer', [customer(1)]);
      const { cursor } = await readAll(store, stage.cursor);
      const putBack = await app.backUp();
      await app.insert('customer', [customer(2)]);
      await putBack();
      expect((await readAll(store, cursor)).marks).toEqual([]);
      await app.insert('customer', [customer(3)]);
      expect((await readAll(store, cursor)).marks).toMatchObject([{ key: ['3'] }]);
    });

    it('is broken, or nothing is missed, when the store was put back to between a mark and its reading', async () => {
      await using stage = await setStage(makeFixture);
      const { app, store } = stage;
      await app.insert('customer', [customer(1)]);
      const putBack = await app.backUp();
      // Transactions that leave no mark use numbers up, which the store gives to others after it was put back.
      for (let round = 0; round < 5; round += 1) {
        const transaction = await app.begin();
        await transaction.insert('customer', [customer(2)]);
        await transaction.rollback();
      }
      const { cursor } = await readAll(store, stage.cursor);
      await putBack();
      await app.insert('customer', [customer(3)]);
      const [window] = await Promise.allSettled([store.readWindow(READER, cursor, 10)]);
      if (window.status === 'rejected') expect(window.reason).toBeInstanceOf(LineageBroken);
      else expect(window.value.marks).toMatchObject([{ key: ['3'] }]);
    });

    it('is broken when the coupling database was put back: it comes with an older cursor', async () => {
      await using stage = await setStage(makeFixture);
      const { app, store } = stage;
      await app.insert('customer', [customer(1)]);
      const first = await readAll(store, stage.cursor);
      await app.insert('customer', [customer(2)]);
      await readAll(store, first.cursor);
      await expect(store.readWindow(READER, first.cursor, 10)).rejects.toThrow(LineageBroken);
      await expect(store.readWindow(READER, stage.cursor, 10)).rejects.toThrow(LineageBroken);
    });

    it('is broken when another store answers at the address', async () => {
      await using stage = await setStage(makeFixture);
      await using other = await setStage(makeFixture);
      await expect(other.store.readWindow(READER, stage.cursor, 10)).rejects.toThrow(LineageBroken);
    });

    it('is broken when the capture was taken out and put in again behind the reader', async () => {
      await using stage = await setStage(makeFixture);
      const { app, store } = stage;
      await app.insert('customer', [customer(1)]);
      const { cursor } = await readAll(store, stage.cursor);
      await store.uninstall();
      await app.insert('customer', [customer(2)]);
      await store.install([{ table: app.nameOf('customer'), keys: [['id']] }]);
      await expect(store.readWindow(READER, cursor, 10)).rejects.toThrow(LineageBroken);
    });
  });
}
