/** Set-up: describing tables, installing and removing the capture. */
import { describe, expect, it } from 'vitest';
import { StoreRefused } from '../../src/errors/store-faults.ts';
import type { MakeFixture } from './contract-fixture.ts';
import { CUSTOMER, ORDER_LINE, READER, customer, readAll, setStage, shapeOf } from './contract-tables.ts';

const ADDRESS = {
  name: 'address',
  columns: { id: { type: 'integer' }, customer: { type: 'integer' }, city: { type: 'text' } },
  primaryKey: ['id'],
  references: [{ columns: ['customer'], parent: 'customer', parentColumns: ['id'], onDelete: 'cascade' }],
} as const;

export function describeSetup(makeFixture: MakeFixture): void {
  describe('set-up', () => {
    it('names the store the same for every connection', async () => {
      await using fixture = await makeFixture();
      const other = await fixture.open();
      const identity = await fixture.store.identify();
      expect(identity.identity).not.toBe('');
      expect(await other.identify()).toEqual(identity);
    });

    it('describes columns, keys and foreign keys, and knows nothing of a table that is not there', async () => {
      await using fixture = await makeFixture();
      const { app, store } = fixture;
      for (const table of [CUSTOMER, ADDRESS, ORDER_LINE]) await app.createTable(table);
      const names = ['customer', 'address', ORDER_LINE.name, 'nowhere'].map((name) => app.nameOf(name));
      const [customers, addresses, lines, nothing] = await store.describe(names);
      expect(nothing).toBeNull();
      const columns = Object.fromEntries(customers!.columns.map((column) => [column.name, column]));
      expect(Object.keys(columns)).toEqual(Object.keys(CUSTOMER.columns));
      expect(columns['id']).toMatchObject({ nullable: false, identity: 'byDefault', generated: false });
      expect(columns['code']).toMatchObject({ nullable: false, hasDefault: false, identity: null });
      expect(columns['name']!.type).toMatchObject({ kind: 'text', maxLength: 20 });
      expect(columns['credit']!.type).toMatchObject({ kind: 'numeric', scale: 2 });
      expect(columns['active']).toMatchObject({ hasDefault: true, type: { kind: 'boolean' } });
      expect(columns['shout']).toMatchObject({ generated: true });
      expect(customers!.uniqueKeys.map((key) => [...key])).toEqual(expect.arrayContaining([['id'], ['code']]));
      expect(addresses!.foreignKeys).toMatchObject([
        { columns: ['customer'], parent: app.nameOf('customer'), parentColumns: ['id'], onDelete: 'cascade' },
      ]);
      expect(lines!.uniqueKeys).toEqual([['Order No', 'line']]);
    });

    it('installs once, and finds at the second time that there is nothing to do', async () => {
      await using fixture = await makeFixture();
      const { app, store } = fixture;
      await app.createTable(CUSTOMER);
      const watched = [{ table: app.nameOf('customer'), keys: [['id']] }];
      expect(await store.isInstalled(watched)).toBe(false);
      expect(await store.install(watched)).toMatchObject({
        installed: [watched[0]!.table],
        unchanged: [],
        problems: [],
      });
      expect(await store.isInstalled(watched)).toBe(true);
      expect(await store.install(watched)).toMatchObject({
        installed: [],
        unchanged: [watched[0]!.table],
        problems: [],
      });
    });

    it('installs what it can when one table is missing and another has no such key', async () => {
      await using fixture = await makeFixture();
      const { app, store } = fixture;
      for (const table of [CUSTOMER, ADDRESS]) await app.createTable(table);
      const good = { table: app.nameOf('customer'), keys: [['id']] };
      const result = await store.install([
        { table: app.nameOf('nowhere'), keys: [['id']] },
        { table: app.nameOf('address'), keys: [['city']] },
        good,
      ]);
      expect(result.installed).toEqual([good.table]);
      expect(result.problems.map(({ table }) => table)).toEqual([app.nameOf('nowhere'), app.nameOf('address')]);
      expect(await store.isInstalled([good])).toBe(true);
    });

    it('takes the capture out again, and the app goes on as before', async () => {
      await using stage = await setStage(makeFixture, [CUSTOMER], [customer(1)]);
      const { app, store } = stage;
      await store.uninstall();
      expect(await store.isInstalled([{ table: app.nameOf('customer'), keys: [['id']] }])).toBe(false);
      await app.update('customer', { id: '1' }, { name: 'Later' });
      expect(await app.rows('customer')).toMatchObject([{ id: '1', name: 'Later' }]);
      await store.uninstall();
    });

    it('writes down what installing would do', async () => {
      await using fixture = await makeFixture();
      const { app, store } = fixture;
      await app.createTable(CUSTOMER);
      const watched = [{ table: app.nameOf('customer'), keys: [['id']] }];
      expect((await store.installScript(watched)).length).toBeGreaterThan(0);
      expect(await store.isInstalled(watched)).toBe(false);
    });

    it('does not mark changes of tables that nobody watches', async () => {
      await using stage = await setStage(makeFixture);
      await stage.app.createTable(ORDER_LINE);
      await stage.app.insert(ORDER_LINE.name, [{ 'Order No': 'A', line: '1' }]);
      expect((await readAll(stage.store, stage.cursor)).marks).toEqual([]);
    });

    it('watches a further table without losing what the first one has marked', async () => {
      await using stage = await setStage(makeFixture);
      const { app, store, cursor } = stage;
      await app.insert('customer', [customer(1)]);
      await app.createTable(ORDER_LINE);
      const watched = [
        { table: app.nameOf('customer'), keys: [['id']] },
        { table: app.nameOf(ORDER_LINE.name), keys: [ORDER_LINE.primaryKey] },
      ];
      expect((await store.install(watched)).problems).toEqual([]);
      await app.insert(ORDER_LINE.name, [{ 'Order No': 'A', line: '1' }]);
      const window = await readAll(store, cursor);
      expect(window.marks.map(({ key }) => key)).toEqual(expect.arrayContaining([['1'], ['A', '1']]));
      expect(await store.readWindow(READER, window.cursor, 10)).toMatchObject({ changedTables: [] });
    });

    it('tells a filter that it can read from one that it cannot', async () => {
      await using fixture = await makeFixture();
      const { app, store } = fixture;
      await app.createTable(CUSTOMER);
      expect(await store.checkFilter(app.nameOf('customer'), app.filter('active', 'true'))).toBeNull();
      expect(await store.checkFilter(app.nameOf('customer'), app.brokenFilter)).not.toBeNull();
    });

    it('refuses to open a table or a column that is not there', async () => {
      await using fixture = await makeFixture();
      const { app, store } = fixture;
      await app.createTable(CUSTOMER);
      await expect(store.table(shapeOf(app, ORDER_LINE))).rejects.toThrow(StoreRefused);
      await expect(store.table(shapeOf(app, CUSTOMER, { columns: ['id', 'nowhere'] }))).rejects.toThrow(StoreRefused);
    });

    it('gives the types of a table in the order of the columns asked for', async () => {
      await using fixture = await makeFixture();
      await fixture.app.createTable(CUSTOMER);
      const table = await fixture.store.table(shapeOf(fixture.app, CUSTOMER, { columns: ['credit', 'id', 'name'] }));
      expect(table.types.map(({ kind }) => kind)).toEqual(['numeric', 'integer', 'text']);
    });
  });
}
