/**
 * Reads that the store refuses for a value. Of a key or a value that is asked for it says that no record has it. Of the
 * records themselves (a filter that fails on one, bytes that the encoding does not know) it says nothing at all: taken
 * for absence, it would delete the partner of a record that is there.
 */
import type { Value } from '../../../domain/record.ts';
import { StoreRefused } from '../../../errors/store-faults.ts';
import type { Row } from '../session/connection.ts';
import { StatementRefused } from '../session/driver-faults.ts';
import type { BoundTable } from '../table/bound-table.ts';
import { displayTable } from '../table/check-filter.ts';
import type { StoreColumn } from '../table/column-types.ts';

type Item = readonly Value[];

/**
 * Asks for all and, where an item is no value of its columns, for the halves, so that the others are answered. No
 * record can have such a key, and none can match such a value.
 */
export async function withoutUnreadable<I extends Item>(
  table: BoundTable,
  columns: readonly Pick<StoreColumn, 'cast'>[],
  items: readonly I[],
  ask: (items: readonly I[], offset: number) => Promise<readonly Row[]>,
  offset = 0,
): Promise<Row[]> {
  const [first] = items;
  if (first === undefined) return [];
  try {
    return [...(await ask(items, offset))];
  } catch (error) {
    if (!isOfAValue(error)) throw error;
    if (items.length === 1) {
      if (await isReadable(table, columns, first)) throw error;
      return [];
    }
    const middle = items.length >> 1;
    const [left, right] = [items.slice(0, middle), items.slice(middle)];
    return [
      ...(await withoutUnreadable(table, columns, left, ask, offset)),
      ...(await withoutUnreadable(table, columns, right, ask, offset + middle)),
    ];
  }
}

/** Every answer of a read, with what the store refuses of its records told as a fault that a person can cure. */
export const tellUnreadable =
  <A extends readonly unknown[], T>(table: BoundTable, read: (...args: A) => Promise<T>) =>
  async (...args: A): Promise<T> => {
    try {
      return await read(...args);
    } catch (error) {
      if (!isOfAValue(error)) throw error;
      const name = displayTable(table.shape.table);
      // The reason is in words of the server, with values in them: for the error, and not for the log.
      throw new StoreRefused('records-unreadable', `Records of ${name} cannot be read (${error.server.code})`, {
        table: name,
        reason: error.primaryMessage,
      });
    }
  };

const isOfAValue = (error: unknown): error is StatementRefused =>
  error instanceof StatementRefused && error.server.code.startsWith('22');

/** Whether each is a value of its column. */
async function isReadable(
  { connection }: BoundTable,
  columns: readonly Pick<StoreColumn, 'cast'>[],
  item: Item,
): Promise<boolean> {
  try {
    await connection.once(`select ${columns.map(({ cast }, index) => `$${index + 1}::${cast}`).join(', ')}`, item);
    return true;
  } catch (error) {
    if (isOfAValue(error)) return false;
    throw error;
  }
}
