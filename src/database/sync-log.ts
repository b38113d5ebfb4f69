/** Writes log entries; `queries` reads them. */
import type { LogEntry } from '../ports/coupling-database.ts';
import { keyText } from '../domain/record.ts';
import { plainArray, textArray } from './array-literal.ts';
import type { RawTransaction } from './connect.ts';
import { query } from './connect.ts';
import { isTimeOrdered } from './iso-time.ts';

const COLUMNS: readonly (readonly [name: string, type: string])[] = [
  ['id', 'uuid'],
  ['action', 'couplet.log_action'],
  ['cause', 'couplet.log_cause'],
  ['direction', 'couplet.write_direction'],
  ['coupling_id', 'uuid'],
  ['job_id', 'uuid'],
  ['error_id', 'uuid'],
  ['reverts', 'uuid'],
  ['hq_key', 'text'],
  ['channel_key', 'text'],
  ['actor', 'text'],
  ['changed_by', 'text'],
  ['reason', 'text'],
  ['code', 'text'],
  ['request_id', 'text'],
  ['params', 'json'],
  ['changes', 'json'],
  ['undo', 'json'],
];

const WRITE = `
  insert into couplet.sync_log (lane_id, ${COLUMNS.map(([name]) => name).join(', ')})
  select $1, ${COLUMNS.map(([name]) => `u.${name}`).join(', ')}
    from unnest(${COLUMNS.map(([, type], index) => `$${index + 2}::${type}[]`).join(', ')})
           as u(${COLUMNS.map(([name]) => name).join(', ')})`;

export type StoredChange = readonly [field: string, side: string, old: string | null, now: string | null];

const storedChanges = (entry: LogEntry): string | null =>
  entry.changes.length === 0
    ? null
    : JSON.stringify(entry.changes.map((change): StoredChange => [change.field, change.side, change.old, change.new]));

const hasNames = (params: object): boolean => {
  for (const _ in params) return true;
  return false;
};

export const writeLog = async (sql: RawTransaction, laneId: number, entries: readonly LogEntry[]): Promise<void> => {
  for (const entry of entries) {
    if (!isTimeOrdered(entry.id)) throw new Error(`A log entry needs an id of UUID version 7, not ${entry.id}.`);
  }
  const plain = (of: (entry: LogEntry) => string | null): string => plainArray(entries.map(of));
  const text = (of: (entry: LogEntry) => string | null): string => textArray(entries.map(of));
  await query(sql, WRITE, [
    laneId,
    plain((entry) => entry.id),
    plain((entry) => entry.action),
    plain((entry) => entry.cause),
    plain((entry) => entry.direction),
    plain((entry) => entry.couplingId),
    plain((entry) => entry.jobId),
    plain((entry) => entry.errorId),
    plain((entry) => entry.reverts),
    text((entry) => (entry.hqKey === null ? null : keyText(entry.hqKey))),
    text((entry) => (entry.channelKey === null ? null : keyText(entry.channelKey))),
    text((entry) => entry.actor),
    text((entry) => entry.changedBy),
    text((entry) => entry.reason),
    text((entry) => entry.code),
    text((entry) => entry.requestId),
    text((entry) => (hasNames(entry.params) ? JSON.stringify(entry.params) : null)),
    text(storedChanges),
    text((entry) => (entry.undo === null ? null : JSON.stringify(entry.undo))),
  ]);
};
