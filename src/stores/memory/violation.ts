/** What a row meets when it cannot be written: a rule of the table, or somebody else who holds it. */
import type { Params } from '../../domain/record.ts';
import type { TableText } from './table-definition.ts';

/** A rule of the table speaks against the row. `code` is of the error catalogue. */
export class Violation extends Error {
  readonly code: string;
  readonly params: Params;
  /** The row that holds a unique value, where that is the reason. */
  readonly blockedBy: { readonly table: TableText; readonly rowId: number } | null;
  constructor(code: string, message: string, params: Params, blockedBy: Violation['blockedBy'] = null) {
    super(message);
    this.name = 'Violation';
    this.code = code;
    this.params = params;
    this.blockedBy = blockedBy;
  }
}

/**
 * An open transaction holds the row. A real server would make the writer wait; here there is nobody to wait in a
 * single thread, so the writer hears it at once and may come again after the other's commit or rollback.
 */
export class RowBusy extends Error {
  constructor(message = 'An open transaction holds this row.') {
    super(message);
    this.name = 'RowBusy';
  }
}
