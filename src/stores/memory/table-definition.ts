/** How a table of the memory store is declared: what PostgreSQL says in DDL, said in TypeScript. */
import type { Value } from '../../domain/record.ts';
import type { ValueType } from '../../domain/value-type.ts';
import type { TableName } from '../../ports/store.ts';

export type RowValues = Readonly<Record<string, Value>>;

/** A number from 0 (included) to 1 (not), drawn from the seed that the database was given. */
export type Draw = () => number;

export interface ColumnDefinition {
  readonly type: ValueType;
  /** Columns take null unless they say otherwise; those of the primary key never do. */
  readonly nullable?: boolean;
  readonly default?: Value | ((draw: Draw) => Value);
  readonly identity?: 'always' | 'byDefault';
  readonly generated?: (row: RowValues) => Value;
}

export interface UniqueConstraint {
  readonly name: string;
  readonly columns: readonly string[];
  /** Looked at when the transaction ends; never for the key that foreign keys point to. */
  readonly deferrable?: boolean;
}

export interface CheckConstraint {
  readonly name: string;
  /** As in SQL, null lets the row pass. */
  readonly holds: (row: RowValues) => boolean | null;
}

export interface ForeignKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly parent: TableName;
  readonly parentColumns: readonly string[];
  readonly onDelete?: 'cascade' | 'setNull' | 'setDefault' | 'restrict' | 'noAction';
  readonly onUpdate?: 'cascade' | 'noAction';
  readonly deferrable?: boolean;
}

export type RowOperation = 'insert' | 'update' | 'delete';

/** Runs before each row is written. What it returns is stored; null swallows the write without a word. */
export interface Trigger {
  readonly name: string;
  readonly on: readonly RowOperation[];
  readonly before: (change: {
    readonly operation: RowOperation;
    readonly old: RowValues | null;
    /** Null when a row is deleted; returning `old` then lets it go. */
    readonly row: RowValues | null;
  }) => RowValues | null;
}

export interface TableDefinition {
  readonly schema?: string | null;
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnDefinition>>;
  readonly primaryKey: readonly string[];
  readonly unique?: readonly UniqueConstraint[];
  readonly checks?: readonly CheckConstraint[];
  readonly foreignKeys?: readonly ForeignKey[];
  readonly triggers?: readonly Trigger[];
}

export const nameOfTable = (definition: TableDefinition): TableName => ({
  schema: definition.schema ?? null,
  name: definition.name,
});

export type TableText = string;
/** A table name as one string, for maps. */
export const tableText = (table: TableName): TableText => JSON.stringify([table.schema, table.name]);
export const displayTable = (table: TableName): string =>
  table.schema === null ? table.name : `${table.schema}.${table.name}`;

export const isRequired = (definition: TableDefinition, column: string): boolean =>
  definition.columns[column]?.nullable === false || definition.primaryKey.includes(column);

/** Every set of columns that no two rows share, the primary key first. */
export const uniqueConstraintsOf = (definition: TableDefinition): readonly UniqueConstraint[] => [
  { name: `${definition.name}_pkey`, columns: definition.primaryKey },
  ...(definition.unique ?? []),
];

/** The sets that may serve as a key: unique and never null. */
export const keysOf = (definition: TableDefinition): readonly (readonly string[])[] =>
  uniqueConstraintsOf(definition)
    .filter(({ columns }) => columns.every((column) => isRequired(definition, column)))
    .map(({ columns }) => columns);

export const valuesOf = (row: RowValues, columns: readonly string[]): readonly Value[] =>
  columns.map((column) => row[column] ?? null);
