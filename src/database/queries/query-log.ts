/** The synchronization log for people. Ten million entries in partitions: each filter leads to an index. */
import { type SQL, sql } from 'drizzle-orm';
import type { LogFilter, LogView, Queries } from '../../ports/queries.ts';
import type { LaneRegistry } from '../lanes/lane-registry.ts';
import { all, anyOf, contains, isText, oneOf, withinIds } from '../lists/conditions.ts';
import { type Branch, countRows, readList, uneven } from '../lists/list.ts';
import { orderOf, type PlacedRow, type SortColumn } from '../lists/page.ts';
import { LOG_COLUMNS, logEntryOfRow, type LogRow } from '../records/sync-log.ts';
import type { Clients } from '../session/connect.ts';
import { isId } from '../session/iso-time.ts';
import { allLanes, holdersOf, laneArray, lanesOf } from './lanes-of.ts';
import { withRevertible } from './revertible-entries.ts';

const ID: SortColumn = { column: sql`l.id`, type: 'uuid' };
const SORTS: Readonly<Record<string, SortColumn | null>> = {
  // The time of an entry is in its id.
  at: null,
  // No index has these: they are offered where a job, an error, a coupling or a record leaves few entries.
  hqKey: { column: sql`l.hq_key`, type: 'text', nullable: true },
  channelKey: { column: sql`l.channel_key`, type: 'text', nullable: true },
  action: { column: sql`l.action::text`, type: 'text' },
  mapping: { column: sql`(select o.mapping from couplet.lane o where o.id = l.lane_id)`, type: 'text' },
  channel: { column: sql`(select o.channel from couplet.lane o where o.id = l.lane_id)`, type: 'text' },
};

const FROM = sql`couplet.sync_log l`;
const COLUMNS = sql.raw(LOG_COLUMNS);

