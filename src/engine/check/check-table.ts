/** One side of a mapping against its table: kind, key, rights, and what hides rows or changes. */
import { columnsOf, type Mapping, tableText, travels, writtenColumnsOf } from '../../domain/mapping.ts';
import type { Side } from '../../domain/record.ts';
import type { TableDescription } from '../../ports/store.ts';
import { type AddFinding, type ConfigurationPath, grantRemedy } from '../lane/setup-finding.ts';
import { columnPath } from './setup-paths.ts';

export interface TableCheck {
  readonly mapping: Mapping;
  readonly side: Side;
  readonly path: ConfigurationPath;
  readonly description: TableDescription;
  /** The capture stands in the store, so that nothing has to be created any more. */
  readonly captureInstalled: boolean;
  readonly add: AddFinding;
}

export function checkTable(check: TableCheck): void {
  const { description, path, add } = check;
  const table = tableText(description.table);
  if (description.kind !== 'table' && description.kind !== 'partitioned') {
    add('capture-not-possible', 'error', path, { table, kind: description.kind });
  }
  if (description.subscribed) add('table-replicated', 'error', path, { table });
  if (description.rowSecurity) add('row-security', 'error', path, { table });
  checkKey(check);
  checkRights(check, table);
}

function checkKey({ mapping, side, description, add }: TableCheck): void {
  const { key } = mapping[side];
  const columns = new Map(description.columns.map((column) => [column.name, column]));
  // A key column that is not there is told as such.
  if (key.some((column) => !columns.has(column))) return;
  const nullable = key.filter((column) => columns.get(column)?.nullable);
  const unique = description.uniqueKeys.some((known) => known.every((column) => key.includes(column)));
  if (unique && nullable.length === 0) return;
  const params = { table: tableText(description.table), key: [...key], ...(nullable.length > 0 && { nullable }) };
  add('key-not-unique', 'error', ['mappings', mapping.name, side, 'key'], params);
}

function checkRights(check: TableCheck, table: string): void {
  const { mapping, side, path, description, captureInstalled, add } = check;
  const { rights } = description;
  const lacks = (privilege: string, right: string, severity: 'error' | 'warning' = 'error'): void =>
    add('right-missing', severity, path, { right, privilege, table }, grantRemedy(privilege, table));
  if (!rights.select) lacks('SELECT', 'read');
  else checkReadable(check, table);
  if (!captureInstalled && !rights.trigger) lacks('TRIGGER', 'put the capture on');
  if (!travels(mapping.direction, side)) return;

  const restores = mapping.deletions[side === 'hq' ? 'inHq' : 'inChannel'] === 'restore';
  const deletes = mapping.deletions[side === 'hq' ? 'inChannel' : 'inHq'] === 'propagate';
  const written = writtenColumnsOf(mapping, side);
  if (!rights.insert && (!mapping.coupledOnly || restores)) lacks('INSERT', 'create records in');
  if (!rights.update && written.length > 0) lacks('UPDATE', 'change records of');
  // Without a policy that deletes, only a person who asks for it is refused.
  if (!rights.delete) lacks('DELETE', 'delete records of', deletes ? 'error' : 'warning');
  // What is deleted is kept whole, for whoever wants it back.
  const mapped = columnsOf(mapping, side);
  const unread = description.unreadableColumns.filter((name) => !mapped.includes(name));
  if (rights.delete && rights.select && unread.length > 0)
    lacks(`SELECT (${unread.map(asIdentifier).join(', ')})`, 'delete records of', deletes ? 'error' : 'warning');
  if (!rights.update) return;
  for (const column of written.filter((name) => description.unwritableColumns.includes(name))) {
    const generated = description.columns.some(({ name, generated: computed }) => name === column && computed);
    if (generated) continue;
    const params = { right: `write ${column} of`, privilege: 'UPDATE, INSERT', table, column };
    add(
      'right-missing',
      'error',
      columnPath(mapping, side, column),
      params,
      grantRemedy(`UPDATE (${column}), INSERT (${column})`, table),
    );
  }
}

/** As the owner would write it in a GRANT. */
const asIdentifier = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;

function checkReadable({ mapping, side, description, add }: TableCheck, table: string): void {
  for (const column of columnsOf(mapping, side).filter((name) => description.unreadableColumns.includes(name))) {
    const params = { right: `read ${column} of`, privilege: 'SELECT', table, column };
    add('right-missing', 'error', columnPath(mapping, side, column), params, grantRemedy(`SELECT (${column})`, table));
  }
}

/** The time that decides when the later change wins must be one. */
export function checkModifiedAt({ mapping, side, description, add }: TableCheck): void {
  const { modifiedAt } = mapping[side];
  const column = description.columns.find(({ name }) => name === modifiedAt);
  if (modifiedAt === null || column === undefined) return;
  if (['timestamp', 'timestamptz', 'date'].includes(column.type.kind)) return;
  const decides = [mapping.conflicts.resolve, ...mapping.fields.map(({ resolve }) => resolve)].includes('latestWins');
  const params = { table: tableText(description.table), column: modifiedAt, type: column.type.name };
  add('modified-at-type', decides ? 'error' : 'warning', ['mappings', mapping.name, side, 'modifiedAt'], params);
}
