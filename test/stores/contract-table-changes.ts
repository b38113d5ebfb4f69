/** What happens to a table as a whole: truncated, replaced, altered, or no longer watched. */
import { describe, expect, it } from 'vitest';
import type { MakeFixture } from './contract-fixture.ts';
import { CUSTOMER, READER, customer, readAll, setStage } from './contract-tables.ts';

export function describeTableChanges(makeFixture: MakeFixture): void {
  describe('a table', () => {
    it('that was truncated is told of, and proves no absence until that is accepted', async () => {
      await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1), customer(2)]);
      const { app, store, table } = stage;
      expect((await table.read([['1']], stage.cursor)).absenceProven).toBe(true);
      await app.truncate('customer');
      expect(await table.read([['1']], stage.cursor)).toMatchObject({ records: new Map(), absenceProven: false });
      const window = await readAll(store, stage.cursor);
      expect(window.truncated).toEqual([app.nameOf('customer')]);
      expect(window.marks.filter(({ deleted }) => deleted)).toEqual([]);
      expect((await table.read([['1']], window.cursor)).absenceProven).toBe(false);
      await store.acceptTables([app.nameOf('customer')]);
      expect((await table.read([['1']], window.cursor)).absenceProven).toBe(true);
      expect((await readAll(store, window.cursor)).truncated).toEqual([]);
    });

    it('that was truncated and filled again tells of the new rows too', async () => {
      await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1), customer(2)]);
      const { app, store } = stage;
      await app.truncate('customer');
      await app.insert('customer', [customer(1), customer(3)]);
      const window = await readAll(store, stage.cursor, 1);
      expect(window.truncated).toEqual([app.nameOf('customer')]);
      expect(window.marks.map(({ key }) => key[0]).sort()).toEqual(['1', '3']);
    });

    it('whose columns changed is shown with every window until that is accepted', async () => {
      await using stage = await setStage(makeFixture);
      const { app, store } = stage;
      await app.addColumn('customer', 'region');
      for (let time = 0; time < 2; time += 1) {
        const page = await store.readWindow(READER, stage.cursor, 10);
        expect(page.changedTables.map(({ table }) => table)).toEqual([app.nameOf('customer')]);
      }
      await store.acceptTables([app.nameOf('customer')]);
      expect((await store.readWindow(READER, stage.cursor, 10)).changedTables).toEqual([]);
    });

    it('that was replaced by another of the same name is noticed, and proves no absence', async () => {
      await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
      const { app, store } = stage;
      await app.replaceTable('customer');
      const page = await store.readWindow(READER, stage.cursor, 10);
      expect(page.changedTables.map(({ table }) => table)).toEqual([app.nameOf('customer')]);
      expect((await stage.table.read([['2']], stage.cursor)).absenceProven).toBe(false);
      const watched = [{ table: app.nameOf('customer'), keys: [['id']] }];
      expect(await store.isInstalled(watched)).toBe(false);
      expect((await store.install(watched)).installed).toEqual([app.nameOf('customer')]);
      // Installing again does not say that anybody has compared the table: it is still shown.
      expect((await store.readWindow(READER, stage.cursor, 10)).changedTables).toHaveLength(1);
      await store.acceptTables([app.nameOf('customer')]);
      expect((await store.readWindow(READER, stage.cursor, 10)).changedTables).toEqual([]);
      await app.update('customer', { id: '1' }, { name: 'Seen' });
      expect((await readAll(store, stage.cursor)).marks).toMatchObject([{ key: ['1'] }]);
    });

    it('whose capture was switched off is noticed although nothing is marked any more', async () => {
      await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
      const { app, store } = stage;
      await app.silenceCapture('customer');
      await app.update('customer', { id: '1' }, { name: 'Unseen' });
      const page = await store.readWindow(READER, stage.cursor, 10);
      expect(page.marks).toEqual([]);
      expect(page.changedTables.map(({ table }) => table)).toEqual([app.nameOf('customer')]);
      expect(await store.isInstalled([{ table: app.nameOf('customer'), keys: [['id']] }])).toBe(false);
    });
  });
}
