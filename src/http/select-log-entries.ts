/** The log entries that a bulk revert is about, settled when it is accepted. */
import type { z } from 'zod';
import { Problem } from './problem.ts';
import { isId, requireId } from './read-keys.ts';
import { NO_LOG_FILTER } from './no-filter.ts';
import { MOST_ITEMS } from './schemas/query.ts';
import type { BulkRevertBodySchema } from './schemas/synchronization-log.ts';
import type { ServerDeps } from './server-deps.ts';

const MOST_ENTRIES = 100_000;
/** What tells of writes; the other entries of a job tell of findings. */
const TAKEN_BACK = ['modified', 'deleted', 'resolved'] as const;
/** Written as often by what a revert leaves alone. */
const SELDOM_TAKEN_BACK = ['restored', 'uncoupled', 'coupled'] as const;
const SELDOM: ReadonlySet<string> = new Set(SELDOM_TAKEN_BACK);

/** Newest first, so that of two writes to one record the later one is taken back first. */
export async function selectLogEntries(
  deps: ServerDeps,
  body: z.infer<typeof BulkRevertBodySchema>,
): Promise<readonly string[]> {
  const ids = body.ids ?? body.items?.map(({ id }) => id);
  if (ids !== undefined) return requireIds(ids);
  const jobId = requireId(body.jobId ?? '', 'job-not-found');
  if ((await deps.queries.jobById(jobId)) === null) throw new Problem('job-not-found');
  const selected: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await deps.queries.log(
      { ...NO_LOG_FILTER, jobId: [jobId], action: [...TAKEN_BACK, ...SELDOM_TAKEN_BACK] },
      { limit: MOST_ITEMS, cursor, sort: '-at', count: false },
    );
    selected.push(
      ...page.items
        .filter(({ action, revertible, revertedBy }) => revertedBy === null && (revertible || !SELDOM.has(action)))
        .map(({ id }) => id),
    );
    cursor = page.nextCursor;
  } while (cursor !== null && selected.length < MOST_ENTRIES);
  return selected;
}

function requireIds(ids: readonly string[]): readonly string[] {
  const distinct = [...new Set(ids.map((id) => id.toLowerCase()))];
  const wrong = distinct.findIndex((id) => !isId(id));
  if (wrong >= 0) {
    throw new Problem('log-entry-not-found', {
      errors: [{ in: 'body', pointer: `/ids/${wrong}`, detail: 'is the id of no log entry' }],
    });
  }
  return distinct.toSorted().toReversed();
}
