/**
 * What a constraint of the store says about a record, in words of the error catalogue: `constraint-violated`,
 * `value-too-long`, `value-invalid`, `required-value-missing`. Names come from the fields of the error; its message is
 * in the server's language and is passed on only where a trigger of the app speaks for itself.
 */
import type { Params, RecordKey } from '../../../domain/record.ts';
import { lengthOf, shortenText } from '../../../domain/shorten-text.ts';
import { StoreBusy } from '../../../errors/store-faults.ts';
import type { Refusal } from '../../../ports/store.ts';
import { StatementRefused } from '../session/driver-faults.ts';
import type { ServerError } from '../session/driver-faults.ts';
import type { BoundTable, Reference, UniqueIndex } from '../table/bound-table.ts';
import type { StoreColumn } from '../table/column-types.ts';
import { findBlockers, indexNamed } from './find-blockers.ts';
import { inSavepoint } from './write-work.ts';
import type { Entry, EntryState, RecordFault, WriteWork } from './write-work.ts';

/** Characters of a value that a message may show. */
const SHOWN_CHARACTERS = 200;

const MISSING = '23502';
const FOREIGN_KEY = '23503';
const UNIQUE = '23505';
const CHECK = '23514';
const EXCLUSION = '23P01';
const TOO_LONG = '22001';
const NOT_IN_ENCODING = '22P05';
/** What may come right when the rest of the batch is written. */
const MAY_YET_SUCCEED: ReadonlySet<string> = new Set([FOREIGN_KEY, UNIQUE, EXCLUSION, '23001']);

export const isUniqueViolation = (error: unknown): error is StatementRefused =>
  error instanceof StatementRefused && error.server.code === UNIQUE;

export const isMissingParent = (error: unknown, table: BoundTable): boolean =>
  error instanceof StatementRefused &&
  error.server.code === FOREIGN_KEY &&
  (table.hasChildren || error.server.table === table.name);

/** Refused for a parent that was not there, which another record of the batch may bring. */
export const lacksParent = ({ state }: Entry): boolean =>
  state.at === 'refused' && state.refusal.params['parent'] !== undefined;

export const orphanRefusal = (reference: Reference, entry: Entry): EntryState => ({
  at: 'refused',
  mayYetSucceed: true,
  refusal: { code: 'constraint-violated', params: missingParent(reference, entry), blockedBy: null },
});

export function uniqueRefusal(index: UniqueIndex, entry: Entry, blockedBy: RecordKey): EntryState {
  return { at: 'refused', mayYetSucceed: true, refusal: { ...uniqueParams(index, entry), blockedBy } };
}

const uniqueParams = (index: UniqueIndex, entry: Entry): Pick<Refusal, 'code' | 'params'> => ({
  code: 'constraint-violated',
  params: { constraint: index.name, unique: true, ...columnsParams(entry, index.columns) },
});

export async function refuseEntry(work: WriteWork, entry: Entry, fault: RecordFault): Promise<void> {
  if (fault instanceof StoreBusy) {
    entry.state = { at: 'ended', outcome: { status: 'busy' } };
    return;
  }
  const mayYetSucceed = MAY_YET_SUCCEED.has(fault.server.code);
  entry.state = { at: 'refused', mayYetSucceed, refusal: await refusalOf(work, entry, fault) };
}

async function refusalOf(work: WriteWork, entry: Entry, fault: StatementRefused): Promise<Refusal> {
  const { server } = fault;
  const { table } = work;
  const refused = (code: string, params: Params): Refusal => ({ code, params, blockedBy: null });
  if (server.routine === 'exec_stmt_raise') {
    const constraint = server.constraint ?? 'a trigger';
    return refused('constraint-violated', { constraint, message: shown(fault.primaryMessage) });
  }
  switch (server.code) {
    case MISSING:
      return refused('required-value-missing', { column: server.column ?? domainColumn(entry) });
    case UNIQUE: {
      const index = indexNamed(table, server);
      if (!index) return refused('constraint-violated', { ...constraintParams(table, server), unique: true });
      const blockers = entry.write.operation === 'delete' ? null : await findBlockers(work, index, [entry]);
      return { ...uniqueParams(index, entry), blockedBy: blockers?.get(entry.index) ?? null };
    }
    case FOREIGN_KEY:
      return refused('constraint-violated', foreignKeyParams(table, entry, server));
    case TOO_LONG:
      return refused('value-too-long', tooLong(entry) ?? {});
  }
  if (server.code.startsWith('23')) {
    const columns = server.code === CHECK ? table.checks.get(server.constraint ?? '') : undefined;
    const spoken = columns && columns.length > 0 ? columnsParams(entry, columns) : {};
    return refused('constraint-violated', { ...constraintParams(table, server), ...spoken });
  }
  if (server.code.startsWith('22')) return refused('value-invalid', await invalidParams(work, entry, server.code));
  if (server.code === '428C9') return refused('value-invalid', { column: identityColumn(entry) });
  return refused('constraint-violated', { ...constraintParams(table, server), sqlState: server.code });
}

