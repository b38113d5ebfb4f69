/** Digests of bases, range by range, and how far the lanes are proven by them. */
import type { Params, RecordKey } from '../../domain/record.ts';
import { keyOfText } from '../../domain/record.ts';
import type { RangeDigest } from '../../ports/store.ts';
import type { CouplingDigest, LaneProof, MappingProof, OpenPairs, ProofKeeping } from '../../ports/verification.ts';
import type { LaneRegistry } from '../lanes/lane-registry.ts';
import type { Layouts } from '../lanes/layouts.ts';
import type { Clients } from '../session/connect.ts';
import { query } from '../session/connect.ts';
import { isoTime, isoTimeOrNull } from '../session/iso-time.ts';

function md5Of(text: string): string {
  return `case when getdatabaseencoding() = 'UTF8' then md5(${text}) else md5(convert_to(${text}, 'UTF8')) end`;
}

const LOWEST_ID = '00000000-0000-0000-0000-000000000000';

/** Eight hexadecimal digits as an integer of 32 bits. */
const part = (md5: string, from: number): string => `('x' || substr(${md5}, ${from}, 8))::bit(32)::int4`;

/**
 * The base in the order of the present layout: as it is stored, or, under an older one that has all present fields
 * (`$5`: layout to positions), put together from its parts, which JSON gives back letter by letter.
 */
const baseOf = (column: string): string => `
  case when c.layout_id = $4 then ${column} else (
    select '[' || string_agg((${column}::json -> p.position::int)::text, ',' order by p.place) || ']'
      from json_array_elements_text(older.value) with ordinality p (position, place)) end`;

/**
 * What the store computes from its record, from key and base as they are stored: both are JSON as `JSON.stringify`
 * writes it. A conversion to UTF-8 that converts nothing would be a third of it.
 */
const MD5 = {
  hq: md5Of(`c.hq_key || ${baseOf('c.base_hq')}`),
  channel: md5Of(`c.channel_key || ${baseOf('c.base_channel')}`),
} as const;

const COUPLINGS = 'couplet.coupling c left join json_each($5::text::json) older on older.key = c.layout_id::text';
const IS_COMPARABLE =
  'c.channel_key is not null and c.base_states is null and (c.layout_id = $4 or older.key is not null)';

const sums = (column: 'h' | 's'): string =>
  `coalesce(sum(${part(column, 1)}), 0)::text || ':' || coalesce(sum(${part(column, 9)}), 0)::text`;

/** The page is in the order of its ids, and so are the keys: sorting them once more for each list would cost as much as a digest. */
const RANGE = `
  with page as materialized (
    select c.id, c.hq_key, c.channel_key, c.status = 'synchronized' as settled,
           c.status = 'synchronized' and ${IS_COMPARABLE} as comparable, ${MD5.hq} as h, ${MD5.channel} as s
      from ${COUPLINGS}
     where c.lane_id = $1 and c.ended_at is null and c.id > $2::uuid order by c.id limit $3)
  select (select count(*)::int from page) as pairs,
         (select id::text from page order by id desc limit 1) as last_id,
         (select json_agg(id)::text from page where settled and not comparable) as apart,
         count(*)::int as records,
         '[' || coalesce(string_agg(hq_key, ','), '') || ']' as hq_keys,
         '[' || coalesce(string_agg(channel_key, ','), '') || ']' as channel_keys,
         ${sums('h')} as hq_sum, ${sums('s')} as channel_sum
    from page where comparable`;

const EACH = `
  select c.id::text, c.hq_key, c.channel_key, ${MD5.hq} as h, ${MD5.channel} as s
    from ${COUPLINGS}
   where c.lane_id = $1 and c.ended_at is null and c.id > $2::uuid and c.id <= $3::uuid
     and c.status = 'synchronized' and ${IS_COMPARABLE} order by c.id`;

const OPEN_PAIRS = `
  select count(distinct e.coupling_id)::int as pairs from couplet.sync_error e
   where e.lane_id = $1 and e.status = 'open' and e.coupling_id is not null`;

const KNOWN = `
  select e.id::text as error_id, c.id::text as coupling_id, c.hq_key, c.channel_key, e.params
    from couplet.sync_error e join couplet.coupling c on c.id = e.coupling_id
   where e.lane_id = $1 and e.status = 'open' and e.code = 'verification-difference' order by e.id limit $2`;

