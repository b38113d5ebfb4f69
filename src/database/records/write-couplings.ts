/** Couplings made, changed and ended, a batch in a statement each. */
import type { RecordKey, Side } from '../../domain/record.ts';
import { keyText } from '../../domain/record.ts';
import type {
  CouplingUpdate,
  EndedCoupling,
  LogEntry,
  NewCoupling,
  UncoupledMark,
} from '../../ports/coupling-database.ts';
import { storeBase } from '../lanes/layouts.ts';
import { joinedTexts, joinTexts, plainArray, textArray } from '../session/array-literal.ts';
import { query } from '../session/connect.ts';
import { insertsRows } from '../session/insert-rows.ts';
import type { Queryable } from '../session/open-session.ts';
import { keyArray } from './pending.ts';

const keyOrNull = (key: RecordKey | null): string | null => (key === null ? null : keyText(key));
const parentsOf = (parents: readonly (string | null)[]): string | null =>
  parents.every((parent) => parent === null) ? null : plainArray(parents);
const jsonOrNull = (value: object | null): string | null => (value === null ? null : JSON.stringify(value));

const insertNew = insertsRows<NewCoupling>({
  table: 'couplet.coupling',
  given: [
    { name: 'lane_id', type: 'int' },
    { name: 'layout_id', type: 'int' },
    { name: 'last_job_id', type: 'uuid' },
  ],
  columns: [
    { name: 'id', type: 'uuid', as: 'plain', value: ({ id }) => id },
    { name: 'status', type: 'couplet.coupling_status', as: 'plain', value: ({ status }) => status },
    { name: 'hq_key', type: 'text', as: 'joined', value: ({ hqKey }) => keyText(hqKey) },
    { name: 'channel_key', type: 'text', as: 'joined', value: ({ channelKey }) => keyOrNull(channelKey) },
    { name: 'base_hq', type: 'text', as: 'joined', value: ({ base }) => JSON.stringify(base.hq) },
    { name: 'base_channel', type: 'text', as: 'joined', value: ({ base }) => JSON.stringify(base.channel) },
    { name: 'base_states', type: 'text', as: 'joined', value: ({ base }) => jsonOrNull(base.states) },
    { name: 'hq_description', type: 'text', as: 'text', value: ({ hqDescription }) => hqDescription },
    { name: 'channel_description', type: 'text', as: 'text', value: ({ channelDescription }) => channelDescription },
    { name: 'error_id', type: 'uuid', as: 'plain', value: ({ errorId }) => errorId },
    { name: 'parents', type: 'uuid[]', as: 'text', value: ({ parents }) => parentsOf(parents) },
    { name: 'written_hq', type: 'text', as: 'text', value: ({ written }) => written.hq },
    { name: 'written_channel', type: 'text', as: 'text', value: ({ written }) => written.channel },
    { name: 'old_rows', type: 'json', as: 'joined', value: ({ oldRows }) => jsonOrNull(oldRows) },
  ],
  computed: [
    { name: 'last_synchronized_at', sql: (of) => `case when ${of('status')} = 'synchronized' then now() end` },
  ],
});

export const insertCouplings = (
  sql: Queryable,
  laneId: number,
  layoutId: number,
  jobId: string | null,
  couplings: readonly NewCoupling[],
): Promise<void> => insertNew(sql, [laneId, layoutId, jobId], couplings);

// A lane without an ended coupling, as in a first load, costs one look. Children that are being recorded just now are left
// out, for their lane may hold others of them and wait for these; their next change finds its parent by the key.
const ADOPT = `
  with former as (
      select o.id as dead, n.id as living
        from unnest($2::uuid[], $3::text[]) as n(id, key)
       cross join lateral (select o.id from couplet.coupling o
              where o.lane_id = $1 and o.hq_key = n.key and o.ended_at is not null offset 0) o
       where exists (select from couplet.coupling e where e.lane_id = $1 and e.ended_at is not null)),
    children as (
      select c.id, c.parents from couplet.coupling c
       where c.ended_at is null and c.parents && (select array_agg(dead) from former)
         for no key update skip locked)
  update couplet.coupling c
     set parents = array(select coalesce(f.living, p.id) from unnest(h.parents) with ordinality as p(id, at)
                    left join former f on f.dead = p.id order by p.at)
    from children h where c.id = h.id`;

