/** The errors that bulk work is about, settled when it is accepted: what the filter selects later is none of its business. */
import { Problem } from './problem.ts';
import { isId } from './read-keys.ts';
import { errorFilterOf } from './error-filter.ts';
import type { BulkBody } from './schemas/synchronization-errors.ts';
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
  return (await deps.queries.errorIds(filter, MOST_ERRORS)).map((id) => ({ id, etag: null }));
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