/** Changes are kept as [["email","hq",…]]: a quote within a value is escaped, so this is found as a name only. */
const ofField = (fields: readonly string[]): SQL =>
  sql`exists (select from unnest(${anyOf(
    fields.map((field) => `[${JSON.stringify(field)},"`),
    'text',
  )}) as f(start) where strpos(l.changes, f.start) > 0)`;

/** A job with children stands for them too. */
const withChildren = async (clients: Clients, jobIds: readonly string[]): Promise<readonly string[]> => {
  const ids = anyOf(jobIds, 'uuid');
  const rows = await clients.read<{ id: string }>(sql`select j.id from couplet.job j where j.parent_id = any(${ids})`);
  return [...jobIds, ...rows.map(({ id }) => id)];
};

const MOST_RELATED = 1_000;

const withRelated = async (clients: Clients, couplingIds: readonly string[]): Promise<readonly string[]> => {
  const ids = anyOf(couplingIds, 'uuid');
  const rows = await clients.read<{ id: string }>(
    sql`select c.id from couplet.coupling c where c.parents && ${ids} order by c.id desc limit ${MOST_RELATED}`,
  );
  return [...new Set([...couplingIds, ...rows.map(({ id }) => id)])];
};

interface Asked {
  readonly laneIds: readonly number[] | null;
  readonly couplingIds: readonly string[] | null;
  readonly jobIds: readonly string[] | null;
}

const askedOf = async (clients: Clients, lanes: LaneRegistry, filter: LogFilter): Promise<Asked> => {
  const { couplingId, jobId, related } = filter;
  const [laneIds, couplingIds, jobIds] = await Promise.all([
    lanesOf(lanes, filter),
    couplingId !== null && related ? withRelated(clients, couplingId) : couplingId,
    jobId === null ? null : withChildren(clients, jobId),
  ]);
  // The couplings that are related may be of other mappings; what was asked for is theirs as well.
  return { laneIds: related ? null : laneIds, couplingIds, jobIds };
};

const conditionsOf = (filter: LogFilter, asked: Asked): SQL =>
  all([
    asked.laneIds === null ? null : sql`l.lane_id = any(${laneArray(asked.laneIds)})`,
    oneOf(sql`l.coupling_id`, asked.couplingIds, 'uuid'),
    oneOf(sql`l.job_id`, asked.jobIds, 'uuid'),
    oneOf(sql`l.error_id`, filter.errorId, 'uuid'),
    filter.field === null ? null : ofField(filter.field.filter(isText)),
    oneOf(sql`l.actor`, filter.actor, 'text'),
    oneOf(sql`l.action`, filter.action, 'couplet.log_action'),
    oneOf(sql`l.cause`, filter.cause, 'couplet.log_cause'),
    oneOf(sql`l.id`, filter.ids, 'uuid'),
    ...withinIds(sql`l.id`, filter.since, filter.until),
  ]);

const driven = (column: string, values: SQL, where: SQL): Branch => ({
  driver: { source: sql`unnest(${values}) as d(${sql.raw(column)})`, columns: [column] },
  where,
});

/**
 * The narrowest thing asked for leads; the other conditions are checked on what it finds. What leads is not said once
 * more as `= any(…)`: with both on one column PostgreSQL takes the index as unordered and sorts all that it finds.
 */
const branchesOf = async (clients: Clients, lanes: LaneRegistry, filter: LogFilter): Promise<readonly Branch[]> => {
  const asked = await askedOf(clients, lanes, filter);
  const where = conditionsOf(filter, asked);
  if (filter.ids !== null) return [{ driver: null, where }];
  if (asked.couplingIds !== null) {
    const rest = conditionsOf(filter, { ...asked, couplingIds: null });
    return narrowed(filter, [driven('coupling_id', anyOf(asked.couplingIds, 'uuid'), rest)]);
  }
  if (filter.key !== null) return ofRecord(clients, asked.laneIds ?? (await allLanes(lanes)), filter, where);
  if (filter.q !== null && filter.q !== '') return ofText(clients, asked.laneIds, filter.q, where);
  if (asked.jobIds !== null) {
    return [uneven('l', 'job_id', anyOf(asked.jobIds, 'uuid'), conditionsOf(filter, { ...asked, jobIds: null }))];
  }
  if (filter.errorId !== null) {
    return [driven('error_id', anyOf(filter.errorId, 'uuid'), conditionsOf({ ...filter, errorId: null }, asked))];
  }
  if (filter.actor !== null) {
    return [uneven('l', 'actor', anyOf(filter.actor, 'text'), conditionsOf({ ...filter, actor: null }, asked))];
  }
  if (filter.action !== null && !filter.action.includes('modified')) {
    const partial = sql`l.action <> 'modified' and ${conditionsOf({ ...filter, action: null }, asked)}`;
    return [uneven('l', 'action', anyOf(filter.action, 'couplet.log_action'), partial)];
  }
  if (filter.cause !== null && !filter.cause.includes('change')) {
    const partial = sql`l.cause <> 'change' and ${conditionsOf({ ...filter, cause: null }, asked)}`;
    return [uneven('l', 'cause', anyOf(filter.cause, 'couplet.log_cause'), partial)];
  }
  if (asked.laneIds !== null) {
    return [uneven('l', 'lane_id', laneArray(asked.laneIds), conditionsOf(filter, { ...asked, laneIds: null }))];
  }
  return [{ driver: null, where }];
};

/** A coupling leads already; key and text are checked on its entries. */
const narrowed = ({ key, side, q }: LogFilter, branches: readonly Branch[]): readonly Branch[] => {
  const text = key === null ? null : JSON.stringify(key);
  const ofKey =
    text === null || key === null
      ? null
      : key.every(isText)
        ? all([
            sql`(${sql.join(
              (side === null ? (['hq', 'channel'] as const) : [side]).map((one) =>
                one === 'hq' ? sql`l.hq_key = ${text}` : sql`l.channel_key = ${text}`,
              ),
              sql` or `,
            )})`,
          ])
        : sql`false`;
  const more = all([ofKey, contains([sql`l.hq_key`, sql`l.channel_key`], q)]);
  return branches.map(({ driver, where }) => ({ driver, where: sql`${where} and ${more}` }));
};

/**
 * All of the couplings that have the key, also from before the record was renamed; what was done under it to couplings
 * that had it before; and what was done to the record while it had no coupling.
 */
const ofRecord = async (
  clients: Clients,
  laneIds: readonly number[],
  filter: LogFilter,
  where: SQL,
): Promise<readonly Branch[]> => {
  if (filter.key === null) return [];
  const holders = await holdersOf(clients, laneIds, { side: filter.side, key: filter.key });
  if (holders === null) return [];
  const more = sql`${where} and ${contains([sql`l.hq_key`, sql`l.channel_key`], filter.q) ?? sql`true`}`;
  const branches: Branch[] = [];
  if (holders.current.length > 0) branches.push(driven('coupling_id', anyOf(holders.current, 'uuid'), more));
  const columns = holders.sides.map((side) => (side === 'hq' ? sql`l.hq_key` : sql`l.channel_key`));
  const hasKey = sql`(${sql.join(
    columns.map((column) => sql`${column} = ${holders.key}`),
    sql` or `,
  )})`;
  if (holders.former.length > 0) {
    branches.push(driven('coupling_id', anyOf(holders.former, 'uuid'), sql`${hasKey} and ${more}`));
  }
  const [first, second] = columns;
  const alone = (column: SQL, unless: SQL): Branch =>
    driven(
      'lane_id',
      laneArray(laneIds),
      sql`l.coupling_id is null and ${column} = ${holders.key} and ${unless} and ${more}`,
    );
  if (first !== undefined) branches.push(alone(first, sql`true`));
  if (first !== undefined && second !== undefined) {
    branches.push(alone(second, sql`${first} is distinct from ${holders.key}`));
  }
  return branches;
};

const MOST_FOUND = 2_000;

/**
 * Text is sought among the couplings, which have descriptions and are fewer. What few of them have leads to their
 * entries; what many have is met soon when the log is read from its end.
 */
const ofText = async (
  clients: Clients,
  laneIds: readonly number[] | null,
  q: string,
  where: SQL,
): Promise<readonly Branch[]> => {
  const columns = [sql`c.hq_key`, sql`c.channel_key`, sql`c.hq_description`, sql`c.channel_description`];
  const matches = contains(columns, q) ?? sql`true`;
  const lanes = laneIds === null ? sql`true` : sql`c.lane_id = any(${laneArray(laneIds)})`;
  const rows = await clients.read<{ id: string }>(
    sql`select c.id from couplet.coupling c where ${lanes} and ${matches} limit ${MOST_FOUND + 1}`,
  );
  const ofEntry = contains([sql`l.hq_key`, sql`l.channel_key`], q) ?? sql`true`;
  const alone: Branch = { driver: null, where: sql`l.coupling_id is null and ${ofEntry} and ${where}` };
  if (rows.length <= MOST_FOUND) {
    const ids = rows.map(({ id }) => id);
    return [driven('coupling_id', anyOf(ids, 'uuid'), where), alone];
  }
  const coupled = sql`exists (select from couplet.coupling c where c.id = l.coupling_id and ${matches})`;
  return [{ driver: null, where: sql`${coupled} and ${where}` }, alone];
};

export const logQueries = (
  clients: Clients,
  lanes: LaneRegistry,
): Pick<Queries, 'log' | 'logEntryById' | 'countLog'> => ({
  log: async (filter, page) =>
    readList<LogRow & PlacedRow, LogView>(clients, {
      columns: COLUMNS,
      from: FROM,
      alias: 'l',
      branches: await branchesOf(clients, lanes, filter),
      order: orderOf(page.sort, '-at', SORTS, ID),
      page,
      toItems: async (rows) => withRevertible(clients, await Promise.all(rows.map((row) => logEntryOfRow(row, lanes)))),
    }),
  countLog: async (filter) => countRows(clients, FROM, 'l', await branchesOf(clients, lanes, filter)),
  logEntryById: async (id) => {
    if (!isId(id)) return null;
    const [row] = await clients.read<LogRow>(sql`select ${COLUMNS} from ${FROM} where l.id = ${id}`);
    if (row === undefined) return null;
    const [entry] = await withRevertible(clients, [await logEntryOfRow(row, lanes)]);
    return entry ?? null;
  },
});
