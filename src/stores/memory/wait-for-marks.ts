/** Sleeping until there may be marks to read. */
import type { Cursor } from '../../ports/store.ts';
import { parseCursor, unreadMarks } from './cursor.ts';
import type { MemoryDatabase } from './database.ts';

/**
 * Looks, then sleeps, in one uninterrupted step: a commit comes either before the look and is seen, or after it and
 * finds the sleeper. That is the whole reason why no wake-up is lost.
 */
export function waitForMarks(
  database: MemoryDatabase,
  cursor: Cursor,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const position = parseCursor(cursor);
  const hasNews = (): boolean => !database.reachable || unreadMarks(database.state, position).length > 0;
  if (signal.aborted || hasNews()) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = (): void => {
      if (!signal.aborted && !hasNews()) return;
      finish();
    };
    const finish = (): void => {
      clearTimeout(timer);
      database.sleepers.delete(wake);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, timeoutMs);
    database.sleepers.add(wake);
    signal.addEventListener('abort', finish);
  });
}
