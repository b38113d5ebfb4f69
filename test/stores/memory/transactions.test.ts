import { describe, expect, it } from 'vitest';
import { plainType, TEXT } from '../../../src/domain/value-type.ts';
import { createMemoryDatabase } from '../../../src/stores/memory/database.ts';
import { memoryApp } from '../../../src/stores/memory/memory-app.ts';
import { openMemoryStore } from '../../../src/stores/memory/memory-store.ts';
import type { TableDefinition } from '../../../src/stores/memory/table-definition.ts';
import { RowBusy, Violation } from '../../../src/stores/memory/violation.ts';

const INTEGER = plainType('integer');
const company: TableDefinition = {
  name: 'company',
  columns: { id: { type: INTEGER, identity: 'byDefault' }, name: { type: { ...TEXT, maxLength: 10 } } },
  primaryKey: ['id'],
  unique: [{ name: 'company_name_key', columns: ['name'] }],
};
const person: TableDefinition = {
  name: 'person',
  columns: {
    id: { type: INTEGER, identity: 'always' },
    company: { type: INTEGER },
    name: { type: TEXT, nullable: false },
  },
  primaryKey: ['id'],
  foreignKeys: [
    {
      name: 'person_company_fkey',
      columns: ['company'],
      parent: { schema: null, name: 'company' },
      parentColumns: ['id'],
      onDelete: 'cascade',
    },
  ],
};

const open = () => {
  const database = createMemoryDatabase({ tables: [company, person] });
  return { database, app: memoryApp(database), store: openMemoryStore({ database, side: 'hq', channel: null }) };
};

describe('transactions of the memory store', () => {
  it('shows changes to others only once they are committed', () => {
    const { app } = open();
    const transaction = app.begin();
    transaction.insert('company', { name: 'Adatum' });
    expect(transaction.select('company')).toHaveLength(1);
    expect(app.select('company')).toHaveLength(0);
    transaction.commit();
    expect(app.select('company')).toEqual([{ id: '1', name: 'Adatum' }]);
  });

  it('takes everything back on rollback, the values that must be unique included', () => {
    const { app } = open();
    const transaction = app.begin();
    transaction.insert('company', { name: 'Adatum' });
    expect(() => app.insert('company', { name: 'Adatum' })).toThrow(RowBusy);
    transaction.rollback();
    app.insert('company', { name: 'Adatum' });
    expect(() => app.insert('company', { name: 'Adatum' })).toThrow(Violation);
    expect(app.select('company')).toHaveLength(1);
  });

  it('gives back to a savepoint what was changed after it', () => {
    const { app } = open();
    app.insert('company', { name: 'A' });
    const transaction = app.begin();
    transaction.update('company', { name: 'A' }, { name: 'B' });
    const point = transaction.savepoint();
    transaction.update('company', { name: 'B' }, { name: 'C' });
    expect(transaction.select('company', { name: 'B' })).toHaveLength(0);
    transaction.rollbackTo(point);
    expect(transaction.select('company', { name: 'B' })).toHaveLength(1);
    transaction.commit();
    expect(app.select('company', { name: 'B' })).toHaveLength(1);
  });

  it('lets nobody else write a row that an open transaction holds', () => {
    const { app } = open();
    app.insert('company', { name: 'A' });
    const transaction = app.begin();
    transaction.lock('company', { name: 'A' });
    expect(() => app.update('company', { name: 'A' }, { name: 'B' })).toThrow(RowBusy);
    transaction.commit();
    expect(app.update('company', { name: 'A' }, { name: 'B' })).toBe(1);
  });

  it('deletes children with their parent where the foreign key cascades', () => {
    const { app } = open();
    app.insert('company', { name: 'A' });
    app.insert('person', { company: '1', name: 'Ann' });
    expect(() => app.insert('person', { company: '2', name: 'Bo' })).toThrow(/no such parent/);
    expect(app.delete('company', { id: '1' })).toBe(1);
    expect(app.select('person')).toEqual([]);
  });

  it('refuses missing values, values too long and values of another type', () => {
    const { app } = open();
    const codeOf = (run: () => unknown): string => {
      try {
        run();
      } catch (error) {
        return (error as Violation).code;
      }
      return 'none';
    };
    expect(codeOf(() => app.insert('person', { company: null }))).toBe('required-value-missing');
    expect(codeOf(() => app.insert('company', { name: 'eleven letters' }))).toBe('value-too-long');
    expect(codeOf(() => app.insert('company', { id: 'x', name: 'A' }))).toBe('value-invalid');
  });

  it('goes back in time with everything it holds', () => {
    const { app, database } = open();
    app.insert('company', { name: 'A' });
    const backup = app.snapshotState();
    app.insert('company', { name: 'B' });
    app.restoreState(backup);
    expect(app.select('company')).toHaveLength(1);
    app.insert('company', { name: 'B' });
    expect(database.state.nextXid).toBe(102n);
  });
});
