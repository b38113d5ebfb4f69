/** Tables of the memory store, described as the port asks for them. */
import type { SetupProblem, TableDescription, TableName } from '../../ports/store.ts';
import type { MemoryDatabase, Table } from './database.ts';
import { isRequired, keysOf, nameOfTable, tableText } from './table-definition.ts';

function describeTable(table: Table): TableDescription {
  const { definition } = table;
  return {
    table: nameOfTable(definition),
    kind: 'table',
    columns: Object.entries(definition.columns).map(([name, column]) => ({
      name,
      type: column.type,
      nullable: !isRequired(definition, name),
      hasDefault: column.default !== undefined || column.identity !== undefined || column.generated !== undefined,
      generated: column.generated !== undefined,
      identity: column.identity ?? null,
    })),
    uniqueKeys: keysOf(definition),
    foreignKeys: (definition.foreignKeys ?? []).map((foreignKey) => ({
      name: foreignKey.name,
      columns: foreignKey.columns,
      parent: foreignKey.parent,
      parentColumns: foreignKey.parentColumns,
      onDelete: foreignKey.onDelete ?? 'noAction',
      deferrable: foreignKey.deferrable ?? false,
    })),
    rights: { select: true, insert: true, update: true, delete: true, trigger: true },
    unreadableColumns: [],
    unwritableColumns: [],
    rowSecurity: false,
    subscribed: false,
  };
}

export function describeTables(
  database: MemoryDatabase,
  tables: readonly TableName[],
): readonly (TableDescription | null)[] {
  return tables.map((name) => {
    const table = database.state.tables.get(tableText(name));
    return table ? describeTable(table) : null;
  });
}

export function checkFilter(database: MemoryDatabase, table: TableName, filter: string): SetupProblem | null {
  if (database.predicates[filter]) return null;
  const allowed = Object.keys(database.predicates);
  return { code: 'filter-invalid', params: { filter, allowed }, table };
}
