/** Whether the server answers, as the requests and the event stream find it. */
import { useSyncExternalStore } from 'react';

interface Connection {
  readonly reachable: boolean;
  /** Of the last answer. */
  readonly at: number;
}

let connection: Connection = { reachable: true, at: Date.now() };
const listeners = new Set<() => void>();

export function noteContact(reachable: boolean): void {
  // The time alone is nobody's news: only a change redraws.
  const changed = connection.reachable !== reachable;
  connection = changed || reachable ? { reachable, at: reachable ? Date.now() : connection.at } : connection;
  if (changed) for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useReachable = (): boolean => useSyncExternalStore(subscribe, () => connection.reachable);
export const lastContactAt = (): number => connection.at;