/** Whoever referred to a record under a coupling that has ended refers to it under the new one. */
export const adoptChildren = async (
  sql: Queryable,
  laneId: number,
  couplings: readonly Pick<NewCoupling, 'id' | 'hqKey'>[],
): Promise<void> => {
  const ids = plainArray(couplings.map(({ id }) => id));
  await query(sql, ADOPT, [laneId, ids, keyArray(couplings.map(({ hqKey }) => hqKey))]);
};

/** What one part of a `CouplingUpdate` sets: the column, its type in the array (`joined`: JSON texts), and its values. */
interface Part {
  readonly sets: readonly string[];
  readonly columns: readonly (readonly [name: string, type: string])[];
  readonly values: (updates: readonly CouplingUpdate[]) => readonly string[];
}

type PartName = Exclude<keyof CouplingUpdate, 'id'>;

const simple = (column: string, type: string, value: (update: CouplingUpdate) => string | null, cast = ''): Part => ({
  sets: [`${column} = u.${column}${cast}`],
  columns: [[column, type]],
  values: (updates) => [textArray(updates.map(value))],
});

const PARTS: Readonly<Record<PartName, Part>> = {
  hqKey: simple('hq_key', 'text', (update) => keyOrNull(update.hqKey ?? null)),
  channelKey: simple('channel_key', 'text', (update) => keyOrNull(update.channelKey ?? null)),
  base: {
    sets: ['base_hq = u.base_hq', 'base_channel = u.base_channel', 'base_states = u.base_states', 'layout_id = $2'],
    columns: [
      ['base_hq', 'joined'],
      ['base_channel', 'joined'],
      ['base_states', 'joined'],
    ],
    values: (updates) => {
      const bases = updates.map(({ base }) =>
        base === undefined ? { hq: '[]', channel: '[]', states: null } : storeBase(base),
      );
      return [
        joinTexts(bases.map(({ hq }) => hq)),
        joinTexts(bases.map(({ channel }) => channel)),
        joinTexts(bases.map(({ states }) => states)),
      ];
    },
  },
  status: simple('status', 'couplet.coupling_status', (update) => update.status ?? null),
  errorId: simple('error_id', 'uuid', (update) => update.errorId ?? null),
  parents: simple('parents', 'text', (update) => parentsOf(update.parents ?? []), '::uuid[]'),
  hqDescription: simple('hq_description', 'text', (update) => update.hqDescription ?? ''),
  channelDescription: simple('channel_description', 'text', (update) => update.channelDescription ?? ''),
  written: {
    sets: ['written_hq = u.written_hq', 'written_channel = u.written_channel'],
    columns: [
      ['written_hq', 'text'],
      ['written_channel', 'text'],
    ],
    values: (updates) => [
      textArray(updates.map(({ written }) => written?.hq ?? null)),
      textArray(updates.map(({ written }) => written?.channel ?? null)),
    ],
  },
  oldRows: simple('old_rows', 'json', (update) => jsonOrNull(update.oldRows ?? null)),
  synchronized: { sets: ['last_synchronized_at = now()'], columns: [], values: () => [] },
};
const PART_NAMES = Object.keys(PARTS) as PartName[];

const isSet = (update: CouplingUpdate, name: PartName): boolean =>
  name === 'synchronized' ? update.synchronized === true : update[name] !== undefined;

/**
 * Updates that set the same parts are one statement; its text depends on the parts alone, so it is prepared once. An
 * ordinary run has one or two such groups in a batch.
 */
const groupByParts = (updates: readonly CouplingUpdate[]): ReadonlyMap<number, CouplingUpdate[]> => {
  const groups = new Map<number, CouplingUpdate[]>();
  for (const update of updates) {
    let mask = 0;
    for (let index = 0; index < PART_NAMES.length; index += 1) {
      const name = PART_NAMES[index];
      if (name !== undefined && isSet(update, name)) mask |= 1 << index;
    }
    const group = groups.get(mask);
    if (group === undefined) groups.set(mask, [update]);
    else group.push(update);
  }
  return groups;
};

