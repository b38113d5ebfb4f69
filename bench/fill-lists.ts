/** A coupling database with a long log and many open errors, written by the database itself. */
import { NO_ERROR_FILTER } from '../src/http/no-filter.ts';
import type postgres from 'postgres';
import type { OpenedCouplingDatabase } from '../src/database/open-coupling-database.ts';

export const LISTED_MAPPING = 'customers';
export const LISTED_LANE = { mapping: LISTED_MAPPING, channel: 'houston' };
const FIELDS = ['number', 'name', 'email', 'phone', 'city'];

/** A UUID of version 7 for a time in milliseconds and a number. */
const id = (ms: string, n: string): string => `(
  substr(lpad(to_hex((${ms})::bigint), 12, '0'), 1, 8) || '-' || substr(lpad(to_hex((${ms})::bigint), 12, '0'), 9, 4) || '-7000-8000-'
  || lpad(to_hex((${n})::bigint), 12, '0'))::uuid`;

export async function fillLists(
  database: OpenedCouplingDatabase,
  sql: postgres.Sql,
  counts: { readonly log: number; readonly errors: number },
  /** Everything lies within six hours. */
  from = Date.now() - 6 * 3_600_000,
) {
  await database.ensureLanes([LISTED_LANE]);
  const { layoutId } = await database.ensureLayout(
    LISTED_LANE,
    FIELDS.map((name) => ({ name, fingerprint: name })),
  );
  const [lane] = await sql<{ id: number }[]>`select id from couplet.lane where mapping = ${LISTED_MAPPING}`;
  const laneId = lane?.id ?? 0;
  const couplings = counts.errors;
  const time = (n: string, of: number): string => `${from} + (${n})::bigint * ${6 * 3_600_000} / ${of}`;
  await sql.unsafe(`
    insert into couplet.coupling (id, lane_id, layout_id, status, hq_key, channel_key, base_hq, base_channel, hq_description, channel_description, error_id)
    select ${id(time('n', couplings), 'n')}, ${laneId}, ${layoutId}, 'conflict', '["C' || n || '"]', '["' || n || '"]',
           '["C","a","b","c","d"]', '["C","a","b","c","d"]', 'C' || n || ' Adatum', 'Adatum ' || n, null
      from generate_series(1, ${couplings}) n`);
  await sql.unsafe(`
    insert into couplet.sync_error (id, lane_id, scope, kind, status, parked, attempts, coupling_id, job_id, code, cause, params, hq_key, channel_key,
           hq_description, channel_description, hq_seen, channel_seen, fields, field_names, first_seen_at, last_seen_at)
    select ${id(time('n', couplings), 'n')}, ${laneId}, 'record', (array['conflict','failure','deletion'])[1 + n % 3]::couplet.error_kind, 'open', false, 1,
           ${id(time('n', couplings), 'n')}, ${id(time('n / 1000 * 1000', couplings), 'n / 1000')}, 'update-conflict', 'cause ' || (n % 50), '{"field":"email"}',
           '["C' || n || '"]', '["' || n || '"]', 'C' || n || ' Adatum', 'Adatum ' || n,
           '{"exists":true,"modifiedAt":null,"changedBy":null,"version":"1"}', '{"exists":true,"modifiedAt":null,"changedBy":null,"version":"1"}',
           ('[' || (select string_agg('{"name":"' || f || '","base":{"hq":"a","channel":"a"},"hq":"b","channel":"c","changedIn":["hq"],"conflicting":true}', ',') from unnest(array['name','email']) f) || ']')::json,
           array['email'], to_timestamp((${time('n', couplings)}) / 1000.0), to_timestamp((${time('n', couplings)}) / 1000.0)
      from generate_series(1, ${couplings}) n`);
  await sql.unsafe(`
    insert into couplet.sync_log (id, lane_id, action, cause, direction, coupling_id, job_id, error_id, hq_key, channel_key, actor, params, changes)
    select ${id(time('n', counts.log), 'n')}, ${laneId}, (case when n % 100 = 0 then 'resolved' else 'modified' end)::couplet.log_action, 'change', 'toChannel',
           ${id(time(`1 + n % ${couplings}`, couplings), `1 + n % ${couplings}`)}, ${id(time('n / 1000 * 1000', counts.log), 'n / 1000')}, null,
           '["C' || (1 + n % ${couplings}) || '"]', '["' || (1 + n % ${couplings}) || '"]', case when n % 500 = 0 then 'anna' end, '{}',
           '[["email","channel","a@example.com","b@example.com"],["name","channel","Adatum","Adatum Corp"]]'
      from generate_series(1, ${counts.log}) n`);
  await sql.unsafe('analyze couplet.sync_log; analyze couplet.sync_error; analyze couplet.coupling');
  await sql.unsafe('vacuum couplet.sync_log').catch(() => {});
  const middle = Math.floor(couplings / 2);
  const [found] = await sql.unsafe<{ coupling: string; job: string; middle: string }[]>(`
    select ${id(time(`${middle}`, couplings), `${middle}`)} as coupling, ${id(time('500000 / 1000 * 1000', counts.log), '500')} as job,
           ${id(time(`${middle}`, couplings), `${middle}`)} as middle`);
  const page = await database.queries.errors(
    { ...NO_ERROR_FILTER, until: new Date(from + 3 * 3_600_000).toISOString() },
    { limit: 1, cursor: null, sort: null, count: false },
  );
  return {
    laneId,
    couplingId: found?.coupling ?? '',
    jobId: found?.job ?? '',
    hqKey: `C${middle}`,
    midErrorId: found?.middle ?? '',
    midCursor: page.nextCursor ?? '',
  };
}
