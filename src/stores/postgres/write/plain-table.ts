/**
 * Whether what a statement returned of its rows is what they hold at the end of the transaction, so that they need not
 * be read once more: nothing but the statement itself has a hand in them.
 *
 * That is so when the table has no trigger besides the capture, which writes marks only, no rule and no children with
 * triggers of their own, and when the batch sets off no action of a foreign key, which could come back to the table:
 * no deletes, and no change of a column that others refer to. Checks of deferred constraints change nothing. A value
 * is rounded, padded and computed before it is returned.
 *
 * It is asked after the rows were written: from then on the lock of the write keeps new triggers and rules away.
 */
import { quoteLiteral } from '../session/quote.ts';
import { versionExpression } from '../table/bound-table.ts';
import type { BoundTable } from '../table/bound-table.ts';
import type { PlannedBatch } from './plan-entries.ts';
import type { WriteWork } from './write-work.ts';

/** A boolean expression. */
export const plainTable = (table: BoundTable): string => `not exists (
  select from pg_catalog.pg_trigger t join pg_catalog.pg_proc f on f.oid = t.tgfoid
  where t.tgrelid = ${quoteLiteral(table.oid)}::oid and not t.tgisinternal
    and f.pronamespace is distinct from pg_catalog.to_regnamespace('couplet'))
and not exists (select from pg_catalog.pg_rewrite r where r.ev_class = ${quoteLiteral(table.oid)}::oid and r.rulename <> '_RETURN')
and not exists (select from pg_catalog.pg_inherits i where i.inhparent = ${quoteLiteral(table.oid)}::oid)`;

/** For RETURNING. Rows that go to partitions have no version there; those tables are not plain anyway. */
export const returnedVersion = (table: BoundTable, alias: string): string =>
  table.hasChildren ? 'null::text' : versionExpression(table, alias);

export async function isPlain(work: WriteWork): Promise<boolean> {
  const [row] = await work.statements.run(work.session, 'plain', () => `select ${plainTable(work.table)}`, []);
  return row?.[0] === 't';
}

/** Fails where it is not, and with it the transaction. */
export const requirePlain = ({ statements, session, table }: WriteWork): Promise<unknown> =>
  statements.run(session, 'require plain', () => `select 1 / (${plainTable(table)})::int`, []);

/** No action of a foreign key follows from the batch. */
export const setsOffNothing = ({ keyLockColumns }: BoundTable, { updates, deletes }: PlannedBatch): boolean =>
  deletes.length === 0 && updates.every((entry) => entry.columns.every(({ name }) => !keyLockColumns.has(name)));