// Written so that no index of the living couplings fits: a table without statistics is held to have a handful of them.
const updateTexts = new Map<number, string>();
const updateText = (mask: number, parts: readonly Part[]): string => {
  const known = updateTexts.get(mask);
  if (known !== undefined) return known;
  const columns = parts.flatMap((part) => part.columns);
  const text = `
    update couplet.coupling c
       set ${[...parts.flatMap((part) => part.sets), 'last_job_id = coalesce($1::uuid, c.last_job_id)'].join(', ')}
      from unnest($3::uuid[]${columns.map(([, type], index) => `, ${type === 'joined' ? joinedTexts(index + 4) : `$${index + 4}::${type}[]`}`).join('')})
             as u(id${columns.map(([name]) => `, ${name}`).join('')})
     where c.id = u.id and (c.ended_at is null) is true and $2::int is not null`;
  updateTexts.set(mask, text);
  return text;
};

export const updateCouplings = async (
  sql: Queryable,
  layoutId: number,
  jobId: string | null,
  updates: readonly CouplingUpdate[],
): Promise<void> => {
  await rememberFormerKeys(sql, 'hq', updates);
  await rememberFormerKeys(sql, 'channel', updates);
  const statements: Promise<unknown>[] = [];
  for (const [mask, group] of groupByParts(updates)) {
    const parts = PART_NAMES.filter((_, index) => (mask & (1 << index)) !== 0).map((name) => PARTS[name]);
    statements.push(
      query(sql, updateText(mask, parts), [
        jobId,
        layoutId,
        plainArray(group.map(({ id }) => id)),
        ...parts.flatMap((part) => part.values(group)),
      ]),
    );
  }
  await Promise.all(statements);
};

const rememberFormerKeys = async (sql: Queryable, side: Side, updates: readonly CouplingUpdate[]): Promise<void> => {
  const name = side === 'hq' ? 'hqKey' : 'channelKey';
  const column = side === 'hq' ? 'hq_key' : 'channel_key';
  const moved = updates.filter((update) => update[name] !== undefined);
  if (moved.length === 0) return;
  await query(
    sql,
    `insert into couplet.former_key (lane_id, side, key, coupling_id)
     select c.lane_id, $1, c.${column}, c.id
       from couplet.coupling c join unnest($2::uuid[], $3::text[]) as u(id, key) on c.id = u.id
      where c.${column} <> u.key
     on conflict (lane_id, side, key, coupling_id) do update set until = now()`,
    [side, plainArray(moved.map(({ id }) => id)), textArray(moved.map((update) => keyOrNull(update[name] ?? null)))],
  );
};

export const endCouplings = async (
  sql: Queryable,
  laneId: number,
  jobId: string | null,
  ended: readonly EndedCoupling[],
  log: readonly LogEntry[],
): Promise<void> => {
  const ids = plainArray(ended.map(({ id }) => id));
  await query(
    sql,
    `update couplet.coupling set status = 'ended', ended_at = now(), error_id = null,
            last_job_id = coalesce($2::uuid, last_job_id)
      where id = any($1::uuid[]) and ended_at is null`,
    [ids, jobId],
  );
  await query(sql, 'delete from couplet.parent_wait where coupling_id = any($1::uuid[])', [ids]);
  const actors = new Map(log.map((entry) => [entry.couplingId, entry.actor]));
  const marks = ended.flatMap(({ id, uncoupled }) =>
    uncoupled.map((mark) => ({ mark, actor: actors.get(id) ?? null })),
  );
  await markUncoupled(sql, laneId, marks);
};

export const markUncoupled = async (
  sql: Queryable,
  laneId: number,
  marks: readonly { readonly mark: UncoupledMark; readonly actor: string | null }[],
): Promise<void> => {
  if (marks.length === 0) return;
  await query(
    sql,
    `insert into couplet.uncoupled (lane_id, side, key, actor)
     select distinct on (side, key) $1::int, side, key, actor
       from unnest($2::couplet.side[], $3::text[], $4::text[]) as u(side, key, actor) order by side, key
     on conflict (lane_id, side, key) do update set at = now(), actor = excluded.actor`,
    [
      laneId,
      plainArray(marks.map(({ mark }) => mark.side)),
      keyArray(marks.map(({ mark }) => mark.key)),
      textArray(marks.map(({ actor }) => actor)),
    ],
  );
};

export const forgetUncoupled = async (
  sql: Queryable,
  laneId: number,
  marks: readonly UncoupledMark[],
): Promise<void> => {
  await query(
    sql,
    `delete from couplet.uncoupled d using unnest($2::couplet.side[], $3::text[]) as u(side, key)
      where d.lane_id = $1 and d.side = u.side and d.key = u.key`,
    [laneId, plainArray(marks.map(({ side }) => side)), keyArray(marks.map(({ key }) => key))],
  );
};
