/** The errors that bulk work is about, settled when it is accepted: what the filter selects later is none of its business. */
import type { ErrorFilter } from '../ports/queries.ts';
import { Problem } from './problem.ts';
import { isId } from './read-keys.ts';
import { errorFilterOf } from './error-filter.ts';
import type { BulkBody } from './schemas/synchronization-errors.ts';
import { MOST_ITEMS } from './schemas/query.ts';
import type { ServerDeps } from './server-deps.ts';

const MOST_ERRORS = 100_000;

export interface SelectedError {
  readonly id: string;
  /** Null: bound to the values stored in the error. */
  readonly etag: string | null;
}

export async function selectErrors(deps: ServerDeps, body: BulkBody): Promise<readonly SelectedError[]> {
  if (body.items !== undefined) return requireIds(distinct(body.items));
  if (body.ids !== undefined) return requireIds(distinct(body.ids.map((id) => ({ id, etag: null }))));
  const filter = await errorFilterOf(deps.presenter, body.filter ?? {});
  const count = await deps.queries.countErrors(filter);
  if (count > MOST_ERRORS) throw new Problem('payload-too-large', { params: { count, limit: MOST_ERRORS } });
  return selectByFilter(deps, filter);
}

const distinct = (items: readonly SelectedError[]): readonly SelectedError[] => [
  ...new Map(items.map((item) => [item.id.toLowerCase(), { ...item, id: item.id.toLowerCase() }])).values(),
];

function requireIds(items: readonly SelectedError[]): readonly SelectedError[] {
  const wrong = items.findIndex(({ id }) => !isId(id));
  if (wrong < 0) return items;
  throw new Problem('error-not-found', {
    errors: [{ in: 'body', pointer: `/ids/${wrong}`, detail: 'is the id of no synchronization error' }],
  });
}

/** In the order of ids, which never changes: errors that come and go meanwhile make none appear twice. */
async function selectByFilter(deps: ServerDeps, filter: ErrorFilter): Promise<readonly SelectedError[]> {
  const selected: SelectedError[] = [];
  let cursor: string | null = null;
  do {
    const page = await deps.queries.errors(filter, { limit: MOST_ITEMS, cursor, sort: 'firstSeenAt', count: false });
    selected.push(...page.items.map(({ id }) => ({ id, etag: null })));
    cursor = page.nextCursor;
  } while (cursor !== null && selected.length < MOST_ERRORS);
  return selected;
}
