/**
 * What the contract suite needs besides the port: a way to act as the app's own users, past the port. Tables are
 * declared in words that every kind of store can fulfil.
 */
import type { Value } from '../../src/domain/record.ts';
import type { Store, TableName } from '../../src/ports/store.ts';

export type Row = Readonly<Record<string, Value>>;

export interface ContractColumn {
  readonly type: 'text' | 'integer' | 'numeric' | 'boolean' | 'timestamptz';
  /** Of a text. */
  readonly maxLength?: number;
  /** Digits after the point of a numeric, of twelve in all. */
  readonly scale?: number;
  readonly required?: boolean;
  readonly identity?: 'always' | 'byDefault';
  readonly default?: string;
  /** Computed by the store: the upper case of another column. */
  readonly upperCaseOf?: string;
}

export interface ContractReference {
  readonly columns: readonly string[];
  readonly parent: string;
  readonly parentColumns: readonly string[];
  readonly onDelete: 'cascade' | 'setNull' | 'noAction';
  readonly deferrable?: boolean;
}

/** What a trigger of the app does before a row is written. */
export type ContractTrigger =
  | { readonly does: 'upperCase'; readonly column: string }
  | {
      readonly does: 'swallow';
      readonly operation: 'insert' | 'update' | 'delete';
      readonly column: string;
      readonly equals: string;
    }
  /** On insert, the column takes the next number of a sequence that only the trigger knows, from 1000 on. */
  | { readonly does: 'number'; readonly column: string };

export interface ContractTable {
  readonly name: string;
  readonly columns: Readonly<Record<string, ContractColumn>>;
  readonly primaryKey: readonly string[];
  readonly unique?: readonly (readonly string[])[];
  readonly references?: readonly ContractReference[];
  /** The column may not be below the number. */
  readonly minimums?: Readonly<Record<string, number>>;
  readonly triggers?: readonly ContractTrigger[];
}

/** One statement each, as the app's users send them; `where` names the values that the rows have. */
export interface ContractStatements {
  insert(table: string, rows: readonly Row[]): Promise<void>;
  update(table: string, where: Row, set: Row): Promise<void>;
  delete(table: string, where: Row): Promise<void>;
}

export interface ContractTransaction extends ContractStatements {
  savepoint(): Promise<void>;
  /** Back to the newest savepoint. */
  rollbackToSavepoint(): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

export interface ContractApp extends ContractStatements {
  createTable(table: ContractTable): Promise<void>;
  nameOf(table: string): TableName;
  /** All rows with all columns, read without the port. */
  rows(table: string): Promise<readonly Row[]>;
  /** A predicate in the store's own language: the column has this value. */
  filter(column: string, value: string): string;
  /** A predicate that the store does not understand. */
  readonly brokenFilter: string;

  begin(): Promise<ContractTransaction>;
  truncate(table: string): Promise<void>;
  addColumn(table: string, column: string): Promise<void>;
  /** Dropped and created again under the same name, with the rows it had. */
  replaceTable(table: string): Promise<void>;
  /** From now on changes leave no marks: somebody has switched the triggers off. */
  silenceCapture(table: string): Promise<void>;
  /** A backup of the whole store, the capture's own tables included; the function returned puts it back. */
  backUp(): Promise<() => Promise<void>>;
}

export interface StoreFixture extends AsyncDisposable {
  readonly store: Store;
  readonly app: ContractApp;
  /** The same store once more, as another worker opens it. Closed with the fixture. */
  open(): Promise<Store>;
}

export interface ContractEffort {
  /** How many random schedules of transactions and windows are tried. */
  readonly schedules: number;
  /** How many random interleavings of commits and sleeping readers. */
  readonly wakeUps: number;
}

export type MakeFixture = () => Promise<StoreFixture>;
