/**
 * Judges a scenario from outside the engine. What both stores hold, and every write that ever reached them with its
 * author, is laid beside the couplings in one database; SQL then says of every pair whether it is in step, open in an
 * error or pending, and finds what was lost, done twice, not logged, overwritten without need, or invented.
 *
 * It shares no code with the engine: a mistake of the engine cannot hide in it.
 */
import type postgres from 'postgres';
import type { Mapping } from '../../src/domain/mapping.ts';
import type { Side } from '../../src/domain/record.ts';
import { JUDGE_PAIRS, JUDGE_WRITES, MATCH_WRITES, NOTE_VALUES, ORACLE_SCHEMA, SUMMARY } from './oracle-sql.ts';

/** A row as a store holds it, by column, every value as text. */
export type StoreRow = Readonly<Record<string, string | null>>;

export interface SeenRow {
  readonly row: StoreRow;
  readonly inFilter: boolean;
}

/** One row written in a store, by whom; in the order in which it happened in that store. */
export interface Move {
  readonly by: 'app' | 'couplet';
  readonly table: string;
  readonly old: StoreRow | null;
  readonly new: StoreRow | null;
  /** Of a write of Couplet: the channel of its lane, where several lanes write to one store. */
  readonly lane?: string | null;
}

export interface StoreEvidence {
  readonly side: Side;
  readonly channel: string | null;
  readonly rows: ReadonlyMap<string, readonly SeenRow[]>;
  /** `at` orders moves of different stores among each other. */
  readonly moves: readonly (Move & { readonly at: number })[];
  /** Batches that nobody recorded. */
  readonly ledger: number;
}

export interface Evidence {
  readonly mappings: readonly Mapping[];
  readonly stores: readonly StoreEvidence[];
  /** Values that a person chose and that no store held before. */
  readonly said: readonly string[];
  /** True: everybody has stopped and nothing may be due any more. */
  readonly atRest: boolean;
}

export type FindingKind =
  | 'out-of-step'
  | 'half-gone'
  | 'lone-record'
  | 'base-behind'
  | 'still-due'
  | 'doubled-record'
  | 'log-without-write'
  | 'write-without-log'
  | 'log-differs'
  | 'overwritten'
  | 'merged-anew'
  | 'invented'
  | 'ledger-left';

export interface OracleFinding {
  readonly kind: FindingKind;
  readonly mapping: string | null;
  readonly channel: string | null;
  readonly side: Side | null;
  readonly key: string | null;
  readonly detail: string;
}

export interface Verdict {
  readonly pairs: { inStep: number; inError: number; pending: number; outOfFilter: number };
  readonly writes: number;
  readonly findings: readonly OracleFinding[];
}

const LOST: ReadonlySet<FindingKind> = new Set([
  'out-of-step',
  'half-gone',
  'lone-record',
  'base-behind',
  'still-due',
  'overwritten',
  'merged-anew',
  'invented',
]);
const DOUBLED: ReadonlySet<FindingKind> = new Set(['doubled-record', 'log-without-write']);

/** The three figures that everything is about. */
export function figuresOf(findings: readonly OracleFinding[]): { lost: number; doubled: number; unlogged: number } {
  const figures = { lost: 0, doubled: 0, unlogged: 0 };
  for (const { kind } of findings) {
    if (LOST.has(kind)) figures.lost += 1;
    else if (DOUBLED.has(kind)) figures.doubled += 1;
    else figures.unlogged += 1;
  }
  return figures;
}

