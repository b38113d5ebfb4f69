/** How far a list was scrolled and which row was chosen, so that Back leads to the same place. */
import { historyEntry } from '../address/address.ts';

export interface ListPlace {
  readonly scrollTop: number;
  readonly activeId: string | null;
}

const MOST_PLACES = 50;
const places = new Map<string, ListPlace>();

export const placeOf = (): ListPlace | null => places.get(historyEntry()) ?? null;
export const isReturning = (): boolean => places.has(historyEntry());

export function keepPlace(entry: string, place: ListPlace): void {
  places.delete(entry);
  places.set(entry, place);
  const oldest = places.keys().next();
  if (places.size > MOST_PLACES && !oldest.done) places.delete(oldest.value);
}
