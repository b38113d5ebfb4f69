/** Records of one store in the order of their keys, filtered by what is known of them in the coupling database. */
import type { RecordKey } from '../domain/record.ts';
import type { Lane } from '../ports/store.ts';
import type { PageRequest } from '../ports/queries.ts';
import type { UncoupledRecordView } from '../ports/synchronizer.ts';
import { invalid } from './problem.ts';
import { keyOrProblem } from './read-keys.ts';
import { type RecordDocument, type RecordQuery, RecordSchema } from './schemas/mappings.ts';
import { MOST_ITEMS } from './schemas/query.ts';
import type { List } from './serve-list.ts';
import type { ServerDeps } from './server-deps.ts';

/** Pages of the store read for one page of the answer, so that a filter that few records pass cannot hold the store. */
const MOST_PAGES = 10;

/** The list as pages and as CSV. The store counts nothing by reason, so a total is what reading to the end finds. */
export function recordList(
  deps: ServerDeps,
  lane: Lane,
  query: RecordQuery,
): List<UncoupledRecordView, RecordDocument> {
  const read = (page: Pick<PageRequest, 'limit' | 'cursor'>): Promise<Found> => searchRecords(deps, lane, query, page);
  return {
    name: 'records',
    schema: RecordSchema,
    async read({ limit, cursor, count }) {
      return { ...(await read({ limit, cursor })), total: count ? await countAll(read) : null };
    },
    async present(records) {
      const shown = await deps.presenter.lane(lane);
      return records.map((record) => ({
        ...record,
        key: shown.keyToJson(query.side, record.key),
        reason: record.reason as RecordDocument['reason'],
      }));
    },
  };
}

interface Found {
  readonly items: readonly UncoupledRecordView[];
  readonly nextCursor: string | null;
}

async function countAll(read: (page: Pick<PageRequest, 'limit' | 'cursor'>) => Promise<Found>): Promise<number> {
  let total = 0;
  for (let cursor: string | null = null; ; ) {
    const found = await read({ limit: MOST_ITEMS, cursor });
    total += found.items.length;
    if (found.nextCursor === null) return total;
    cursor = found.nextCursor;
  }
}

async function searchRecords(
  deps: ServerDeps,
  lane: Lane,
  query: RecordQuery,
  { limit, cursor }: Pick<PageRequest, 'limit' | 'cursor'>,
): Promise<Found> {
  const shown = await deps.presenter.lane(lane);
  const key =
    query.key === undefined
      ? null
      : keyOrProblem(shown.keyFromTexts(query.side, query.key), 'query', '/key', 'be given once for every key column');
  const found: UncoupledRecordView[] = [];
  let after = cursor === null ? null : readCursor(cursor);
  let more = true;
  // A search or a key is answered whole: the store gives no place to go on from.
  const single = key !== null || (query.q ?? '') !== '';
  const sifting = query.coupled !== undefined || query.reason !== undefined;
  const atOnce = sifting && !single ? MOST_ITEMS : limit;
  for (let pages = 0; more && found.length < limit && pages < MOST_PAGES; pages += 1) {
    const records = await deps.synchronizer.records(lane, query.side, {
      q: query.q || null,
      key,
      after,
      limit: atOnce,
    });
    more = !single && records.length === atOnce;
    for (const [at, record] of records.entries()) {
      after = record.key;
      if (passes(query, record)) found.push(record);
      if (found.length === limit) {
        more ||= !single && at < records.length - 1;
        break;
      }
    }
  }
  return { items: found, nextCursor: more && after !== null ? writeCursor(after) : null };
}

function passes(query: RecordQuery, record: UncoupledRecordView): boolean {
  if (query.coupled !== undefined && query.coupled !== (record.couplingId !== null)) return false;
  return query.reason === undefined || query.reason.some((reason) => reason === record.reason);
}

const writeCursor = (key: RecordKey): string => Buffer.from(JSON.stringify(key)).toString('base64url');

function readCursor(cursor: string): RecordKey {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(key) && key.every((part) => typeof part === 'string')) return key;
  } catch {
    // Falls through to the refusal.
  }
  throw invalid('query', '/cursor', 'is not a cursor of this list');
}
