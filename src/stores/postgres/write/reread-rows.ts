/**
 * What the rows hold when all is done: triggers, roundings, rules and later writes of the batch included. RETURNING
 * would tell what they held before AFTER triggers and deferred ones had their turn, so it is believed only of a table
 * where nothing of the kind can happen (plain-table.ts).
 */
import type { StoredRecord } from '../../../ports/store.ts';
import type { WriteOutcome } from '../../../ports/store.ts';
import { arrayLiteral } from '../session/array-literal.ts';
import { compareSql } from '../table/column-types.ts';
import { recordSelect, unnested } from '../table/record-select.ts';
import type { RecordSelect } from '../table/record-select.ts';
import { isPlain, setsOffNothing } from './plain-table.ts';
import type { PlannedBatch } from './plan-entries.ts';
import type { Entry, WriteWork } from './write-work.ts';

const SUPPRESSED: WriteOutcome = { status: 'suppressed' };
const MOVED: WriteOutcome = { status: 'moved' };

/** The outcome of every entry, in their order. `plain`: whether the table is; null: that was not asked yet. */
export async function outcomesOf(
  work: WriteWork,
  planned: PlannedBatch,
  plain: boolean | null,
): Promise<readonly WriteOutcome[]> {
  const { entries } = planned;
  const read = entries.filter(
    ({ state, write }) => state.at === 'unsure' || (state.at === 'done' && write.operation !== 'delete'),
  );
  const told =
    read.length > 0 && read.every(isTold) && setsOffNothing(work.table, planned) && (plain ?? (await isPlain(work)));
  if (told) return outcomesReturned(planned);
  const found = await reread(work, read);
  return entries.map((entry) => outcomeOf(entry, found.get(entry) ?? null));
}

/** Where the table is known to be plain: what was returned is what the rows hold. */
export const outcomesReturned = ({ entries }: PlannedBatch): readonly WriteOutcome[] =>
  entries.map((entry) => outcomeOf(entry, entry.returned));

const isTold = ({ state, returned }: Entry): boolean => state.at === 'done' && returned !== null;

function outcomeOf(entry: Entry, now: StoredRecord | null): WriteOutcome {
  const { state, write } = entry;
  switch (state.at) {
    case 'refused':
      return { status: 'refused', refusal: state.refusal };
    case 'ended':
      return state.outcome;
    case 'open':
      throw new Error(`A write was passed over: ${write.operation}`);
    case 'unsure':
      if (write.operation === 'delete') return now ? SUPPRESSED : deleted(entry);
      if (write.operation === 'update' && now?.version === write.version) return SUPPRESSED;
      // A rule may have written it under another name of the statement; else an own trigger changed or took the row.
      return now ? written(entry, now) : write.operation === 'update' ? MOVED : SUPPRESSED;
    case 'done':
      if (write.operation === 'delete') return deleted(entry);
      // The table's own triggers took it away again: what is to be decided now is its end.
      return now ? written(entry, now) : write.operation === 'update' ? MOVED : SUPPRESSED;
  }
}

const written = (entry: Entry, now: StoredRecord): WriteOutcome => ({
  status: 'written',
  key: now.key,
  version: now.version,
  held: now.values,
  old: entry.old,
  oldRow: null,
});

/** Also when the row went with another one, through a foreign key, before the statement came to it. */
const deleted = (entry: Entry): WriteOutcome => ({
  status: 'written',
  key: entry.write.operation === 'delete' ? entry.write.key : [],
  version: entry.write.operation === 'delete' ? entry.write.version : '',
  held: null,
  old: entry.old,
  oldRow: entry.oldRow,
});

async function reread(work: WriteWork, entries: readonly Entry[]): Promise<ReadonlyMap<Entry, StoredRecord>> {
  const found = new Map<Entry, StoredRecord>();
  if (entries.length === 0) return found;
  const { table } = work;
  // Whether it is in the filter is no matter here, and a filter that fails must not fail the write.
  const select = recordSelect({ ...table, shape: { ...table.shape, filter: null } });
  const keys = entries.map(({ state }) => (state.at === 'done' || state.at === 'unsure' ? state.key : []));
  const args = table.key.map((_, index) => arrayLiteral(keys, (key) => key[index] ?? null));
  const rows = await work.statements.run(work.session, 'reread', () => rereadStatement(work, select), args);
  for (const [at, ...row] of rows) {
    const entry = entries[Number(at) - 1];
    const record = select.recordOf(row);
    if (entry && record) found.set(entry, record);
  }
  return found;
}

function rereadStatement({ table }: WriteWork, select: RecordSelect): string {
  const asked = unnested(table.key, 1, 'asked');
  const joined = table.key
    .map((column, index) => compareSql(column, `r.k${index}`, '=', asked.value(index)))
    .join(' and ');
  return `select asked.at, ${select.list('r')} from ${asked.from} join ${select.source()} r on ${joined}`;
}
