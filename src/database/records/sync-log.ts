/** Writes log entries, and reads those that the engine takes back; lists are in `queries`. */
import type { Json, Params, Side, Value } from '../../domain/record.ts';
import { keyOfText, keyText } from '../../domain/record.ts';
import type { CouplingDatabase, LogChange, LogEntry, RecentWrites } from '../../ports/coupling-database.ts';
import type { LaneRegistry } from '../lanes/lane-registry.ts';
import { plainArray } from '../session/array-literal.ts';
import type { Clients } from '../session/connect.ts';
import { query, sessionsFor } from '../session/connect.ts';
import { insertsRows } from '../session/insert-rows.ts';
import { isId, isTimeOrdered, lowestIdAt, timeOfId, timestampOfId } from '../session/iso-time.ts';
import type { Queryable } from '../session/open-session.ts';

type StoredChange = readonly [field: string, side: Side, old: Value, now: Value];

const storedChanges = (entry: LogEntry): string | null =>
  entry.changes.length === 0
    ? null
    : JSON.stringify(entry.changes.map((change): StoredChange => [change.field, change.side, change.old, change.new]));

const storedParams = ({ params }: LogEntry): string | null => {
  for (const _ in params) return JSON.stringify(params);
  return null;
};

/**
 * The largest cost of the coupling database, 13 µs for an entry of two changed fields, and it stays: the row and four
 * indexes, each the way of one filter (mapping, job, record, id). All but the one by coupling grow at their end.
 */
const insertEntries = insertsRows<LogEntry>({
  table: 'couplet.sync_log',
  given: [{ name: 'lane_id', type: 'int' }],
  columns: [
    { name: 'id', type: 'uuid', as: 'plain', value: (entry) => entry.id },
    { name: 'action', type: 'couplet.log_action', as: 'plain', value: (entry) => entry.action },
    { name: 'cause', type: 'couplet.log_cause', as: 'plain', value: (entry) => entry.cause },
    { name: 'direction', type: 'couplet.write_direction', as: 'plain', value: (entry) => entry.direction },
    { name: 'coupling_id', type: 'uuid', as: 'plain', value: (entry) => entry.couplingId },
    { name: 'job_id', type: 'uuid', as: 'plain', value: (entry) => entry.jobId },
    { name: 'error_id', type: 'uuid', as: 'plain', value: (entry) => entry.errorId },
    { name: 'reverts', type: 'uuid', as: 'plain', value: (entry) => entry.reverts },
    { name: 'actor', type: 'text', as: 'text', value: (entry) => entry.actor },
    { name: 'changed_by', type: 'text', as: 'text', value: (entry) => entry.changedBy },
    { name: 'reason', type: 'text', as: 'text', value: (entry) => entry.reason },
    { name: 'code', type: 'text', as: 'text', value: (entry) => entry.code },
    { name: 'request_id', type: 'text', as: 'text', value: (entry) => entry.requestId },
    { name: 'hq_key', type: 'text', as: 'joined', value: (entry) => entry.hqKey && keyText(entry.hqKey) },
    {
      name: 'channel_key',
      type: 'text',
      as: 'joined',
      value: (entry) => entry.channelKey && keyText(entry.channelKey),
    },
    { name: 'params', type: 'text', as: 'joined', value: storedParams },
    { name: 'changes', type: 'text', as: 'joined', value: storedChanges },
    { name: 'undo', type: 'text', as: 'joined', value: (entry) => entry.undo && JSON.stringify(entry.undo) },
  ],
});

export const writeLog = async (sql: Queryable, laneId: number, entries: readonly LogEntry[]): Promise<void> => {
  for (const entry of entries) {
    if (!isTimeOrdered(entry.id)) throw new Error(`A log entry needs an id of UUID version 7, not ${entry.id}.`);
  }
  await insertEntries(sql, [laneId], entries);
};

/**
 * `$1` and what else was written and said under the same job as the answer to the same error, or as the revert of the
 * same entry; `$2` or null: by whom.
 */
export const MARK_REVERTED = `
  with target as (select id, coupling_id, job_id, error_id, reverts from couplet.sync_log where id = $1),
  step as (
    select id from target
    union
    select l.id from target t
     cross join lateral (
       select l.id from couplet.sync_log l
        where l.coupling_id = t.coupling_id and l.job_id = t.job_id and (l.error_id = t.error_id or l.reverts = t.reverts)
          and l.action in ('modified', 'deleted', 'restored', 'uncoupled', 'coupled', 'resolved')) l)
  update couplet.sync_log l set reverted_by = $2 from step s where l.id = s.id returning l.id, l.reverts`;

/**
 * What was taken back is marked so; an answer to an error and a revert each as a whole, for they go back as a whole.
 * Taking back a revert puts what it had taken back in force again, and so on down the chain; hence a step for each link.
 */
export const markReverted = async (sql: Queryable, entries: readonly LogEntry[]): Promise<void> => {
  for (const entry of entries) {
    let revertedBy: string | null = entry.id;
    for (let target = entry.reverts; target !== null; ) {
      const rows: readonly Pick<LogRow, 'id' | 'reverts'>[] = await query(sql, MARK_REVERTED, [target, revertedBy]);
      const marked = rows.find(({ id }) => id === target);
      revertedBy = revertedBy === null ? target : null;
      target = marked?.reverts ?? null;
    }
  }
};

