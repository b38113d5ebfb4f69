/**
 * The ceiling: what a program can do that knows these two tables and nothing else. Set-based SQL, hand-written, with
 * couplings and a log line per record, an optimistic guard and a snapshot cursor; without three-way bases, ledger,
 * fences, re-reading, values in the log, policies, or anything to recover from a crash. Its own writes leave no marks.
 */
import { CHANNEL_TABLE, COLUMNS, fillHq, HQ_TABLE } from './apps.ts';
import { type BenchServer, openSession, run, type Sql } from './server.ts';

const HQ = COLUMNS.map(([hq]) => hq);
const CHANNEL = COLUMNS.map(([, channel]) => channel);
const TYPES = COLUMNS.map(([, , type]) => type);
const WIDTH = COLUMNS.length;
const CHANGED_AT = WIDTH - 1;
const LOAD_BATCH = 5_000;
const WRITE_BATCH = 1_000;
const LANES = 2;

type Cells = (string | null)[];

const SYNC_TABLES = `
create table coupling (id bigint generated always as identity primary key, hq_id bigint not null unique, channel_id bigint not null unique,
  state smallint not null default 0, synchronized_at timestamptz not null default now()) with (fillfactor = 80);
create table log (id bigint generated always as identity primary key, coupling_id bigint, hq_id bigint, channel_id bigint,
  direction "char" not null, action "char" not null, fields text, at timestamptz not null default now());
create table conflict (id bigint generated always as identity primary key, coupling_id bigint not null, hq_row json, channel_row json,
  detected_at timestamptz not null default now());
create table position (side text primary key, seen text not null)`;

/** Marks of whoever is not this engine, by statement. */
const capture = (table: string, key: string): string => `
create table mark (xid xid8 not null default pg_current_xact_id(), key bigint not null, operation "char" not null);
create index on mark (xid);
create function note_new() returns trigger language plpgsql as $$ begin insert into mark (key, operation) select ${key}, 'U' from fresh; return null; end $$;
create function note_old() returns trigger language plpgsql as $$ begin insert into mark (key, operation) select ${key}, 'D' from former; return null; end $$;
create trigger note_insert after insert on ${table} referencing new table as fresh for each statement when (current_setting('bench.engine', true) is distinct from 'on') execute function note_new();
create trigger note_update after update on ${table} referencing new table as fresh for each statement when (current_setting('bench.engine', true) is distinct from 'on') execute function note_new();
create trigger note_delete after delete on ${table} referencing old table as former for each statement when (current_setting('bench.engine', true) is distinct from 'on') execute function note_old()`;

export interface Reference extends AsyncDisposable {
  firstLoad(): Promise<number>;
  /** What has changed since the last cycle: brought over, or kept as a conflict when both sides changed. */
  cycle(): Promise<{ moved: number; conflicts: number }>;
}

export async function prepareReference(server: BenchServer, records: number): Promise<void> {
  await server.recreate(['ref_hq', 'ref_channel', 'ref_sync']);
  const [hq, channel, sync] = ['ref_hq', 'ref_channel', 'ref_sync'].map((name) => openSession(server.url(name))) as [
    Sql,
    Sql,
    Sql,
  ];
  await hq.unsafe(HQ_TABLE);
  await channel.unsafe(CHANNEL_TABLE);
  await fillHq(hq, 1, records);
  await hq.unsafe(capture('customers', 'id'));
  await channel.unsafe(capture('crm_contact', 'contact_id'));
  await sync.unsafe(SYNC_TABLES);
  for (const [sql, side] of [
    [hq, 'hq'],
    [channel, 'channel'],
  ] as const) {
    const [[seen]] = (await run(sql, 'select pg_current_snapshot()::text')) as [[string]];
    await run(sync, 'insert into position values ($1, $2)', [side, seen]);
  }
  await hq.unsafe('vacuum analyze customers');
  await Promise.all([hq, channel, sync].map((sql) => sql.end()));
}

export async function openReference(server: BenchServer): Promise<Reference> {
  const open = async (name: string): Promise<Sql> => {
    const sql = openSession(server.url(name));
    await sql.unsafe(`set bench.engine = 'on'`);
    return sql;
  };
  const hq = await open('ref_hq');
  const channels = await Promise.all(Array.from({ length: LANES }, () => open('ref_channel')));
  const syncs = await Promise.all(Array.from({ length: LANES }, () => open('ref_sync')));
  const cycle = cycleOver(hq, channels[0] as Sql, syncs as [Sql, Sql]);
  return {
    firstLoad: () => firstLoad(hq, channels, syncs),
    cycle,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([hq, ...channels, ...syncs].map((sql) => sql.end()));
    },
  };
}

