/** The oracle's questions, in SQL. Every pair, every lone record, every write: one answer each. */

export const ORACLE_SCHEMA = `
  set local client_min_messages = warning;
  drop schema if exists oracle cascade;
  create schema oracle;
  create table oracle.field (mapping text, name text, to_hq boolean, to_channel boolean, refers text, identifies boolean);
  create table oracle.record (side text, channel text, mapping text, key text, fields jsonb, in_filter boolean);
  create table oracle.move (
    seq bigint, side text, channel text, mapping text, actor text, operation text, key text, new_key text, old jsonb, new jsonb,
    lane text);
  create table oracle.said (value text);
  create index on oracle.record (mapping, side, key);
  create index on oracle.move (mapping, side, new_key);
  -- The same number may be printed in two ways; texts are the same only to the letter.
  create function oracle.same(a text, b text) returns boolean language sql immutable as $$
    select case when a is not distinct from b then true
      when a ~ '^-?[0-9]+([.][0-9]+)?$' and b ~ '^-?[0-9]+([.][0-9]+)?$' then a::numeric = b::numeric
      else false end $$;
  create function oracle.plain(a text) returns text language sql immutable as $$
    select case when a ~ '^-?[0-9]+[.][0-9]+$' then trim_scale(a::numeric)::text else a end $$;
  create table oracle.known (mapping text, side text, channel text, name text, value text, actor text, seq bigint);
  create view oracle.lane as select id, mapping, channel from couplet.lane where forgotten_at is null;
  create view oracle.pair as
    select l.mapping, l.channel, c.id, c.status::text as status, c.hq_key, c.channel_key, c.base_hq::json as base_hq,
      c.base_channel::json as base_channel, c.base_states::json as base_states, y.fields::json as layout, h.fields as hq,
      k.fields as channel_fields, h.key is not null as in_hq, k.key is not null as in_channel,
      coalesce(h.in_filter, true) and coalesce(k.in_filter, true) as in_filter,
      exists (select from couplet.sync_error e where e.status = 'open' and e.coupling_id = c.id) as in_error,
      exists (select from couplet.pending p where p.lane_id = c.lane_id and
        (p.side = 'hq' and p.key = c.hq_key or p.side = 'channel' and p.key = c.channel_key)) as is_pending
    from couplet.coupling c
    join oracle.lane l on l.id = c.lane_id
    join couplet.layout y on y.id = c.layout_id
    left join oracle.record h on h.side = 'hq' and h.mapping = l.mapping and h.key = c.hq_key
    left join oracle.record k
      on k.side = 'channel' and k.channel = l.channel and k.mapping = l.mapping and k.key = c.channel_key
    where c.ended_at is null and c.channel_key is not null;
  create view oracle.pair_field as
    select p.*, f.name, f.to_hq, f.to_channel, p.hq ->> f.name as hq_value, p.channel_fields ->> f.name as channel_value,
      p.base_hq ->> (e.at - 1)::int as hq_base, p.base_channel ->> (e.at - 1)::int as channel_base,
      coalesce(p.base_states ->> (e.at - 1)::int, 'known') as base_state,
      case when f.refers is null then oracle.same(p.hq ->> f.name, p.channel_fields ->> f.name)
        when p.hq ->> f.name is null or p.channel_fields ->> f.name is null
          then p.hq ->> f.name is null and p.channel_fields ->> f.name is null
        else exists (select from couplet.coupling r join oracle.lane l on l.id = r.lane_id
          where l.mapping = f.refers and l.channel = p.channel
            and r.hq_key = jsonb_build_array(p.hq ->> f.name)::text
            and r.channel_key = jsonb_build_array(p.channel_fields ->> f.name)::text)
          -- Parents that were uncoupled, under keys that they had before: a store put back has them again.
          or exists (select from couplet.sync_log g join couplet.coupling r on r.id = g.coupling_id
            join oracle.lane l on l.id = r.lane_id
          where l.mapping = f.refers and l.channel = p.channel and r.ended_at is not null
            and g.hq_key = jsonb_build_array(p.hq ->> f.name)::text
            and g.channel_key = jsonb_build_array(p.channel_fields ->> f.name)::text) end as agrees
    from oracle.pair p
    cross join lateral json_array_elements(p.layout) with ordinality e (field, at)
    join oracle.field f on f.mapping = p.mapping and f.name = e.field ->> 'name'
    where p.in_hq and p.in_channel;
  create view oracle.logged as
    select g.id, l.mapping, l.channel as lane, g.code, g.cause::text as cause, case g.direction when 'toHq' then 'hq' else 'channel' end as side,
      case g.direction when 'toHq' then null else l.channel end as channel,
      case g.direction when 'toHq' then g.hq_key else g.channel_key end as key,
      case g.action when 'modified' then 'update' when 'deleted' then 'delete' else 'insert' end as operation,
      (select jsonb_object_agg(c ->> 0, jsonb_build_array(c ->> 2, c ->> 3))
         from json_array_elements(coalesce(g.changes, '[]')::json) c
        where c ->> 1 = case g.direction when 'toHq' then 'hq' else 'channel' end
          and not oracle.same(c ->> 2, c ->> 3)) as changes
    from couplet.sync_log g
    join couplet.lane l on l.id = g.lane_id
    where g.action in ('inserted', 'modified', 'deleted', 'restored') and g.direction is not null;
  create view oracle.written as
    -- The log names a record by the key that it has after the write.
    select m.seq, m.mapping, m.side,
      -- Only where several lanes write to HQ must somebody have seen which one did.
      coalesce(m.lane, m.channel, (select min(l.channel) from oracle.lane l where l.mapping = m.mapping)) as lane,
      m.channel, m.operation, coalesce(m.new_key, m.key) as key, m.old, m.new,
      (select jsonb_object_agg(f.name, jsonb_build_array(m.old ->> f.name, m.new ->> f.name)) from oracle.field f
        where f.mapping = m.mapping and not oracle.same(m.old ->> f.name, m.new ->> f.name)) as changes
    from oracle.move m
    where m.actor = 'couplet' and not (m.operation = 'update' and m.key = m.new_key and exists (
      -- A foreign key that followed the key of its parent: the store's own doing, as a trigger's is.
      select from oracle.field f
        join oracle.move p on p.mapping = f.refers and p.side = m.side and p.channel is not distinct from m.channel
          and p.actor = 'couplet' and p.key <> p.new_key and p.key = jsonb_build_array(m.old ->> f.name)::text
          and p.new_key = jsonb_build_array(m.new ->> f.name)::text
       where f.mapping = m.mapping and f.refers is not null
         and m.old - f.name = m.new - f.name));
  create table oracle.matched (
    seq bigint, log_id uuid, lane text, mapping text, channel text, side text, key text, operation text, written jsonb, logged jsonb,
    code text, cause text, old jsonb, new jsonb);`;

