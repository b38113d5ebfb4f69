/** What the installed capture writes beside every change, in the transaction of whoever makes it. */
import type { RecordKey } from '../../domain/record.ts';
import type { MarkRow, Table, Work } from './database.ts';
import type { RowValues } from './table-definition.ts';
import { nameOfTable } from './table-definition.ts';
import { xidOf } from './transaction.ts';

type MarkContent = Pick<MarkRow, 'operation' | 'keyIndex' | 'key' | 'newKey' | 'oldRow'>;

function note({ database, transaction }: Work, table: Table, content: MarkContent): void {
  transaction.marks.push({
    sequence: database.state.nextSequence++,
    xid: xidOf(database, transaction),
    table: nameOfTable(table.definition),
    at: database.now(),
    ...content,
  });
}

const keyIn = (values: RowValues, columns: readonly string[]): RecordKey =>
  columns.map((column) => values[column] ?? '');

/** Each key under which mappings know the table gets its own mark: a change of one key is an update to another. */
export function noteChange(work: Work, table: Table, before: RowValues | null, after: RowValues | null): void {
  const watched = table.captureOn ? work.database.state.watched.get(table.text) : undefined;
  for (const [keyIndex, columns] of (watched?.keys ?? []).entries()) {
    const key = keyIn(before ?? after!, columns);
    if (before === null) note(work, table, { operation: 'insert', keyIndex, key, newKey: null, oldRow: null });
    else if (after === null) note(work, table, { operation: 'delete', keyIndex, key, newKey: null, oldRow: before });
    else {
      const newKey = keyIn(after, columns);
      const changed = newKey.some((part, index) => part !== key[index]);
      const operation = changed ? 'changeKey' : 'update';
      note(work, table, { operation, keyIndex, key, newKey: changed ? newKey : null, oldRow: null });
    }
  }
}

export function noteTruncation(work: Work, table: Table): void {
  if (!table.captureOn || !work.database.state.watched.has(table.text)) return;
  note(work, table, { operation: 'truncate', keyIndex: 0, key: [], newKey: null, oldRow: null });
}
