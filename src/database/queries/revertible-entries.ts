/** Which entries of a page a revert would take: what they wrote is told by the log, and the pair can be led back to it. */
import { type SQL, sql } from 'drizzle-orm';
import type { LogView } from '../../ports/queries.ts';
import { oldestOfJob, type StoredLogEntry } from '../records/sync-log.ts';
import { plainArray, textArray } from '../session/array-literal.ts';
import type { Clients } from '../session/connect.ts';

const TAKEN_BACK: ReadonlySet<LogView['action']> = new Set([
  'modified',
  'deleted',
  'resolved',
  'restored',
  'uncoupled',
  'coupled',
]);

const captured = (side: 'hq' | 'channel') => {
  const target = sql`coalesce(l.undo::json ->> 'target', 'channel') = ${side}`;
  return sql`((${target} and l.undo::json -> 'oldRow' is not null) or c.old_rows::json -> ${side} is not null)`;
};

/** What else was written under the same job and error, `m`; `u.since` is the oldest id that an entry of the job can have. */
const inStep = (condition: SQL) => sql`exists (
  select from couplet.sync_log m
   where m.coupling_id = l.coupling_id and m.job_id = l.job_id and m.id >= u.since and m.error_id = l.error_id
     and ${condition})`;

/**
 * What a write changed goes back while the pair is coupled; so does a record that a person or a revert restored. A
 * deletion, where both records were captured, or by a revert that left the coupling. A resolution, where it wrote to
 * records; what a person uncoupled, if it was a pair. One that ended by itself has nothing of its own to take back; nor has
 * the conflict of a customer operation. (Asked as a value: of `not exists` PostgreSQL makes a table of all errors of
 * operations, and reads the whole list of errors for it.)
 */
const REVERTIBLE = sql`
  case l.action
    when 'modified' then c.ended_at is null
    when 'restored' then c.ended_at is null and (l.cause = 'revert' or (l.cause = 'restore' and l.error_id is not null))
    when 'coupled' then c.ended_at is null and l.cause = 'revert'
    when 'uncoupled' then l.code is null and l.hq_key is not null and l.channel_key is not null
    when 'deleted' then l.hq_key is not null and l.channel_key is not null
      and case when l.cause = 'revert' and c.ended_at is null then true else ${captured('hq')} and ${captured('channel')} end
    else (select e.operation_id from couplet.sync_error e where e.id = l.error_id) is null
      and case l.code
        when 'delete' then ${inStep(
          sql`m.action = 'deleted' and m.undo::json -> 'oldRow' is not null and m.hq_key is not null and m.channel_key is not null`,
        )}
        when 'restore' then c.ended_at is null and ${inStep(sql`m.action = 'restored'`)}
        else c.ended_at is null and ${inStep(sql`m.action = 'modified' and m.cause = 'resolution'`)}
      end
  end`;

export async function withRevertible(clients: Clients, entries: readonly StoredLogEntry[]): Promise<LogView[]> {
  const asked = entries.flatMap(({ id, action, couplingId, jobId, revertedBy }) =>
    TAKEN_BACK.has(action) && couplingId !== null && jobId !== null && revertedBy === null
      ? [{ id, since: oldestOfJob(jobId) }]
      : [],
  );
  const deleted = entries.filter(({ action, couplingId }) => action === 'deleted' && couplingId !== null);
  const [found, pairs] = await Promise.all([
    asked.length === 0 ? new Set<string>() : revertibleAmong(clients, asked),
    deletionsAmong(
      clients,
      deleted.flatMap(({ couplingId }) => couplingId ?? []),
    ),
  ]);
  for (const { id, couplingId, hqKey, channelKey, revertedBy } of deleted) {
    const both = pairs.get(couplingId ?? '');
    if (both?.reverted === true) found.delete(id);
    else if (both?.captured === true && hqKey && channelKey && revertedBy === null) found.add(id);
  }
  return entries.map((entry) => ({ ...entry, revertible: found.has(entry.id) }));
}

async function revertibleAmong(
  clients: Clients,
  asked: readonly { readonly id: string; readonly since: string }[],
): Promise<Set<string>> {
  const ids = textArray(asked.map(({ id }) => id));
  const since = textArray(asked.map((entry) => entry.since));
  // One entry and its coupling at a time: from a log of several months PostgreSQL expects so many entries that it reads all
  // couplings to join them.
  const rows = await clients.read<{ id: string }>(sql`
    select l.id
      from unnest(${ids}::text::uuid[], ${since}::text::uuid[]) as u(id, since)
      join couplet.sync_log l on l.id = u.id
     cross join lateral (
       select o.ended_at, o.old_rows from couplet.coupling o where o.id = l.coupling_id limit 1) as c
     where ${REVERTIBLE}`);
  return new Set(rows.map(({ id }) => id));
}

interface BothDeleted {
  /** Each deletion has its own row, so that both can come back. */
  readonly captured: boolean;
  /** Either entry takes back both. */
  readonly reverted: boolean;
}

/** Pairs of which Couplet deleted both records, one after the other, as of a part that a channel took away. */
async function deletionsAmong(
  clients: Clients,
  couplingIds: readonly string[],
): Promise<ReadonlyMap<string, BothDeleted>> {
  if (couplingIds.length === 0) return new Map();
  const rows = await clients.read<{ coupling_id: string; captured: boolean; reverted: boolean }>(sql`
    select d.coupling_id,
           count(distinct coalesce(d.undo::json ->> 'target', 'channel'))
             filter (where d.undo::json -> 'oldRow' is not null) = 2 as captured,
           bool_or(d.reverted_by is not null) as reverted
      from couplet.sync_log d
     where d.coupling_id = any(${plainArray([...new Set(couplingIds)])}::text::uuid[]) and d.action = 'deleted'
     group by d.coupling_id having count(distinct coalesce(d.undo::json ->> 'target', 'channel')) = 2`);
  return new Map(rows.map(({ coupling_id: id, ...both }) => [id, both]));
}
