/**
 * The trigger function that marks changes of one watched table, and the triggers that call it. It runs inside the
 * app's own statements, so two things come before all others: it marks every row, and it never makes them fail.
 */
import type { ValueType } from '../../../domain/value-type.ts';
import { TEXT } from '../../../domain/value-type.ts';
import type { TableName } from '../../../ports/store.ts';
import { quoteIdentifier, quoteLiteral, quoteTable } from '../session/quote.ts';
import { valueExpression } from '../table/column-types.ts';
import { keyExpression, keyTexts } from '../table/key-expression.ts';
import { ASLEEP_LOCK, LOCK_CLASS, WAKE_CHANNEL } from './capture-sql.ts';

export interface CapturedTable {
  readonly tableId: number;
  /** Changes with whatever the function is made from, see `stampSql`; stands in its body. */
  readonly stamp: string;
  readonly keys: readonly (readonly string[])[];
  readonly columns: readonly { readonly name: string; readonly type: ValueType }[];
}

export const captureFunctionName = (tableId: number): string => `capture_${tableId}`;

/**
 * Values are printed under the settings that reads pin, whatever the app's session has set. Nested loops are off
 * because a plan is kept from the first call, which may have seen one row, and a later one may bring a million.
 */
const FUNCTION_SETTINGS = [
  `search_path = 'pg_catalog', 'pg_temp'`,
  `timezone = 'UTC'`,
  `datestyle = 'ISO, YMD'`,
  `intervalstyle = 'postgres'`,
  `bytea_output = 'hex'`,
  `extra_float_digits = '1'`,
  `lc_monetary = 'C'`,
  `enable_nestloop = 'off'`,
  // A nested loop that cannot be avoided then looks so dear that it would be compiled: 34 ms for a single row.
  `jit = 'off'`,
];

const MARK_COLUMNS = 'statement, table_id, key_index, operation, key';

export function captureFunctionBody(table: CapturedTable): string {
  const { tableId } = table;
  return `
#variable_conflict use_column
-- ${table.stamp}
declare
  statement_number constant bigint := hashtextextended(gen_random_uuid()::text, 0);
  old_count bigint;
  new_count bigint;
begin
  if tg_op = 'INSERT' then
    ${insertMarks(table, 'I', 'new_rows')}
  elsif tg_op = 'DELETE' then
    ${insertMarks(table, 'D', 'old_rows')}
  elsif tg_op = 'TRUNCATE' then
    insert into couplet.change (statement, table_id, operation) values (statement_number, ${tableId}, 'T');
  else
    select (select count(*) from old_rows), (select count(*) from new_rows) into old_count, new_count;
    if old_count = 1 and new_count = 1 then
      -- What apps do most: a fifth cheaper without the join.
      ${pairMarks(table, 'cross join', keyedRows(table, 'old_rows', false), keyedRows(table, 'new_rows', false))}
    elsif old_count = new_count then
      -- Both tables list the rows in the order in which they were updated.
      ${pairMarks(table, 'join', numberedRows(table, 'old_rows'), numberedRows(table, 'new_rows'))}
    else
      -- A trigger of the app swallowed one half of a row on its way to another partition: nothing says which.
      ${insertMarks(table, 'D', 'old_rows')}
      ${insertMarks(table, 'I', 'new_rows')}
    end if;
  end if;
  -- NOTIFY would make PREPARE TRANSACTION fail.
  if found and current_setting('max_prepared_transactions') = '0' then
    -- The lock cannot be had while a reader sleeps; whoever has it makes the next sleeper look once more.
    if not pg_try_advisory_xact_lock_shared(${LOCK_CLASS}, ${ASLEEP_LOCK}) then
      perform pg_notify(${quoteLiteral(WAKE_CHANNEL)}, '');
    end if;
  end if;
  return null;
end
`;
}

