/** Where the page is: path and query of the address bar are the only state that a link, a reload and Back must keep. */
import { useSyncExternalStore } from 'react';

export interface Address {
  readonly path: string;
  readonly query: URLSearchParams;
}

export type QueryChange = Readonly<Record<string, string | readonly string[] | null>>;

const listeners = new Set<() => void>();
const tell = (): void => {
  for (const listener of listeners) listener();
};

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener('popstate', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('popstate', listener);
  };
}

const currentText = (): string => window.location.pathname + window.location.search;

export function useAddress(): Address {
  const text = useSyncExternalStore(subscribe, currentText);
  const at = text.indexOf('?');
  return {
    path: at < 0 ? text : text.slice(0, at),
    query: new URLSearchParams(at < 0 ? '' : text.slice(at)),
  };
}

/** `replace` for what Back should not undo step by step: typing in a search box, a choice within an open record. */
export function navigate(to: string, { replace = false }: { replace?: boolean } = {}): void {
  if (to === currentText()) return;
  if (replace) window.history.replaceState(window.history.state, '', to);
  else window.history.pushState({ entry: crypto.getRandomValues(new Uint32Array(1))[0] }, '', to);
  tell();
}

/** Names the entry of the history that is shown: what a page remembers under it is found again by Back and Forward. */
export function historyEntry(): string {
  const state = window.history.state as { entry?: number } | null;
  return `${currentText()} ${state?.entry ?? 'first'}`;
}

export function changeQuery(change: QueryChange, options?: { replace?: boolean }): void {
  const query = new URLSearchParams(window.location.search);
  for (const [name, value] of Object.entries(change)) {
    query.delete(name);
    for (const one of value === null ? [] : typeof value === 'string' ? [value] : value) query.append(name, one);
  }
  navigate(addressOf(window.location.pathname, query), options);
}

export function addressOf(path: string, query: URLSearchParams | QueryChange = {}): string {
  const params = query instanceof URLSearchParams ? query : searchParams(query);
  const text = params.toString();
  return text === '' ? path : `${path}?${text}`;
}

export function searchParams(values: QueryChange): URLSearchParams {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of value === null ? [] : typeof value === 'string' ? [value] : value) params.append(name, one);
  }
  return params;
}