/** `sql` is a client of the coupling database; the oracle keeps its own tables there, in a schema of their own. */
export async function judge(sql: postgres.Sql, evidence: Evidence): Promise<Verdict> {
  return sql.begin(async (transaction) => {
    await transaction.unsafe(ORACLE_SCHEMA);
    await load(transaction, 'field', fieldRows(evidence.mappings));
    await load(transaction, 'record', recordRows(evidence));
    await load(transaction, 'move', moveRows(evidence));
    await load(
      transaction,
      'said',
      evidence.said.map((value) => ({ value })),
    );
    await transaction.unsafe('analyze oracle.record; analyze oracle.move');
    const pairs = await transaction.unsafe<OracleFinding[]>(JUDGE_PAIRS, [evidence.atRest]);
    await transaction.unsafe(MATCH_WRITES);
    await transaction.unsafe(NOTE_VALUES);
    await transaction.unsafe('analyze oracle.matched; analyze oracle.known');
    const writes = await transaction.unsafe<OracleFinding[]>(JUDGE_WRITES);
    const [summary] = await transaction.unsafe<(Verdict['pairs'] & { writes: number })[]>(SUMMARY);
    const left = evidence.stores.flatMap(({ side, channel, ledger }): OracleFinding[] =>
      ledger === 0 || !evidence.atRest
        ? []
        : [{ kind: 'ledger-left', mapping: null, channel, side, key: null, detail: `${ledger} batches` }],
    );
    const { writes: count, ...counts } = summary as NonNullable<typeof summary>;
    return {
      pairs: counts,
      writes: count,
      findings: [...pairs, ...writes, ...left].map((finding) => ({ ...finding })),
    };
  });
}

const PAGE = 5_000;

async function load(sql: postgres.TransactionSql, table: string, rows: readonly object[]): Promise<void> {
  for (let at = 0; at < rows.length; at += PAGE) {
    const page = JSON.stringify(rows.slice(at, at + PAGE));
    await sql.unsafe(
      `insert into oracle.${table} select * from json_populate_recordset(null::oracle.${table}, $1::text::json)`,
      [page],
    );
  }
}

const fieldRows = (mappings: readonly Mapping[]) =>
  mappings.flatMap((mapping) =>
    mapping.fields.map((field) => ({
      mapping: mapping.name,
      name: field.name,
      to_hq: field.direction !== 'toChannel' && mapping.direction !== 'toChannel',
      to_channel: field.direction !== 'toHq' && mapping.direction !== 'toHq',
      refers: field.references?.mapping ?? null,
      // People never make two records with one such value in one store.
      identifies: mapping.match[0]?.fields[0] === field.name,
    })),
  );

/** What the mappings make of a table: a record may be seen through several. */
function through(evidence: Evidence, store: StoreEvidence, table: string): readonly Mapping[] {
  return evidence.mappings.filter(
    (mapping) =>
      mapping[store.side].table.name === table && (store.channel === null || mapping.channels.includes(store.channel)),
  );
}

const keyOf = (mapping: Mapping, side: Side, row: StoreRow): string =>
  JSON.stringify(mapping[side].key.map((column) => row[column] ?? null));

function fieldsOf(mapping: Mapping, side: Side, row: StoreRow | null): Record<string, string | null> | null {
  if (row === null) return null;
  return Object.fromEntries(
    mapping.fields.flatMap((field) => {
      const column = field[side]?.[0];
      return column === undefined ? [] : [[field.name, row[column] ?? null]];
    }),
  );
}

const recordRows = (evidence: Evidence) =>
  evidence.stores.flatMap((store) =>
    [...store.rows].flatMap(([table, rows]) =>
      through(evidence, store, table).flatMap((mapping) =>
        rows.map(({ row, inFilter }) => ({
          side: store.side,
          channel: store.channel,
          mapping: mapping.name,
          key: keyOf(mapping, store.side, row),
          fields: fieldsOf(mapping, store.side, row),
          in_filter: mapping[store.side].filter === null || inFilter,
        })),
      ),
    ),
  );

function moveRows(evidence: Evidence) {
  const rows = evidence.stores.flatMap((store) =>
    store.moves.flatMap((move, position) =>
      through(evidence, store, move.table).map((mapping) => ({
        at: move.at,
        position,
        side: store.side,
        channel: store.channel,
        mapping: mapping.name,
        actor: move.by,
        operation: move.old === null ? 'insert' : move.new === null ? 'delete' : 'update',
        key: keyOf(mapping, store.side, (move.old ?? move.new) as StoreRow),
        new_key: move.new === null ? null : keyOf(mapping, store.side, move.new),
        old: fieldsOf(mapping, store.side, move.old),
        new: fieldsOf(mapping, store.side, move.new),
        lane: move.lane ?? null,
      })),
    ),
  );
  rows.sort((a, b) => a.at - b.at || a.position - b.position);
  return rows.map(({ at: _, position: __, ...row }, seq) => ({ seq, ...row }));
}