/** $1: everybody has stopped, so that nothing may be due. */
export const JUDGE_PAIRS = `
  select 'out-of-step' as kind, mapping, channel, null as side, hq_key || ' ' || channel_key as key,
      format('%s: %s in HQ, %s in the channel', name, hq_value, channel_value) as detail
    from oracle.pair_field
    where in_filter and not in_error and not is_pending and to_hq and to_channel and not agrees
  union all
  select 'base-behind', mapping, channel, case when to_channel and not oracle.same(hq_value, hq_base) then 'hq' else 'channel' end,
      hq_key || ' ' || channel_key,
      format('%s: base %s and %s, HQ %s, channel %s (%s)', name, hq_base, channel_base, hq_value, channel_value, base_state)
    from oracle.pair_field
    where in_filter and not in_error and not is_pending and base_state = 'known'
      and (to_channel and not oracle.same(hq_value, hq_base) or to_hq and not oracle.same(channel_value, channel_base))
  union all
  select 'half-gone', mapping, channel, case when in_hq then 'channel' else 'hq' end, hq_key || ' ' || channel_key,
      'a coupled record is not there, and no error says so'
    from oracle.pair where not (in_hq and in_channel) and not in_error and not is_pending
  union all
  select 'lone-record', l.mapping, l.channel, r.side, r.key, r.fields::text
    from oracle.record r
    join oracle.lane l on l.mapping = r.mapping and (r.side = 'hq' or r.channel = l.channel)
    where r.in_filter
      and not exists (select from couplet.coupling c where c.lane_id = l.id and c.ended_at is null
        and case r.side when 'hq' then c.hq_key else c.channel_key end = r.key)
      and not exists (select from couplet.uncoupled u where u.lane_id = l.id and u.side::text = r.side and u.key = r.key)
      and not exists (select from couplet.pending p where p.lane_id = l.id and p.side::text = r.side and p.key = r.key)
      and not exists (select from couplet.sync_error e where e.status = 'open' and e.lane_id = l.id
        and case r.side when 'hq' then e.hq_key else e.channel_key end = r.key)
  union all
  select 'still-due', l.mapping, l.channel, p.side::text, p.key, 'pending though everybody has stopped'
    from couplet.pending p join oracle.lane l on l.id = p.lane_id where $1::boolean and p.state = 'due'
  union all
  select 'doubled-record', r.mapping, r.channel, r.side, string_agg(r.key, ' '), format('%s records with %s', count(*), r.fields ->> f.name)
    from oracle.record r join oracle.field f on f.mapping = r.mapping and f.identifies
    where r.fields ->> f.name is not null
    group by r.mapping, r.channel, r.side, r.fields ->> f.name
    having count(*) > 1 and bool_or(exists (select from oracle.move m where m.actor = 'couplet' and m.operation = 'insert'
      and m.mapping = r.mapping and m.side = r.side and m.channel is not distinct from r.channel and m.new_key = r.key))`;

