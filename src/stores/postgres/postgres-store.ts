/** A PostgreSQL database behind the store port. */
import type { Side } from '../../domain/record.ts';
import { StoreRefused } from '../../errors/store-faults.ts';
import type { Store, StoreCapabilities, TableName } from '../../ports/store.ts';
import { openCaptureSession } from './capture/capture-session.ts';
import { identify } from './capture/lineage.ts';
import { readWindow } from './capture/read-window.ts';
import { confirmCursor, currentCursor } from './capture/readers.ts';
import type { Pruning } from './capture/readers.ts';
import { waitForMarks } from './capture/wait-for-marks.ts';
import { acceptStatement } from './install/install-plan.ts';
import { DEFAULT_PATIENCE, install, installScript } from './install/install.ts';
import { survey } from './install/survey.ts';
import { uninstall } from './install/uninstall.ts';
import { createWatchRegistry, isCaptureMissing, watchStates } from './install/watched-tables.ts';
import type { WatchRegistry } from './install/watched-tables.ts';
import { openTable } from './open-table.ts';
import { openConnection } from './session/connection.ts';
import type { Connection } from './session/connection.ts';
import { checkFilter } from './table/check-filter.ts';
import { describeTables } from './table/describe-tables.ts';
import { batchesOf, clearBatches, laneReaders, takeOver } from './write/fence.ts';

export interface PostgresStoreOptions {
  readonly side: Side;
  /** Null for HQ. */
  readonly channel: string | null;
  readonly url: string;
  /** Names the store in messages. */
  readonly name?: string;
  /** How long installing waits for the lock on a table, and lets others wait behind it, before it tries again. */
  readonly lockTimeoutMs?: number;
  readonly installAttempts?: number;
  readonly maxSessions?: number;
  readonly connectTimeoutMs?: number;
  readonly statementTimeoutMs?: number;
}

const CAPABILITIES: StoreCapabilities = {
  transactions: true,
  choosesKeys: true,
  wakes: true,
  bulkLoad: true,
  maxBatchRecords: 1_000,
};

/** Connects when first asked for something. */
export function openPostgresStore(options: PostgresStoreOptions): Store {
  const { side, channel } = options;
  const connection = openConnection(options);
  const session = openCaptureSession(connection);
  const registry = createWatchRegistry();
  const readers = laneReaders();
  const pruning: Pruning = { lastAtMs: 0 };
  const patience = {
    lockTimeoutMs: options.lockTimeoutMs ?? DEFAULT_PATIENCE.lockTimeoutMs,
    attempts: options.installAttempts ?? DEFAULT_PATIENCE.attempts,
  };
  const captured = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => refuseUncaptured(error, connection));
  return {
    side,
    channel,
    capabilities: CAPABILITIES,
    identify: () => identify(connection),
    survey: () => survey(connection),
    describe: (tables) => describeTables(connection, tables),
    checkFilter: (table, filter) => checkFilter(connection, table, filter),
    install: async (watched) => {
      const { result, states } = await install(connection, watched, patience);
      registry.remember(states);
      return result;
    },
    installScript: (watched) => installScript(connection, watched),
    uninstall: () => uninstall(connection, patience),
    isInstalled: async (watched) => {
      const states = await watchStates(connection, watched);
      registry.remember(states);
      return states.every(({ ready }) => ready);
    },
    currentCursor: (reader) => captured(currentCursor(connection, reader)),
    readWindow: (reader, cursor, limit) => captured(readWindow({ session, registry }, reader, cursor, limit)),
    confirm: (reader, cursor) => captured(confirmCursor(connection, reader, cursor, pruning)),
    acceptTables: (tables) => captured(acceptTables(connection, registry, tables)),
    waitForMarks: (_reader, cursor, timeoutMs, signal) => captured(waitForMarks(session, cursor, timeoutMs, signal)),
    takeOver: (reader, fence) => captured(takeOver(connection, readers, reader, fence)),
    batchesOf: (reader, lane) => captured(batchesOf(connection, reader, lane)),
    clearBatches: (batchIds) => clearBatches(connection, batchIds),
    table: (shape) => openTable(connection, shape, readers),
    close: async () => {
      await session.close();
      await connection.close();
    },
  };
}

async function acceptTables(
  connection: Connection,
  registry: WatchRegistry,
  tables: readonly TableName[],
): Promise<void> {
  const named = JSON.stringify(registry.resolve(tables).map(({ schema, name }) => ({ schema, name })));
  const ids = `in (select n.table_id from couplet.installed n join jsonb_to_recordset($1::jsonb) a (schema text, name text)
    on a.name = n.table_name and a.schema = n.schema_name)`;
  await connection.query(acceptStatement(ids, 'i.description is distinct from s.description'), [named]);
}

function refuseUncaptured(error: unknown, connection: Connection): never {
  if (!isCaptureMissing(error)) throw error;
  throw new StoreRefused(
    'capture-missing',
    `The change capture is not installed in ${connection.label}`,
    { store: connection.label },
    { cause: error },
  );
}
