/** What happens on the server reaches open pages at once: events tell which answers are out of date. */
import { useQueryClient, type Query } from '@tanstack/react-query';
import { useEffect } from 'react';
import { noteContact, probe } from './connection.ts';
import { readAgain } from './read.ts';

/** Answers that an event of the name makes out of date, by the beginning of their path. */
const OUTDATED = {
  job: ['/jobs', '/mappings', '/overview', '/commerce'],
  error: ['/synchronization-errors', '/couplings', '/overview', '/synchronization-log', '/mappings'],
  operation: ['/customer-operations', '/overview', '/commerce'],
  store: ['/stores', '/mappings', '/overview'],
} as const;

/** Events come in hundreds while a run works; the page follows in steps. */
const STEP_MS = 1_500;
const AGAIN_MS = 10_000;
/** A list that somebody has scrolled far down is not read again under their eyes. */
const MOST_PAGES_READ_AGAIN = 3;

export function useLiveEvents(enabled: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!enabled) return;
    const due = new Set<string>();
    let timer: number | undefined;
    const refresh = (): void => {
      timer = undefined;
      const paths = [...due];
      due.clear();
      void client.invalidateQueries({ predicate: (query) => concerns(paths, query) });
    };
    const stop = follow((paths) => {
      for (const path of paths) due.add(path);
      timer ??= window.setTimeout(refresh, STEP_MS);
    });
    return () => {
      stop();
      window.clearTimeout(timer);
    };
  }, [client, enabled]);
}

/** The browser connects again by itself after a break, but not after a refusal (of a proxy whose server is away). */
function follow(onEvent: (paths: readonly string[]) => void): () => void {
  let away = false;
  let again: number | undefined;
  let source: EventSource;
  const connect = (): void => {
    source = new EventSource('/api/v1/events', { withCredentials: true });
    source.addEventListener('open', () => {
      noteContact(true);
      // What happened meanwhile may be more than the stream remembers.
      if (away) void readAgain();
      away = false;
    });
    source.addEventListener('error', () => {
      away = true;
      // A stream ends now and then although the server is there.
      void probe();
      if (source.readyState === EventSource.CLOSED) again = window.setTimeout(connect, AGAIN_MS);
    });
    for (const [name, paths] of Object.entries(OUTDATED)) source.addEventListener(name, () => onEvent(paths));
  };
  connect();
  return () => {
    source.close();
    window.clearTimeout(again);
  };
}

function concerns(paths: readonly string[], query: Query): boolean {
  const [path, , kind] = query.queryKey;
  if (typeof path !== 'string' || !paths.some((prefix) => path.startsWith(prefix))) return false;
  if (kind !== 'pages') return true;
  const pages = (query.state.data as { pages?: readonly unknown[] } | undefined)?.pages ?? [];
  return pages.length <= MOST_PAGES_READ_AGAIN;
}