const LOAD = `
  select pass_started_at::text, pass_after::text, proven_at::text,
         extract(epoch from now() - proven_at)::float8 as ago from couplet.proof where lane_id = $1`;

/** Conditional on where the pass stood, so that of two workers only one moves it. */
const MOVE = `
  insert into couplet.proof as p (lane_id, pass_started_at, pass_after, pass_pairs, pass_verified, pass_drift)
  values ($1, now(), $3::uuid, $4, $5, $6)
  on conflict (lane_id) do update
     set pass_started_at = case when p.pass_started_at is null then now() else p.pass_started_at end,
         pass_after = excluded.pass_after,
         pass_pairs = case when p.pass_started_at is null then 0 else p.pass_pairs end + excluded.pass_pairs,
         pass_verified = case when p.pass_started_at is null then 0 else p.pass_verified end + excluded.pass_verified,
         pass_drift = case when p.pass_started_at is null then 0 else p.pass_drift end + excluded.pass_drift
   where p.pass_after is not distinct from $2::uuid
  returning 1 as moved`;

const COMPLETE = `
  update couplet.proof
     set proven_at = pass_started_at, pairs = pass_pairs, verified = pass_verified, drift = pass_drift,
         pass_started_at = null, pass_after = null, pass_pairs = 0, pass_verified = 0, pass_drift = 0
   where lane_id = $1`;

const PASS = `
  insert into couplet.proof as p (lane_id, proven_at, pairs, verified, drift) values ($1, $2, $3, $4, $5)
  on conflict (lane_id) do update
     set proven_at = excluded.proven_at, pairs = excluded.pairs, verified = excluded.verified, drift = excluded.drift
   where p.proven_at is null or p.proven_at < excluded.proven_at`;

/** A lane without couplings needs no proof; one with couplings that has none makes the whole mapping unproven. */
const PROOFS = `
  select l.mapping, coalesce(sum(a.couplings), 0)::int as pairs,
         coalesce(sum(least(coalesce(p.verified, 0), a.couplings)), 0)::int as verified,
         case when bool_or(a.couplings > 0 and p.proven_at is null) then null else min(p.proven_at)::text end as oldest,
         coalesce(sum(p.drift), 0)::int as drift,
         (select count(*)::int from couplet.sync_error e join couplet.lane own on own.id = e.lane_id
           where own.mapping = l.mapping and e.status = 'open' and e.code = 'verification-difference') as differences
    from couplet.lane l
    left join couplet.proof p on p.lane_id = l.id
    left join lateral (select coalesce(sum(couplings), 0) as couplings from couplet.lane_activity where lane_id = l.id) a
      on true
   where l.forgotten_at is null
   group by l.mapping`;

/** Layouts that have every field of the present one, with where each of these stands in them. Layouts never change. */
const olderLayouts = (clients: Clients, layouts: Layouts): ((current: number) => Promise<string>) => {
  const known = new Map<number, string>();
  return async (current) => {
    const found = known.get(current);
    if (found !== undefined) return found;
    const fields = await layouts.fieldsOf(current);
    const positions: Record<string, readonly number[]> = {};
    for (const { id } of await query<{ id: number }>(clients.raw, 'select id from couplet.layout', [])) {
      const older = id === current ? [] : await layouts.fieldsOf(id);
      const places = fields.map(({ name, fingerprint }) =>
        older.findIndex((field) => field.name === name && field.fingerprint === fingerprint),
      );
      if (id !== current && places.every((place) => place >= 0)) positions[String(id)] = places;
    }
    const text = JSON.stringify(positions);
    known.set(current, text);
    return text;
  };
};

