import { describe, expect, it } from 'vitest';
import { linkOf, orderByReferences, tableText } from '../../src/domain/mapping.ts';
import type { Field, Mapping } from '../../src/domain/mapping.ts';

const mapping = (name: string, ...parents: string[]): Pick<Mapping, 'name' | 'fields'> => ({
  name,
  fields: parents.map(
    (parent): Field => ({
      name: `to-${parent}`,
      hq: ['h'],
      channel: ['c'],
      direction: 'both',
      resolve: 'manual',
      initialWinner: 'manual',
      values: null,
      references: { mapping: parent, ifUncoupled: 'wait' },
      transform: { toHq: [], toChannel: [] },
      constant: null,
    }),
  ),
});

describe('the order of mappings', () => {
  it('puts parents before children and keeps the order of the file among equals', () => {
    const { order, circular } = orderByReferences([
      mapping('lines', 'orders', 'items'),
      mapping('orders'),
      mapping('items'),
    ]);
    expect(order).toEqual(['orders', 'items', 'lines']);
    expect(circular).toEqual([]);
  });

  it('lists the references on a cycle, and only those', () => {
    const { order, circular } = orderByReferences([
      mapping('notes', 'people'),
      mapping('people', 'teams', 'people'),
      mapping('teams', 'people', 'countries'),
      mapping('countries'),
    ]);
    expect(circular).toEqual([
      { mapping: 'people', field: 'to-teams', parent: 'teams' },
      { mapping: 'people', field: 'to-people', parent: 'people' },
      { mapping: 'teams', field: 'to-people', parent: 'people' },
    ]);
    expect(order.indexOf('countries')).toBeLessThan(order.indexOf('teams'));
    expect(order.indexOf('people')).toBeLessThan(order.indexOf('notes'));
    expect([...order].sort()).toEqual(['countries', 'notes', 'people', 'teams']);
  });

  it('is free of cycles once a reference is deferred', () => {
    const pair = [mapping('people', 'teams'), mapping('teams', 'people')];
    expect(orderByReferences(pair, [{ mapping: 'teams', field: 'to-people' }])).toEqual({
      order: ['teams', 'people'],
      circular: [],
    });
  });
});

describe('links and names', () => {
  it('put the values of a record into its address, or give none when one is missing', () => {
    const values = new Map([
      ['account num', 'C/1'],
      ['gone', null],
    ]);
    const valueOf = (column: string): string | null => values.get(column) ?? null;
    expect(linkOf('https://erp.example/c/{account num}?x={account num}', valueOf)).toBe(
      'https://erp.example/c/C%2F1?x=C%2F1',
    );
    expect(linkOf('https://erp.example/c/{gone}', valueOf)).toBeNull();
  });

  it('quote the parts of a table name that hold a dot', () => {
    expect(tableText({ schema: 'sales', name: 'Customer' })).toBe('sales.Customer');
    expect(tableText({ schema: null, name: 'a.b"c' })).toBe('"a.b""c"');
  });
});
