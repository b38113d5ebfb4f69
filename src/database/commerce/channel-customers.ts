/** What the coupling database knows of a channel's customers besides operations: who has which GUID, who is on the way. */
import { keyOfText, keyText } from '../../domain/record.ts';
import type { ChannelCustomerIndex, GuidOfRecord } from '../../ports/channel-customer-index.ts';
import type { LaneRegistry } from '../lanes/lane-registry.ts';
import { plainArray, textArray } from '../session/array-literal.ts';
import type { Clients } from '../session/connect.ts';
import { query } from '../session/connect.ts';

interface Row {
  readonly guid: string;
  readonly part_key: string;
  readonly coupling_id: string;
}

const recordOf = (row: Row): GuidOfRecord => ({
  guid: row.guid,
  partKey: row.part_key,
  couplingId: row.coupling_id,
});

/** Position and not LIKE: every sign of the text means itself. */
const UNDISTRIBUTED = `
  select distinct on (c.id) a.guid::text, a.part_key, c.id::text as coupling_id
    from couplet.coupling c join couplet.async_record a on a.coupling_id = c.id
   where c.lane_id = $1 and c.ended_at is null and c.status <> 'synchronized' and c.channel_key is null
     and (position(lower($2) in lower(c.base_channel)) > 0 or position(lower($2) in lower(c.hq_key)) > 0 or a.guid::text = lower($2))
   order by c.id desc, a.created_at limit $3`;

/** Through the couplings that the record has or had, whose log says who deleted it. */
const ENDED = `
  select distinct u.key as hq_key
    from unnest($2::text[]) as u(key)
    join couplet.lane n on n.mapping = $1
    join couplet.coupling c on c.lane_id = n.id and c.hq_key = u.key
    join couplet.sync_log l on l.coupling_id = c.id
   where l.action = 'deleted' and l.direction = 'toHq'
     and not exists (
       select from couplet.sync_log d where d.coupling_id = c.id and d.action = 'deleted' and d.reverted_by is not null)
     and (l.cause = 'commerce' or exists (select from couplet.sync_error e where e.id = l.error_id and e.operation_id is not null))`;

/** What happened last to HQ's records of these couplings. */
const TAKEN_AWAY = `
  select distinct on (l.coupling_id) l.coupling_id::text, l.action = 'deleted' and l.reverted_by is null
      and (l.cause = 'commerce' or exists (select from couplet.sync_error e where e.id = l.error_id and e.operation_id is not null)) as gone
    from couplet.sync_log l
   where l.coupling_id = any($1::uuid[]) and l.direction = 'toHq' and l.action in ('deleted', 'restored', 'inserted')
   order by l.coupling_id, l.id desc`;

export const channelCustomersPart = (clients: Clients, lanes: LaneRegistry): ChannelCustomerIndex => ({
  async undistributed(lane, text, limit) {
    const rows = await query<Row>(clients.raw, UNDISTRIBUTED, [await lanes.idOf(lane), text, limit]);
    return rows.map(recordOf);
  },
  async takenAway(couplingIds) {
    const rows = await query<{ coupling_id: string; gone: boolean }>(clients.raw, TAKEN_AWAY, [
      plainArray(couplingIds),
    ]);
    return new Set(rows.flatMap(({ coupling_id: id, gone }) => (gone ? [id] : [])));
  },
  async ofGuids(lane, guids) {
    const rows = await query<Row>(
      clients.raw,
      `select guid::text, part_key, coupling_id::text from couplet.async_record
        where mapping = $1 and channel = $2 and guid = any($3::uuid[]) order by created_at`,
      [lane.mapping, lane.channel, plainArray(guids)],
    );
    return rows.map(recordOf);
  },
  async ofCouplings(lane, couplingIds) {
    const rows = await query<Row>(
      clients.raw,
      `select distinct on (coupling_id) guid::text, part_key, coupling_id::text from couplet.async_record
        where mapping = $1 and channel = $2 and coupling_id = any($3::uuid[]) order by coupling_id, created_at`,
      [lane.mapping, lane.channel, plainArray(couplingIds)],
    );
    return rows.map(recordOf);
  },
  async endedByOperation(mapping, hqKeys) {
    const rows = await query<{ hq_key: string }>(clients.raw, ENDED, [mapping, textArray(hqKeys.map(keyText))]);
    return new Set(rows.map((row) => row.hq_key));
  },
  async endedAndAsked(lane, limit) {
    const asked = await query<{ hq_key: string }>(
      clients.raw,
      `select hq_key from couplet.sync_error
        where lane_id = $1 and status = 'open' and kind = 'deletion' and code = 'deleted-in-hq' and hq_key is not null
        order by id limit $2`,
      [await lanes.idOf(lane), limit],
    );
    if (asked.length === 0) return [];
    const keys = textArray(asked.map((row) => row.hq_key));
    const ended = await query<{ hq_key: string }>(clients.raw, ENDED, [lane.mapping, keys]);
    return ended.map((row) => keyOfText(row.hq_key));
  },
  async accountOf(channel, account) {
    const rows = await query<{ guid: string }>(
      clients.raw,
      `select guid::text from couplet.customer_operation
        where channel = $1 and customer_account = $2 and guid is not null order by id limit 1`,
      [channel, account],
    );
    return rows[0]?.guid ?? null;
  },
});
