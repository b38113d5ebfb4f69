/** The query of `GET /couplings` as a filter; bulk work takes the same in its body. */
import type { MappingPresenter } from '../ports/mapping-presenter.ts';
import type { CouplingFilter } from '../ports/queries.ts';
import { readKeyFilter } from './read-keys.ts';
import type { CouplingFilterQuery } from './schemas/couplings.ts';

export async function couplingFilterOf(
  presenter: MappingPresenter,
  query: CouplingFilterQuery,
): Promise<CouplingFilter> {
  return {
    mapping: query.mapping ?? null,
    channel: query.channel ?? null,
    status: query.status ?? null,
    q: query.q ?? null,
    side: query.side ?? null,
    key: await readKeyFilter(presenter, query.mapping, query.channel?.[0], query.side, query.key),
    parent: query.parent ?? null,
  };
}