export const proofsPart = (clients: Clients, lanes: LaneRegistry, layouts: Layouts): ProofKeeping => {
  const olderThan = olderLayouts(clients, layouts);
  const layoutOf = async (laneId: number): Promise<[current: number, older: string]> => {
    const current = await layouts.currentOf(laneId);
    return current === null ? [-1, '{}'] : [current, await olderThan(current)];
  };
  return {
    rangeAfter: async (lane, afterId, limit) => {
      const laneId = await lanes.idOf(lane);
      const [row] = await query<RangeRow>(clients.raw, RANGE, [
        laneId,
        afterId ?? LOWEST_ID,
        limit,
        ...(await layoutOf(laneId)),
      ]);
      if (row === undefined || row.last_id === null) return null;
      const digest = (sum: string): RangeDigest => ({ records: row.records, sum });
      return {
        lastId: row.last_id,
        pairs: row.pairs,
        apart: row.apart === null ? [] : (JSON.parse(row.apart) as string[]),
        keys: { hq: JSON.parse(row.hq_keys) as RecordKey[], channel: JSON.parse(row.channel_keys) as RecordKey[] },
        digests: { hq: digest(row.hq_sum), channel: digest(row.channel_sum) },
      };
    },
    eachOf: async (lane, afterId, lastId) => {
      const laneId = await lanes.idOf(lane);
      const from = afterId ?? LOWEST_ID;
      const rows = await query<EachRow>(clients.raw, EACH, [laneId, from, lastId, ...(await layoutOf(laneId))]);
      return rows.map(
        (row): CouplingDigest => ({
          id: row.id,
          keys: { hq: keyOfText(row.hq_key), channel: keyOfText(row.channel_key) },
          digests: { hq: row.h, channel: row.s },
        }),
      );
    },
    openPairs: async (lane, atMost) => openPairs(clients, await lanes.idOf(lane), atMost),
    ...passesPart(clients, lanes),
  };
};

const openPairs = async (clients: Clients, laneId: number, atMost: number): Promise<OpenPairs> => {
  const [counted] = await query<{ pairs: number }>(clients.raw, OPEN_PAIRS, [laneId]);
  const known = await query<KnownRow>(clients.raw, KNOWN, [laneId, atMost]);
  const fieldsOf = ({ fields }: Params): readonly string[] => (Array.isArray(fields) ? fields.map(String) : []);
  return {
    pairs: counted?.pairs ?? 0,
    differences: known.map((row) => ({
      errorId: row.error_id,
      couplingId: row.coupling_id,
      hqKey: keyOfText(row.hq_key),
      channelKey: row.channel_key === null ? null : keyOfText(row.channel_key),
      fields: fieldsOf(row.params),
    })),
  };
};

/** How far each lane is proven. */
const passesPart = (
  clients: Clients,
  lanes: LaneRegistry,
): Pick<ProofKeeping, 'loadProof' | 'moveProof' | 'recordPass' | 'proofs'> => ({
  loadProof: async (lane) => {
    const [row] = await query<ProofRow>(clients.raw, LOAD, [await lanes.idOf(lane)]);
    return {
      passStartedAt: isoTimeOrNull(row?.pass_started_at ?? null),
      passAfter: row?.pass_after ?? null,
      provenAt: isoTimeOrNull(row?.proven_at ?? null),
      provenAgoSeconds: row?.ago ?? null,
    };
  },
  moveProof: async (lane, from: LaneProof, step) => {
    const laneId = await lanes.idOf(lane);
    return clients.raw.begin(async (transaction) => {
      const moved = await query(transaction, MOVE, [
        laneId,
        from.passAfter,
        step.after,
        step.pairs,
        step.verified,
        step.drift,
      ]);
      if (moved.length > 0 && step.after === null) await query(transaction, COMPLETE, [laneId]);
      return moved.length > 0;
    });
  },
  recordPass: async (lane, startedAt, { pairs, verified, drift }) => {
    await query(clients.raw, PASS, [await lanes.idOf(lane), startedAt.toISOString(), pairs, verified, drift]);
  },
  proofs: async () => {
    const rows = await query<MappingRow>(clients.raw, PROOFS, []);
    return rows.map(
      ({ oldest, ...row }): MappingProof => ({ ...row, oldestProofAt: oldest === null ? null : isoTime(oldest) }),
    );
  },
});

interface RangeRow {
  readonly pairs: number;
  readonly last_id: string | null;
  readonly apart: string | null;
  readonly records: number;
  readonly hq_keys: string;
  readonly channel_keys: string;
  readonly hq_sum: string;
  readonly channel_sum: string;
}

interface EachRow extends Readonly<Record<'id' | 'hq_key' | 'channel_key' | 'h' | 's', string>> {}

interface KnownRow {
  readonly error_id: string;
  readonly coupling_id: string;
  readonly hq_key: string;
  readonly channel_key: string | null;
  readonly params: Params;
}

interface ProofRow {
  readonly pass_started_at: string | null;
  readonly pass_after: string | null;
  readonly proven_at: string | null;
  readonly ago: number | null;
}

interface MappingRow extends Omit<MappingProof, 'oldestProofAt'> {
  readonly oldest: string | null;
}