// ---------------------------------------------------------------- first load

const COUPLE = `
with made as (insert into coupling (hq_id, channel_id) select * from unnest($1::bigint[], $2::bigint[]) returning id, hq_id, channel_id)
insert into log (coupling_id, hq_id, channel_id, direction, action) select id, hq_id, channel_id, '>', 'I' from made`;

async function firstLoad(hq: Sql, channels: readonly Sql[], syncs: readonly Sql[]): Promise<number> {
  const batches = rowsOut(hq, `copy (select ${HQ.join(', ')} from customers order by id) to stdout`, LOAD_BATCH);
  let turn: Promise<unknown> = Promise.resolve();
  const next = (): Promise<IteratorResult<Cells[]>> => {
    const mine = turn.then(() => batches.next());
    turn = mine;
    return mine;
  };
  let done = 0;
  await Promise.all(
    channels.map(async (channel, lane) => {
      const sync = syncs[lane] as Sql;
      let coupling: Promise<unknown> = Promise.resolve();
      for (let { value, done: end } = await next(); !end; { value, done: end } = await next()) {
        const rows = value as Cells[];
        const ids = await run(
          channel,
          `select nextval(pg_get_serial_sequence('crm_contact', 'contact_id'))::text from generate_series(1, $1::int)`,
          [String(rows.length)],
        );
        let text = '';
        for (let at = 0; at < rows.length; at += 1)
          text += copyLine((ids[at] as [string])[0], toChannel(rows[at] as Cells));
        await copyIn(channel, `copy crm_contact (${CHANNEL.join(', ')}) from stdin`, text);
        await coupling;
        coupling = run(sync, COUPLE, [array(rows.map((row) => row[0] ?? null)), array(ids.map(([id]) => id ?? null))]);
        done += rows.length;
      }
      await coupling;
    }),
  );
  return done;
}

/** Stands for the mapping: two of the fields are changed on the way. */
const toChannel = (row: Cells): Cells => {
  const mapped = row.slice();
  mapped[3] = row[3]?.toLowerCase() ?? null;
  mapped[8] = row[8]?.toUpperCase() ?? null;
  return mapped;
};

const copyEscape = (text: string): string =>
  /[\\\n\r\t]/.test(text)
    ? text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')
    : text;

function copyLine(key: string, row: Cells): string {
  let line = key;
  for (let at = 1; at < WIDTH; at += 1) {
    const value = row[at] ?? null;
    line += value === null ? '\t\\N' : `\t${copyEscape(value)}`;
  }
  return `${line}\n`;
}

export async function copyIn(sql: Sql, text: string, data: string): Promise<void> {
  const stream = await sql.unsafe(text).writable();
  await new Promise<void>((resolve, reject) => {
    stream.once('error', reject).once('finish', resolve);
    stream.end(data);
  });
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
const copyUnescape = (text: string): string | null =>
  text === '\\N' ? null : text.replace(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter);

/** Rows of a COPY as cells of text, in batches, never more than a few in memory. */
async function* rowsOut(sql: Sql, text: string, size: number): AsyncGenerator<Cells[]> {
  const decoder = new TextDecoder();
  let rest = '';
  let rows: Cells[] = [];
  for await (const chunk of await sql.unsafe(text).readable()) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const cells: Cells = line.split('\t');
      if (line.includes('\\'))
        for (let at = 0; at < cells.length; at += 1) cells[at] = copyUnescape(cells[at] as string);
      rows.push(cells);
      if (rows.length < size) continue;
      yield rows;
      rows = [];
    }
  }
  if (rows.length > 0) yield rows;
}

// ---------------------------------------------------------------- changes

