/** Whether the server answers, as requests, the event stream and, once it was away, small questions of our own find it. */
import { useSyncExternalStore } from 'react';

interface Connection {
  readonly reachable: boolean;
  /** Of the last answer. */
  readonly at: number;
}

const ASK_AGAIN_MS = 2_000;

let connection: Connection = { reachable: true, at: Date.now() };
let asking: number | undefined;
const listeners = new Set<() => void>();

export function noteContact(reachable: boolean): void {
  // The time alone is nobody's news: only a change redraws.
  const changed = connection.reachable !== reachable;
  connection = changed || reachable ? { reachable, at: reachable ? Date.now() : connection.at } : connection;
  if (!reachable) asking ??= window.setTimeout(askAgain, ASK_AGAIN_MS);
  if (changed) for (const listener of listeners) listener();
}

function askAgain(): void {
  asking = undefined;
  void probe();
}

/** Any answer will do, a refusal included. */
export async function probe(): Promise<boolean> {
  const answered = await fetch('/healthz', { cache: 'no-store' }).then(
    () => true,
    () => false,
  );
  noteContact(answered);
  return answered;
}

window.addEventListener('offline', () => noteContact(false));
window.addEventListener('online', () => void probe());

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useReachable = (): boolean => useSyncExternalStore(subscribe, () => connection.reachable);
export const lastContactAt = (): number => connection.at;

/** Called each time the server is there again. */
export const onReturn = (listener: () => void): (() => void) =>
  subscribe(() => {
    if (connection.reachable) listener();
  });

export const untilReachable = (): Promise<void> =>
  new Promise((resolve) => {
    if (connection.reachable) return resolve();
    const stop = onReturn(() => {
      stop();
      resolve();
    });
  });