/** Of one record and lane the log's order is the order of its writes; both are numbered, and what has no partner is a finding. */
export const MATCH_WRITES = `
  insert into oracle.matched
    select w.seq, g.id, coalesce(w.lane, g.lane), coalesce(w.mapping, g.mapping), coalesce(w.channel, g.channel), coalesce(w.side, g.side),
      coalesce(w.key, g.key), coalesce(w.operation, g.operation), w.changes, g.changes, g.code, g.cause, w.old, w.new
    from (select *, row_number() over (partition by mapping, side, channel, lane, key, operation order by seq) as n
            from oracle.written) w
    full join (select *, row_number() over (partition by mapping, side, channel, lane, key, operation order by id) as n
            from oracle.logged) g
      on g.mapping = w.mapping and g.side = w.side and coalesce(g.channel, '') = coalesce(w.channel, '') and g.key = w.key
        and g.lane = w.lane
        and g.operation = w.operation and g.n = w.n`;

/** When a value first stood in a field of any record of a store. */
export const NOTE_VALUES = `
  insert into oracle.known
    select m.mapping, m.side, m.channel, f.name, oracle.plain(v.value), m.actor, min(m.seq)
      from oracle.move m
      join oracle.field f on f.mapping = m.mapping and f.refers is null
      cross join lateral (values (m.new ->> f.name), (m.old ->> f.name)) v (value)
     where v.value is not null group by 1, 2, 3, 4, 5, 6`;