function insertMarks(table: CapturedTable, operation: 'I' | 'D', rows: string): string {
  const oldRow = operation === 'D';
  return `insert into couplet.change (${MARK_COLUMNS}${oldRow ? ', old_row' : ''})
    select statement_number, ${table.tableId}, k.key_index, '${operation}', k.key${oldRow ? ', r.old_row' : ''}
    from (${keyedRows(table, rows, oldRow)}) r
    cross join lateral (values ${table.keys.map((_, index) => `(${index}, r.key_${index})`).join(', ')}) k (key_index, key);`;
}

function pairMarks(table: CapturedTable, join: string, oldRows: string, newRows: string): string {
  const pairs = table.keys.map((_, index) => `(${index}, o.key_${index}, n.key_${index})`).join(', ');
  return `insert into couplet.change (${MARK_COLUMNS}, new_key)
      select statement_number, ${table.tableId}, k.key_index,
        case when k.old_key = k.new_key then 'U' else 'K' end, k.old_key, case when k.old_key <> k.new_key then k.new_key end
      from (${oldRows}) o
      ${join} (${newRows}) n${join === 'join' ? ' using (position)' : ''}
      cross join lateral (values ${pairs}) k (key_index, old_key, new_key);`;
}

const numberedRows = (table: CapturedTable, rows: string): string =>
  `select row_number() over () as position, r.* from (${keyedRows(table, rows, false)}) r`;

/**
 * The rows of a transition table as their keys, and as the whole row in text. Columns are named without a qualifier
 * inside `present`: one that the app has dropped or renamed since is then not found there but in `absent`, one level
 * out, as null. Named directly, it would make every statement of the app fail until the capture is installed again; so
 * would an expression that holds for one type alone, of a column whose type the app has changed.
 */
function keyedRows(table: CapturedTable, rows: string, oldRow: boolean): string {
  const kinds = new Map(table.columns.map(({ name, type }) => [name, type]));
  const keyColumns = new Set(table.keys.flat());
  const typeOf = (name: string): ValueType => kinds.get(name) ?? TEXT;
  const absent = [...new Set([...keyColumns, ...(oldRow ? kinds.keys() : [])])].map(
    (name) => `null::text as ${quoteIdentifier(name)}`,
  );
  const keys = table.keys.map(
    (key, index) =>
      `${keyTexts(key.map((name) => keyExpression(quoteIdentifier(name), typeOf(name))))} as key_${index}`,
  );
  const whole = `jsonb_object(array[${[...kinds.keys()].map(quoteLiteral).join(', ')}]::text[], array[${[
    ...kinds.keys(),
  ]
    .map((name) => valueExpression(quoteIdentifier(name), typeOf(name)))
    .join(', ')}]::text[]) as old_row`;
  return `select v.* from ${rows} t cross join (select ${absent.join(', ')}) absent
      cross join lateral (select ${[...keys, ...(oldRow ? [whole] : [])].join(', ')} from (select t.*) present) v`;
}

export function captureFunctionSql(table: CapturedTable): string {
  const body = captureFunctionBody(table);
  let tag = '$couplet$';
  while (body.includes(tag)) tag = `$couplet${tag.length}$`;
  return `create or replace function couplet.${captureFunctionName(table.tableId)}() returns trigger
language plpgsql security definer
${FUNCTION_SETTINGS.map((setting) => `set ${setting}`).join('\n')}
as ${tag}${body}${tag}`;
}

const TRIGGERS = [
  { event: 'insert', transitions: 'referencing new table as new_rows' },
  { event: 'update', transitions: 'referencing old table as old_rows new table as new_rows' },
  { event: 'delete', transitions: 'referencing old table as old_rows' },
  { event: 'truncate', transitions: '' },
] as const;

export const captureTriggerName = (tableId: number, event: string): string => `couplet_${tableId}_${event}`;

/** One statement per trigger: PostgreSQL allows transition tables for a single event only. */
export const captureTriggerSql = (tableId: number, relation: TableName): readonly { name: string; sql: string }[] =>
  TRIGGERS.map(({ event, transitions }) => {
    const name = captureTriggerName(tableId, event);
    return {
      name,
      sql: `create trigger ${name} after ${event} on ${quoteTable(relation)} ${transitions} for each statement execute function couplet.${captureFunctionName(tableId)}()`,
    };
  });
