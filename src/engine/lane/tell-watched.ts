/**
 * A store tells marks by the names of the configuration once it knows what is watched, and those of other tables to
 * nobody. A process that installed nothing itself (told not to, or because the store was away when it began) would let
 * its reader pass marks that no lane has heard of; so whoever reads says first what is watched.
 */
import type { Store } from '../../ports/store.ts';
import { type Site, watchedTables } from './site.ts';

const told = new WeakMap<Store, Promise<unknown>>();

/** Asks the store once in its life, as a catalog query; a store that did not answer is asked again. */
export async function tellWatched(site: Site, store: Store): Promise<void> {
  const asked = told.get(store) ?? store.isInstalled(watchedTables(site, store.side, store.channel));
  told.set(store, asked);
  try {
    await asked;
  } catch (fault) {
    told.delete(store);
    throw fault;
  }
}