export const JUDGE_WRITES = `
  select case when log_id is null then 'write-without-log' else 'log-without-write' end as kind, mapping, channel, side, key,
      format('%s %s', operation, coalesce(written, logged)) as detail
    from oracle.matched where log_id is null or seq is null
  union all
  select 'log-differs', mapping, channel, side, key, format('%s wrote %s and logged %s', operation, written, logged)
    from oracle.matched
    where log_id is not null and seq is not null
      and case operation when 'insert' then not coalesce(written, '{}') @> coalesce(logged, '{}')
        else coalesce(written, '{}') <> coalesce(logged, '{}') end
  union all
  -- An edit that the other store never knew, gone without a policy or a person having said so.
  select 'overwritten', w.mapping, w.channel, w.side, w.key, format('%s: %s became %s', f.name, w.old ->> f.name, w.new ->> f.name)
    from oracle.matched w
    join oracle.field f on f.mapping = w.mapping and f.to_hq and f.to_channel and f.refers is null
    cross join lateral (
      select m.actor, m.seq from oracle.move m
       where m.mapping = w.mapping and m.side = w.side and m.channel is not distinct from w.channel and m.new_key = w.key
         and m.seq < w.seq and m.new ->> f.name = w.old ->> f.name and m.old ->> f.name is distinct from w.old ->> f.name
       order by m.seq desc limit 1) setter
    where w.operation = 'update' and w.code is null and w.cause in ('change', 'full', 'configuration', 'recovery', 'match')
      and w.old ->> f.name is not null and not oracle.same(w.old ->> f.name, w.new ->> f.name) and setter.actor = 'app'
      and not exists (select from oracle.known x where x.mapping = w.mapping and x.side <> w.side
        and (w.side = 'channel' or x.channel = w.lane) and x.name = f.name
        and x.value = oracle.plain(w.old ->> f.name) and x.seq < w.seq)
  union all
  -- What a record holds that was created again under the key of one that was deleted, carried over the partner of that one.
  select 'merged-anew', w.mapping, w.channel, w.side, w.key, format('%s: %s became %s', f.name, w.old ->> f.name, w.new ->> f.name)
    from oracle.matched w
    join couplet.sync_log g on g.id = w.log_id
    join oracle.field f on f.mapping = w.mapping and f.to_hq and f.to_channel and f.refers is null
    cross join lateral (
      select m.* from oracle.move m
       where m.mapping = w.mapping and m.side <> w.side and coalesce(m.channel, w.lane) = w.lane
         and m.new_key = case w.side when 'hq' then g.channel_key else g.hq_key end
         and m.seq < w.seq and m.new ->> f.name = w.new ->> f.name and m.old ->> f.name is distinct from w.new ->> f.name
       order by m.seq desc limit 1) setter
    join oracle.move d on d.mapping = w.mapping and d.side = setter.side and d.channel is not distinct from setter.channel
      and d.actor = 'app' and d.operation = 'delete' and d.key = setter.new_key and d.seq < setter.seq
    where w.operation = 'update' and w.code is null and w.cause in ('change', 'full', 'configuration', 'recovery', 'match')
      and not oracle.same(w.old ->> f.name, w.new ->> f.name) and setter.actor = 'app' and setter.operation = 'insert'
      and exists (select from oracle.matched b join couplet.sync_log h on h.id = b.log_id
        where h.coupling_id = g.coupling_id and b.seq < d.seq)
  union all
  select 'invented', w.mapping, w.channel, w.side, w.key, format('%s: %s', f.name, w.new ->> f.name)
    from oracle.matched w
    join oracle.field f on f.mapping = w.mapping and f.refers is null
    where w.seq is not null and w.operation <> 'delete' and w.new ->> f.name is not null
      and not oracle.same(w.old ->> f.name, w.new ->> f.name)
      and not exists (select from oracle.said s where s.value = w.new ->> f.name)
      and not exists (select from oracle.known x where x.mapping = w.mapping and x.actor = 'app' and x.name = f.name
        and x.value = oracle.plain(w.new ->> f.name))`;

export const SUMMARY = `
  select count(*) filter (where in_filter and not in_error and not is_pending)::int as "inStep",
    count(*) filter (where in_error)::int as "inError",
    count(*) filter (where is_pending and not in_error)::int as pending,
    count(*) filter (where not in_filter and not in_error and not is_pending)::int as "outOfFilter",
    (select count(*)::int from oracle.move where actor = 'couplet') as writes
  from oracle.pair`;
