/** The query of `GET /synchronization-errors` as a filter; bulk work takes the same in its body. */
import type { RecordKey } from '../domain/record.ts';
import type { MappingPresenter } from '../ports/mapping-presenter.ts';
import type { ErrorFilter } from '../ports/queries.ts';
import { readKeyFilter } from './read-keys.ts';
import { requireKnownFields } from './require-known-fields.ts';
import type { ErrorFilterQuery } from './schemas/synchronization-errors.ts';

export async function errorFilterOf(presenter: MappingPresenter, query: ErrorFilterQuery): Promise<ErrorFilter> {
  requireKnownFields(presenter, query.mapping, query.field);
  const key = await readKeyFilter(presenter, query.mapping, query.channel?.[0], query.side, query.key);
  return filterWithKey(query, key);
}

const filterWithKey = (query: ErrorFilterQuery, key: RecordKey | null): ErrorFilter => ({
  mapping: query.mapping ?? null,
  channel: query.channel ?? null,
  kind: query.kind ?? null,
  code: query.code ?? null,
  cause: query.cause ?? null,
  field: query.field ?? null,
  status: query.status ?? null,
  parked: query.parked ?? null,
  scope: query.scope ?? null,
  jobId: query.jobId ?? null,
  couplingId: query.couplingId ?? null,
  assignee: query.assignee ?? null,
  q: query.q ?? null,
  side: query.side ?? null,
  key,
  since: query.since ?? null,
  until: query.until ?? null,
  ids: null,
});
