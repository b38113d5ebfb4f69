/**
 * The marks of a page, coalesced by key. Whoever follows the moves in their order follows every record, also where
 * several have exchanged their keys: after a record left a key, that key begins anew.
 */
import type { RecordKey, Value } from '../../../domain/record.ts';
import { keyText } from '../../../domain/record.ts';
import type { Mark } from '../../../ports/store.ts';

export interface MarkRow {
  readonly seq: string;
  readonly xid: string;
  /** Shared by the marks of one statement. */
  readonly statement: string;
  readonly tableId: number;
  /** Null of a TRUNCATE. */
  readonly keyIndex: number | null;
  readonly operation: 'I' | 'U' | 'D' | 'K' | 'T';
  readonly key: RecordKey;
  readonly newKey: RecordKey | null;
  readonly oldRow: Readonly<Record<string, Value>> | null;
  readonly at: string;
}

export type GatheredMark = Omit<Mark, 'table'> & { readonly tableId: number };

export interface GatheredMarks {
  readonly marks: readonly GatheredMark[];
  /** Ids of tables. */
  readonly truncated: readonly number[];
}

type Draft = { -readonly [Property in keyof GatheredMark]: GatheredMark[Property] } & { place: number };

/**
 * `rows` in the order of `seq`, which is the order of what happened to each record, and every statement with all of
 * its key changes.
 */
export function gatherMarks(rows: readonly MarkRow[]): GatheredMarks {
  const drafts: Draft[] = [];
  const current = new Map<string, Draft>();
  const truncated = new Set<number>();
  const moved = new Set<string>();

  const placeOf = (row: MarkRow, key: RecordKey): string => `${row.tableId} ${row.keyIndex} ${keyText(key)}`;
  const draftOf = (row: MarkRow, key: RecordKey): Draft => {
    const place = placeOf(row, key);
    let draft = current.get(place);
    if (!draft) {
      draft = {
        tableId: row.tableId,
        keyIndex: row.keyIndex ?? 0,
        key,
        deleted: false,
        oldRow: null,
        movedTo: null,
        place: drafts.length,
      };
      current.set(place, draft);
      drafts.push(draft);
    }
    return draft;
  };
  let places = rows.length * 2;
  const move = (row: MarkRow, to: RecordKey): void => {
    const draft = draftOf(row, row.key);
    draft.movedTo = to;
    // A move takes its place among the moves when it happens, not where the record was first met.
    draft.place = places++;
    current.delete(placeOf(row, row.key));
    draftOf(row, to).place = places++;
  };

  const statements = groupMoves(rows);
  for (const row of rows) {
    if (row.operation === 'T') truncated.add(row.tableId);
    else if (row.operation === 'D') Object.assign(draftOf(row, row.key), { deleted: true, oldRow: row.oldRow });
    else if (row.operation !== 'K') draftOf(row, row.key);
    else {
      const statement = statementOf(row);
      if (moved.has(statement)) continue;
      moved.add(statement);
      const { chains, circles } = sortMoves(statements.get(statement) ?? []);
      for (const each of chains) move(each, each.newKey as RecordKey);
      for (const each of circles) draftOf(each, each.key);
    }
  }
  const marks = drafts.toSorted((left, right) => left.place - right.place).map(({ place: _, ...mark }) => mark);
  return { marks, truncated: [...truncated] };
}

const statementOf = (row: MarkRow): string => `${row.xid} ${row.statement} ${row.keyIndex}`;

function groupMoves(rows: readonly MarkRow[]): ReadonlyMap<string, MarkRow[]> {
  const groups = new Map<string, MarkRow[]>();
  for (const row of rows) {
    if (row.operation !== 'K') continue;
    const statement = statementOf(row);
    const group = groups.get(statement);
    if (group) group.push(row);
    else groups.set(statement, [row]);
  }
  return groups;
}

/**
 * The key changes of one statement happen side by side: `id = id + 1` is no walk of one record through all keys. Put
 * in an order in which each finds its new key free, they may be followed one by one. In a circle there is no such
 * order: there each key is told of as updated, which is how the records look to whoever knows them by key.
 */
function sortMoves(moves: readonly MarkRow[]): {
  readonly chains: readonly MarkRow[];
  readonly circles: readonly MarkRow[];
} {
  if (moves.length === 1) return { chains: moves, circles: [] };
  const leaving = new Set(moves.map((row) => keyText(row.key)));
  const arriving = new Map(moves.map((row) => [keyText(row.newKey as RecordKey), row]));
  const chains: MarkRow[] = [];
  for (const last of moves) {
    if (leaving.has(keyText(last.newKey as RecordKey))) continue;
    for (let row: MarkRow | undefined = last; row; row = arriving.get(keyText(row.key))) chains.push(row);
  }
  const inChains = new Set(chains);
  return { chains, circles: moves.filter((row) => !inChains.has(row)) };
}
