/** Parts of the page that are loaded when they are first needed; one that cannot be fetched comes when the server does. */
import { type ComponentType, lazy, type LazyExoticComponent } from 'react';
import { probe, untilReachable } from '../api/connection.ts';

export const lazyPart = <Props>(load: () => Promise<ComponentType<Props>>): LazyExoticComponent<ComponentType<Props>> =>
  lazy(async () => ({ default: await loaded(load) }));

async function loaded<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load();
  } catch (fault) {
    // A server that answers and does not have the file serves a newer page: somebody is told, and reloads.
    if (await probe()) throw fault;
    await untilReachable();
    return load().catch(beginAnew<Part>);
  }
}

/** Browsers remember that a module could not be fetched; the address knows where the page was. */
function beginAnew<Part>(): Promise<Part> {
  window.location.reload();
  return new Promise(() => {});
}
