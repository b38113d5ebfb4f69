/** The memory store as the contract suite wants it. */
import type { Value } from '../../../src/domain/record.ts';
import type { ValueType } from '../../../src/domain/value-type.ts';
import { plainType } from '../../../src/domain/value-type.ts';
import type { StoreCapabilities } from '../../../src/ports/store.ts';
import type { MemoryDatabase } from '../../../src/stores/memory/database.ts';
import { createMemoryDatabase } from '../../../src/stores/memory/database.ts';
import type { MemoryApp, MemoryStatements } from '../../../src/stores/memory/memory-app.ts';
import { memoryApp } from '../../../src/stores/memory/memory-app.ts';
import { openMemoryStore } from '../../../src/stores/memory/memory-store.ts';
import type { RowValues, TableDefinition, Trigger } from '../../../src/stores/memory/table-definition.ts';
import type {
  ContractApp,
  ContractColumn,
  ContractStatements,
  ContractTable,
  ContractTrigger,
  StoreFixture,
} from '../contract-fixture.ts';

function typeOf({ type, maxLength, scale }: ContractColumn): ValueType {
  if (type === 'numeric') return { ...plainType('numeric', `numeric(12,${scale ?? 0})`), scale: scale ?? 0 };
  return { ...plainType(type), maxLength: maxLength ?? null };
}

function triggerOf(trigger: ContractTrigger, index: number): Trigger {
  const name = `${trigger.does}_${index}`;
  if (trigger.does === 'upperCase') {
    const { column } = trigger;
    return {
      name,
      on: ['insert', 'update'],
      before: ({ row }) => ({ ...row, [column]: row?.[column]?.toUpperCase() ?? null }),
    };
  }
  if (trigger.does === 'number') {
    let next = 1000;
    return { name, on: ['insert'], before: ({ row }) => ({ ...row, [trigger.column]: String(next++) }) };
  }
  return {
    name,
    on: [trigger.operation],
    before: ({ old, row }) => {
      const written: RowValues = row ?? old ?? {};
      return written[trigger.column] === trigger.equals ? null : written;
    },
  };
}

function definitionOf(table: ContractTable): TableDefinition {
  const columns = Object.entries(table.columns).map(([name, column]) => {
    const { required, identity, upperCaseOf } = column;
    const definition = {
      type: typeOf(column),
      ...(required ? { nullable: false } : {}),
      ...(identity ? { identity } : {}),
      ...(column.default === undefined ? {} : { default: column.default }),
      ...(upperCaseOf ? { generated: (row: RowValues): Value => row[upperCaseOf]?.toUpperCase() ?? null } : {}),
    };
    return [name, definition] as const;
  });
  return {
    name: table.name,
    columns: Object.fromEntries(columns),
    primaryKey: table.primaryKey,
    unique: (table.unique ?? []).map((unique) => ({ name: `${table.name}_${unique.join('_')}_key`, columns: unique })),
    checks: Object.entries(table.minimums ?? {}).map(([column, minimum]) => ({
      name: `${table.name}_${column}_check`,
      holds: (row) => (row[column] == null ? null : Number(row[column]) >= minimum),
    })),
    foreignKeys: (table.references ?? []).map(({ parent, ...reference }) => ({
      ...reference,
      name: `${table.name}_${reference.columns.join('_')}_fkey`,
      parent: { schema: null, name: parent },
    })),
    triggers: (table.triggers ?? []).map(triggerOf),
  };
}

const statementsOf = (statements: MemoryStatements): ContractStatements => ({
  insert: async (table, rows) => {
    for (const row of rows) statements.insert(table, row);
  },
  update: async (table, where, set) => {
    statements.update(table, where, set);
  },
  delete: async (table, where) => {
    statements.delete(table, where);
  },
});

function contractApp(database: MemoryDatabase, app: MemoryApp, predicates: PredicatesByName): ContractApp {
  return {
    ...statementsOf(app),
    createTable: async (table) => app.createTable(definitionOf(table)),
    nameOf: (name) => ({ schema: null, name }),
    rows: async (table) => app.select(table),
    filter: (column, value) => {
      const name = `${column} is ${value}`;
      predicates[name] = (row) => (row[column] == null ? null : row[column] === value);
      return name;
    },
    brokenFilter: 'nobody has declared this',
    begin: async () => {
      const transaction = app.begin();
      let point = transaction.savepoint();
      return {
        ...statementsOf(transaction),
        savepoint: async () => {
          point = transaction.savepoint();
        },
        rollbackToSavepoint: async () => transaction.rollbackTo(point),
        commit: async () => transaction.commit(),
        rollback: async () => transaction.rollback(),
      };
    },
    truncate: async (table) => app.truncate(table),
    addColumn: async (table, column) => app.addColumn(table, column, { type: plainType('text') }),
    replaceTable: async (table) => app.replaceTable(table),
    silenceCapture: async (table) => app.setCapture(table, false),
    backUp: async () => {
      const backup = app.snapshotState();
      return async () => app.restoreState(backup);
    },
  };
}

type PredicatesByName = Record<string, (row: RowValues) => boolean | null>;

let seeds = 0;

export async function makeMemoryFixture(capabilities: Partial<StoreCapabilities> = {}): Promise<StoreFixture> {
  const predicates: PredicatesByName = {};
  const database = createMemoryDatabase({ predicates, seed: (seeds += 1) });
  const open = () => openMemoryStore({ database, side: 'hq', channel: null, capabilities });
  return {
    store: open(),
    app: contractApp(database, memoryApp(database), predicates),
    open: async () => open(),
    [Symbol.asyncDispose]: async () => {
      database.reachable = false;
    },
  };
}
