/** What a store says of itself before anything is done in it: tables, columns, rights, and what stands in the way. */
import type { MappedColumn } from '../domain/prepare-mapping.ts';
import type { Params } from '../domain/record.ts';

export interface TableName {
  readonly schema: string | null;
  readonly name: string;
}

export interface TableDescription {
  readonly table: TableName;
  readonly kind: 'table' | 'partitioned' | 'view' | 'foreign' | 'unlogged' | 'temporary' | 'other';
  readonly columns: readonly MappedColumn[];
  /** Column sets that are unique and not null: what may serve as a key. */
  readonly uniqueKeys: readonly (readonly string[])[];
  readonly foreignKeys: readonly {
    readonly name: string;
    readonly columns: readonly string[];
    readonly parent: TableName;
    readonly parentColumns: readonly string[];
    readonly onDelete: 'cascade' | 'setNull' | 'setDefault' | 'restrict' | 'noAction';
    readonly deferrable: boolean;
  }[];
  readonly rights: {
    readonly select: boolean;
    readonly insert: boolean;
    readonly update: boolean;
    readonly delete: boolean;
    /** May create triggers here (owner of the table, or the TRIGGER right). */
    readonly trigger: boolean;
  };
  /** Columns the connection may not read or write although the table is granted otherwise. */
  readonly unreadableColumns: readonly string[];
  readonly unwritableColumns: readonly string[];
  readonly rowSecurity: boolean;
  /** Fed by a logical-replication subscription, which fires no statement triggers. */
  readonly subscribed: boolean;
}

/** What a check wants to know of a store before it looks at single tables. */
export interface StoreSurvey {
  /** Every table that the connection can see, to tell which was meant by a name that is none. */
  readonly tables: readonly TableName[];
  /** The store as a whole lets Couplet put its capture in; the single tables may not. */
  readonly mayInstall: boolean;
  /** Of the store as a whole: its version, read only, no wake-ups. */
  readonly problems: readonly SetupProblem[];
}

export interface SetupProblem {
  readonly code: string;
  readonly params: Params;
  readonly table: TableName | null;
}

/** What is watched in the store: the table, its key, and the columns that a captured delete keeps (all, when null). */
export interface WatchedTable {
  readonly table: TableName;
  /** Distinct keys under which mappings know the table; marks carry each. */
  readonly keys: readonly (readonly string[])[];
}

export interface InstallResult {
  readonly installed: readonly TableName[];
  readonly unchanged: readonly TableName[];
  readonly problems: readonly SetupProblem[];
}