/** Array literals as text: the driver's own encoder takes twice the time. */
function array(values: readonly (string | null)[]): string {
  let text = '{';
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] ?? null;
    if (at > 0) text += ',';
    if (value === null) text += 'NULL';
    else
      text +=
        value.includes('"') || value.includes('\\')
          ? `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
          : `"${value}"`;
  }
  return `${text}}`;
}

interface Side {
  readonly table: string;
  readonly columns: readonly string[];
}
const SIDES: { readonly hq: Side; readonly channel: Side } = {
  hq: { table: 'customers', columns: HQ },
  channel: { table: 'crm_contact', columns: CHANNEL },
};

const changesText = ({ table, columns }: Side): string => `
with fresh as (select distinct key from mark where xid >= pg_snapshot_xmin($1::text::pg_snapshot) and not pg_visible_in_snapshot(xid, $1::text::pg_snapshot))
select s.now::text, f.key::text, ${columns
  .slice(1)
  .map((column) => `t.${column}::text`)
  .join(', ')}
from (select pg_current_snapshot() as now) s left join fresh f on true left join ${table} t on t.${columns[0]} = f.key`;

async function readChanges(sql: Sql, side: Side, seen: string): Promise<{ now: string; rows: Map<string, Cells> }> {
  const found = await run(sql, changesText(side), [seen]);
  const rows = new Map<string, Cells>();
  for (const row of found) if (row[1] !== null && row[1] !== undefined) rows.set(row[1], row.slice(1));
  return { now: found[0]?.[0] ?? seen, rows };
}

const couplingsText = (column: string): string =>
  `select id::text, hq_id::text, channel_id::text from coupling where ${column} = any ($1::bigint[])`;

const presentText = ({ table, columns }: Side): string =>
  `select ${columns.map((column) => `${column}::text`).join(', ')} from ${table} where ${columns[0]} = any ($1::bigint[])`;

const writeText = ({ table, columns }: Side): string => `
update ${table} t set ${columns
  .slice(1)
  .map((column) => `${column} = u.${column}`)
  .join(', ')}
from unnest(${TYPES.map((type, at) => `$${at + 1}::${type}[]`).join(', ')}, $${WIDTH + 1}::timestamptz[]) as u (${columns.join(', ')}, guard)
where t.${columns[0]} = u.${columns[0]} and t.${columns[CHANGED_AT]} = u.guard returning t.${columns[0]}::text`;

const MOVED = `
with u as (select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[]) as u (id, hq_id, channel_id, fields)),
  touched as (update coupling c set synchronized_at = now() from u where c.id = u.id)
insert into log (coupling_id, hq_id, channel_id, direction, action, fields) select id, hq_id, channel_id, $5::text::"char", 'U', fields from u`;

const CONFLICTS = `
with u as (select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::json[], $5::json[]) as u (id, hq_id, channel_id, hq_row, channel_row)),
  marked as (update coupling c set state = 1 from u where c.id = u.id),
  kept as (insert into conflict (coupling_id, hq_row, channel_row) select id, hq_row, channel_row from u)
