/** Where the page is: path and query of the address bar are the only state that a link, a reload and Back must keep. */
import { useSyncExternalStore } from 'react';

export interface Address {
  readonly path: string;
  readonly query: URLSearchParams;
}

export type QueryChange = Readonly<Record<string, string | readonly string[] | null>>;

/** What is told of a page before another one takes its place. */
export interface Stay {
  /** Something would be lost: then `ask` is called, and nothing moves until it calls `leave`. */
  readonly unsaved: boolean;
  readonly ask: (leave: () => void) => void;
  readonly onLeave: () => void;
}

const listeners = new Set<() => void>();
const barText = (): string => window.location.pathname + window.location.search;
const pathOf = (text: string): string => text.split('?')[0] ?? text;

/** Not read from the address bar: after Back that is a step ahead of the page while somebody is asked. */
let shown = barText();
let stay: Stay | null = null;
/** Which entry of the history is shown, counted from the one that the page was loaded with. */
let place = markedPlace(0);
let next: 'ask' | 'putBack' | 'letGo' = 'ask';

function show(text: string): void {
  shown = text;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const currentText = (): string => shown;

/** While it holds, leaving for another path is as `to` says. Gives what ends it. */
export function stayUntilAsked(to: Stay): () => void {
  stay = to;
  return () => {
    if (stay === to) stay = null;
  };
}

/** An entry without a mark is one that the browser made itself, for a place within the page: it follows what was shown. */
function markedPlace(otherwise: number): number {
  const state = window.history.state as { place?: number } | null;
  if (state?.place !== undefined) return state.place;
  window.history.replaceState({ ...state, place: otherwise }, '');
  return otherwise;
}

/** Back and Forward have moved already when they are heard of; what is to stay is put back while somebody is asked. */
window.addEventListener('popstate', () => {
  const now = next;
  next = 'ask';
  const from = place;
  place = markedPlace(from + 1);
  if (now === 'putBack') return;
  const steps = place - from;
  if (now === 'ask' && stay !== null && pathOf(barText()) !== pathOf(shown)) {
    const { unsaved, ask, onLeave } = stay;
    if (unsaved && steps !== 0) {
      move(-steps, 'putBack');
      ask(() => {
        onLeave();
        move(steps, 'letGo');
      });
      return;
    }
    onLeave();
  }
  show(barText());
});

function move(steps: number, as: typeof next): void {
  next = as;
  window.history.go(steps);
}

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
  if (to === shown) return;
  const go = (): void => {
    if (replace) window.history.replaceState(window.history.state, '', to);
    else {
      place += 1;
      window.history.pushState({ entry: crypto.getRandomValues(new Uint32Array(1))[0], place }, '', to);
    }
    show(to);
  };
  if (stay === null || pathOf(to) === pathOf(shown)) return go();
  const { unsaved, ask, onLeave } = stay;
  const leave = (): void => {
    onLeave();
    go();
  };
  if (unsaved) ask(leave);
  else leave();
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