function constraintParams(table: BoundTable, server: ServerError): Params {
  return {
    constraint: server.constraint ?? server.code,
    ...(server.table === null || server.table === table.name ? {} : { table: server.table }),
    ...(server.dataType === null ? {} : { type: server.dataType }),
  };
}

function columnsParams(entry: Entry, columns: readonly string[] | null): Params {
  if (columns === null) return {};
  const values = columns.map((name) => {
    const at = entry.columns.findIndex((column) => column.name === name);
    const value = at < 0 ? null : (entry.values[at] ?? null);
    return value === null ? null : shown(value);
  });
  return {
    columns: [...columns],
    values,
    ...(columns.length === 1 ? { column: columns[0] ?? '', value: values[0] ?? null } : {}),
  };
}

/** With a missing parent, the columns that point to it; with children in the way, their table. */
function foreignKeyParams(table: BoundTable, entry: Entry, server: ServerError): Params {
  const own = entry.write.operation !== 'delete' && (table.hasChildren || server.table === table.name);
  const reference = own ? table.references.find(({ name }) => name === server.constraint) : undefined;
  return reference
    ? missingParent(reference, entry)
    : { constraint: server.constraint ?? '', child: server.table ?? '' };
}

const missingParent = (reference: Reference, entry: Entry): Params => ({
  constraint: reference.name,
  parent: reference.parentName,
  ...columnsParams(entry, reference.columns),
});

/** PostgreSQL does not say which column; the limits do. */
function tooLong(entry: Entry): Params | null {
  for (const [index, column] of entry.columns.entries()) {
    const limit = column.type.maxLength;
    const value = entry.values[index] ?? null;
    if (limit === null || value === null) continue;
    const length = lengthOf(value);
    if (length > limit) return { column: column.name, value: shown(value), limit, length };
  }
  return null;
}

/** Each value is offered to its type by itself, since the error names no column. */
async function invalidParams(work: WriteWork, entry: Entry, code: string): Promise<Params> {
  const isOfEncoding = code === NOT_IN_ENCODING;
  for (const [index, column] of entry.columns.entries()) {
    const value = entry.values[index] ?? null;
    if (value === null || (column.type.kind === 'text' && !value.includes('\0') && !isOfEncoding)) continue;
    if (await isValid(work, column, value)) continue;
    const type = isOfEncoding ? `${column.type.name} in ${work.table.encoding}` : column.type.name;
    return { column: column.name, value: shown(value), type, ...(await labelsOf(work, column)) };
  }
  return {};
}

/** Of an enum, as it is by now. */
async function labelsOf(work: WriteWork, { type, cast }: StoreColumn): Promise<Params> {
  if (type.labels === null) return {};
  const labels = await work.session.once(
    'select l.enumlabel from pg_catalog.pg_enum l where l.enumtypid = $1::pg_catalog.regtype order by l.enumsortorder',
    [cast],
  );
  return { allowed: labels.map(([label]) => label ?? '') };
}

async function isValid(work: WriteWork, column: StoreColumn, value: string): Promise<boolean> {
  try {
    await inSavepoint(work, () => work.session.once(`select $1::text::${column.exactCast}`, [value]));
    return true;
  } catch (error) {
    if (error instanceof StatementRefused) return false;
    throw error;
  }
}

/** A domain that forbids null does not name the column. */
function domainColumn(entry: Entry): string {
  const index = entry.columns.findIndex((column, at) => column.notNull && (entry.values[at] ?? null) === null);
  return entry.columns[index]?.name ?? '';
}

const identityColumn = (entry: Entry): string =>
  entry.columns.find((column) => column.identity === 'always')?.name ?? '';

const shown = (value: string): string => shortenText(value, SHOWN_CHARACTERS);