export interface LogRow {
  readonly id: string;
  readonly lane_id: number;
  readonly action: LogEntry['action'];
  readonly cause: LogEntry['cause'];
  readonly direction: LogEntry['direction'];
  readonly coupling_id: string | null;
  readonly job_id: string | null;
  readonly error_id: string | null;
  readonly reverts: string | null;
  readonly reverted_by: string | null;
  readonly hq_key: string | null;
  readonly channel_key: string | null;
  readonly actor: string | null;
  readonly changed_by: string | null;
  readonly reason: string | null;
  readonly code: string | null;
  readonly request_id: string | null;
  readonly params: string | null;
  readonly changes: string | null;
  readonly undo: string | null;
}

export const LOG_COLUMNS = `
  l.id, l.lane_id, l.action, l.cause, l.direction, l.coupling_id, l.job_id, l.error_id, l.reverts, l.reverted_by,
  l.hq_key, l.channel_key, l.actor, l.changed_by, l.reason, l.code, l.request_id, l.params, l.changes, l.undo`;

const changesOf = (text: string | null): readonly LogChange[] =>
  text === null
    ? []
    : (JSON.parse(text) as StoredChange[]).map(([field, side, old, now]) => ({ field, side, old, new: now }));

export type StoredLogEntry = LogEntry & { readonly at: string; readonly revertedBy: string | null };

export const logEntryOfRow = async (row: LogRow, lanes: LaneRegistry): Promise<StoredLogEntry> => ({
  id: row.id,
  at: timeOfId(row.id),
  jobId: row.job_id,
  lane: await lanes.laneOf(row.lane_id),
  couplingId: row.coupling_id,
  hqKey: row.hq_key === null ? null : keyOfText(row.hq_key),
  channelKey: row.channel_key === null ? null : keyOfText(row.channel_key),
  action: row.action,
  direction: row.direction,
  cause: row.cause,
  actor: row.actor,
  changedBy: row.changed_by,
  reason: row.reason,
  code: row.code,
  params: row.params === null ? {} : (JSON.parse(row.params) as Params),
  changes: changesOf(row.changes),
  errorId: row.error_id,
  requestId: row.request_id,
  reverts: row.reverts,
  revertedBy: row.reverted_by,
  undo: row.undo === null ? null : (JSON.parse(row.undo) as Json),
});

/** Workers on other machines may have a clock that is behind that of the one that drew the job's id. */
const CLOCKS_APART_MS = 3_600_000;

/** Nothing of a job is older than the job, so older months are left closed. */
export const oldestOfJob = (jobId: string): string =>
  isTimeOrdered(jobId) ? lowestIdAt(timestampOfId(jobId) - CLOCKS_APART_MS) : lowestIdAt(0);

export const logPart = (
  clients: Clients,
  lanes: LaneRegistry,
): Pick<CouplingDatabase, 'logEntryById' | 'logEntriesOfStep' | 'deletionsOf' | 'recentWrites'> => ({
  recentWrites: (couplingIds, since, limit) => recentWrites(clients, couplingIds, since, limit),
  logEntryById: async (id) => {
    if (!isId(id)) return null;
    const [row] = await query<LogRow>(clients.raw, `select ${LOG_COLUMNS} from couplet.sync_log l where l.id = $1`, [
      id,
    ]);
    return row === undefined ? null : logEntryOfRow(row, lanes);
  },
  deletionsOf: async (couplingId) => {
    const rows = await query<LogRow>(
      clients.raw,
      `select ${LOG_COLUMNS} from couplet.sync_log l
        where l.coupling_id = $1 and l.action = 'deleted' order by l.id desc limit 4`,
      [couplingId],
    );
    return Promise.all(rows.map((row) => logEntryOfRow(row, lanes)));
  },
  logEntriesOfStep: async (jobId, couplingId) => {
    const rows = await query<LogRow>(
      clients.raw,
      `select ${LOG_COLUMNS} from couplet.sync_log l
        where l.coupling_id = $2 and l.job_id = $1 and l.id >= $3 order by l.id`,
      [jobId, couplingId, oldestOfJob(jobId)],
    );
    return Promise.all(rows.map((row) => logEntryOfRow(row, lanes)));
  },
});

const RECENT = `
  select u.id as coupling_id, l.action, l.direction, l.changed_by, l.changes
    from unnest($1::uuid[]) as u(id)
   cross join lateral (
     select l.action, l.direction, l.changed_by, l.changes from couplet.sync_log l
      where l.coupling_id = u.id and l.id >= $2 and l.action in ('modified', 'resolved')
      order by l.id desc limit $3) l`;

const recentWrites = async (
  clients: Clients,
  couplingIds: readonly string[],
  since: Date,
  limit: number,
): Promise<ReadonlyMap<string, RecentWrites>> => {
  const rows = await query<Pick<LogRow, 'action' | 'direction' | 'changed_by' | 'changes'> & { coupling_id: string }>(
    sessionsFor(clients, couplingIds.length),
    RECENT,
    [plainArray(couplingIds), lowestIdAt(since.getTime()), limit],
  );
  const found = new Map<string, RecentWrites[number][]>();
  const answered = new Set<string>();
  for (const row of rows) {
    if (row.action === 'resolved') answered.add(row.coupling_id);
    if (answered.has(row.coupling_id)) continue;
    const writes = found.get(row.coupling_id) ?? [];
    writes.push({ direction: row.direction, changedBy: row.changed_by, changes: changesOf(row.changes) });
    found.set(row.coupling_id, writes);
  }
  return found;
};