insert into log (coupling_id, hq_id, channel_id, direction, action) select id, hq_id, channel_id, '=', 'C' from u`;

function cycleOver(hq: Sql, channel: Sql, [sync, other]: [Sql, Sql]): Reference['cycle'] {
  const seen = { hq: '', channel: '' };
  return async () => {
    if (seen.hq === '')
      for (const [side, text] of await run(sync, 'select side, seen from position'))
        seen[side as 'hq'] = text as string;
    const [inHq, inChannel] = await Promise.all([
      readChanges(hq, SIDES.hq, seen.hq),
      readChanges(channel, SIDES.channel, seen.channel),
    ]);
    if (inHq.rows.size + inChannel.rows.size === 0) return { moved: 0, conflicts: 0 };
    const [byHq, byChannel] = await Promise.all([
      run(sync, couplingsText('hq_id'), [array([...inHq.rows.keys()])]),
      run(other, couplingsText('channel_id'), [array([...inChannel.rows.keys()])]),
    ]);
    const conflicts = byHq.filter((pair) => inChannel.rows.has(pair[2] as string));
    const down = byHq.filter((pair) => !inChannel.rows.has(pair[2] as string));
    const up = byChannel.filter((pair) => !inHq.rows.has(pair[1] as string));
    const [toShop, toHq] = await Promise.all([
      carry(channel, sync, SIDES.channel, down, 2, (pair) => toChannel(inHq.rows.get(pair[1] as string) as Cells), '>'),
      carry(hq, other, SIDES.hq, up, 1, (pair) => (inChannel.rows.get(pair[2] as string) as Cells).slice(), '<'),
    ]);
    await keepConflicts(sync, conflicts, inHq.rows, inChannel.rows);
    await run(sync, `update position set seen = case side when 'hq' then $1 else $2 end`, [inHq.now, inChannel.now]);
    Object.assign(seen, { hq: inHq.now, channel: inChannel.now });
    return { moved: toShop + toHq, conflicts: conflicts.length };
  };
}

async function carry(
  target: Sql,
  sync: Sql,
  side: Side,
  pairs: readonly Cells[],
  keyAt: 1 | 2,
  valuesOf: (pair: Cells) => Cells,
  direction: string,
): Promise<number> {
  let moved = 0;
  for (let start = 0; start < pairs.length; start += WRITE_BATCH) {
    const some = pairs.slice(start, start + WRITE_BATCH);
    const present = new Map(
      (await run(target, presentText(side), [array(some.map((pair) => pair[keyAt] ?? null))])).map((row) => [
        row[0],
        row,
      ]),
    );
    const rows: Cells[] = [];
    const fields = new Map<string, string>();
    for (const pair of some) {
      const now = present.get(pair[keyAt]);
      if (!now) continue;
      const row = valuesOf(pair);
      const changed = side.columns.filter((_, at) => at > 0 && row[at] !== now[at]);
      row[0] = pair[keyAt] as string;
      row.push(now[CHANGED_AT] ?? null);
      fields.set(row[0], changed.join(','));
      rows.push(row);
    }
    const written = new Set(
      (
        await run(
          target,
          writeText(side),
          Array.from({ length: WIDTH + 1 }, (_, at) => array(rows.map((row) => row[at] ?? null))),
        )
      ).map(([id]) => id),
    );
    const done = some.filter((pair) => written.has(pair[keyAt] ?? null));
    await run(
      sync,
      MOVED,
      [0, 1, 2]
        .map((at) => array(done.map((pair) => pair[at] ?? null)))
        .concat(array(done.map((pair) => fields.get(pair[keyAt] as string) ?? null)), direction),
    );
    moved += done.length;
  }
  return moved;
}

async function keepConflicts(
  sync: Sql,
  pairs: readonly Cells[],
  hq: ReadonlyMap<string, Cells>,
  channel: ReadonlyMap<string, Cells>,
): Promise<void> {
  for (let start = 0; start < pairs.length; start += LOAD_BATCH) {
    const some = pairs.slice(start, start + LOAD_BATCH);
    await run(sync, CONFLICTS, [
      ...[0, 1, 2].map((at) => array(some.map((pair) => pair[at] ?? null))),
      array(some.map((pair) => JSON.stringify(hq.get(pair[1] as string)))),
      array(some.map((pair) => JSON.stringify(channel.get(pair[2] as string)))),
    ]);
  }
}

// ---------------------------------------------------------------- the limit of one-way copying

/** HQ's rows poured into the channel byte by byte, beside couplings and log made by single statements: no program in between. */
export async function pour(server: BenchServer): Promise<void> {
  const [hq, keys, channel, sync] = ['ref_hq', 'ref_hq', 'ref_channel', 'ref_sync'].map((name) =>
    openSession(server.url(name)),
  ) as [Sql, Sql, Sql, Sql];
  await Promise.all([hq, keys, channel, sync].map((sql) => sql.unsafe(`set bench.engine = 'on'`)));
  await Promise.all([
    pipe(hq, 'copy customers to stdout', channel, `copy crm_contact (${CHANNEL.join(', ')}) from stdin`),
    pipe(
      keys,
      'copy (select id, id from customers) to stdout',
      sync,
      'copy coupling (hq_id, channel_id) from stdin',
    ).then(() =>
      sync.unsafe(
        `insert into log (coupling_id, hq_id, channel_id, direction, action) select id, hq_id, channel_id, '>', 'I' from coupling`,
      ),
    ),
  ]);
  await Promise.all([hq, keys, channel, sync].map((sql) => sql.end()));
}

async function pipe(from: Sql, out: string, to: Sql, into: string): Promise<void> {
  const [readable, writable] = await Promise.all([from.unsafe(out).readable(), to.unsafe(into).writable()]);
  await new Promise<void>((resolve, reject) => {
    readable.once('error', reject);
    writable.once('error', reject).once('finish', resolve);
    readable.pipe(writable);
  });
}
