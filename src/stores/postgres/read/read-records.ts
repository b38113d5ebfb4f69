/**
 * Reading by key for a decision: rows, versions, unread delete marks and the proof of absence, all of one snapshot.
 * Two statements would leave a gap between them in which a record is deleted and made again, unseen by either.
 */
import type { KeyText, RecordKey } from '../../../domain/record.ts';
import { keyText } from '../../../domain/record.ts';
import type { Cursor, ReadResult, StoredRecord } from '../../../ports/store.ts';
import { unreadArgs, unreadArrivals, unreadDelete } from '../capture/unread-marks.ts';
import { absenceProven } from '../install/capture-sql.ts';
import { arrayLiteral } from '../session/array-literal.ts';
import type { Rows } from '../session/connection.ts';
import { quoteLiteral } from '../session/quote.ts';
import type { BoundTable } from '../table/bound-table.ts';
import { compareSql } from '../table/column-types.ts';
import { keyExpression, keyTexts } from '../table/key-expression.ts';
import { recordSelect, unnested } from '../table/record-select.ts';
import { withoutUnreadable } from './unreadable.ts';

/** Most keys of one statement; more are asked for in several, each with its own snapshot. */
const KEYS_PER_STATEMENT = 5_000;
/** As many as the planner takes an array for whose length it does not know. */
const FEW_KEYS = 10;

export type ReadRecords = (keys: readonly RecordKey[], since: Cursor | null) => Promise<ReadResult>;

interface Found {
  readonly records: Map<KeyText, StoredRecord>;
  readonly deletedSince: Set<KeyText>;
  readonly movedSince: Set<KeyText>;
  absenceProven: boolean;
}

/**
 * With 1,000 keys over 100,000 rows this is a nested loop over the key's index and takes 3 ms; the arrays are of the
 * column's own type, for the index would not serve a cast column.
 *
 * Of a few keys the planner is not told how many they are, so that it keeps one plan: for one key it took 1.2 ms to plan
 * and 0.1 to answer. Of many it is, for a plan that was kept from an empty table would walk a full one.
 */
export function prepareRead(table: BoundTable): ReadRecords {
  const few = readStatements(table, 'few');
  const many = readStatements(table, 'many');
  const { recordOf, width } = recordSelect(table);
  let watched = table.watched;

  const ask = async (keys: readonly RecordKey[], since: Cursor | null): Promise<Rows> => {
    const arrays = table.key.map((_, index) => arrayLiteral(keys, (key) => key[index] ?? null));
    // The capture may have been installed since the table was opened.
    watched ||= await isCaptureInstalled(table);
    const statements = keys.length <= FEW_KEYS ? few : many;
    if (!watched) return table.connection.query(statements.bare, arrays);
    if (since === null) return table.connection.query(statements.proven, arrays);
    return table.connection.query(statements.marked, [...arrays, ...unreadArgs(since)]);
  };
  const collect = async (keys: readonly RecordKey[], since: Cursor | null, found: Found): Promise<void> => {
    const rows = await withoutUnreadable(table, table.key, keys, (some) => ask(some, since));
    for (const row of rows) {
      const record = recordOf(row);
      if (record) found.records.set(keyText(record.key), record);
      found.absenceProven &&= row[width] === 't';
      if (row[width + 1] !== 't' && row[width + 2] !== 't') continue;
      const asked = keyText(row.slice(width + 3).map((part) => part ?? ''));
      if (row[width + 1] === 't') found.deletedSince.add(asked);
      if (row[width + 2] === 't') found.movedSince.add(asked);
    }
  };
  return async (keys, since) => {
    const found: Found = { records: new Map(), deletedSince: new Set(), movedSince: new Set(), absenceProven: true };
    for (let start = 0; start < keys.length; start += KEYS_PER_STATEMENT) {
      await collect(keys.slice(start, start + KEYS_PER_STATEMENT), since, found);
    }
    return found;
  };
}

type HowMany = 'few' | 'many';

const readStatements = (table: BoundTable, howMany: HowMany): Record<'bare' | 'proven' | 'marked', string> => ({
  bare: readStatement(table, howMany, false, false),
  proven: readStatement(table, howMany, true, false),
  marked: readStatement(table, howMany, true, true),
});

function readStatement(table: BoundTable, howMany: HowMany, watched: boolean, marked: boolean): string {
  const select = recordSelect(table);
  const asked = unnested(table.key, 1, 'asked', howMany === 'few' ? 'unweighed' : 'weighed');
  const canonical = table.key.map((column, index) => keyExpression(asked.value(index), column.type));
  const key = keyTexts(canonical);
  const first = table.key.length + 1;
  const deleted = marked ? unreadDelete(table, table.shape.key, key, first, 'D').sql : 'false';
  const moved = marked ? unreadDelete(table, table.shape.key, key, first, 'K').sql : 'false';
  const proven = watched ? absenceProven(`${quoteLiteral(table.relation)}::regclass::oid`) : 'false';
  const joined = table.key
    .map((column, index) => compareSql(column, `r.k${index}`, '=', asked.value(index)))
    .join(' and ');
  return `select ${[select.list('r'), proven, deleted, moved, ...canonical].join(', ')}
from ${asked.from} left join ${select.source()} r on ${joined}`;
}

export type MovedTo = (keys: readonly RecordKey[], since: Cursor) => Promise<ReadonlySet<KeyText>>;

export function prepareMovedTo(table: BoundTable): MovedTo {
  const columns = table.key.map((_, index) => `k${index}`);
  const arrays = columns.map((_, index) => `$${index + 1}::text[]`);
  const asked = `unnest(${arrays.join(', ')}) as asked (${columns.join(', ')})`;
  const statement = unreadArrivals(table, table.shape.key, { asked, columns }, columns.length + 1);
  let { watched } = table;
  return async (keys, since) => {
    watched ||= await isCaptureInstalled(table);
    if (!watched || keys.length === 0) return new Set();
    const parts = table.key.map((_, index) => arrayLiteral(keys, (key) => key[index] ?? null));
    const rows = await table.connection.query(statement, [...parts, ...unreadArgs(since)]);
    return new Set(rows.map((row) => keyText(row.map((part) => part ?? ''))));
  };
}

async function isCaptureInstalled(table: BoundTable): Promise<boolean> {
  const [row] = await table.connection.query(`select pg_catalog.to_regclass('couplet.installed') is not null`);
  return row?.[0] === 't';
}
