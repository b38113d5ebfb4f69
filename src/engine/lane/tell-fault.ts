/** What ended the run of a lane, as its job and the log of this process tell it. */
import type { Params } from '../../domain/record.ts';
import { CouplingDatabaseUnreachable } from '../../errors/coupling-database-faults.ts';
import { FenceLost, LineageBroken, StoreBusy, StoreRefused, StoreUnreachable } from '../../errors/store-faults.ts';
import type { Lane } from '../../ports/store.ts';
import { laneText, type Site } from './site.ts';

const KNOWN = [StoreUnreachable, StoreBusy, StoreRefused, FenceLost, LineageBroken];
type Known = InstanceType<(typeof KNOWN)[number]>;

const isKnown = (fault: unknown): fault is Known => KNOWN.some((kind) => fault instanceof kind);

export function tellFault(site: Site, lane: Lane, fault: unknown): { code: string; params: Params } {
  const { log } = site.surroundings;
  const warn = (code: string, text: string): void => {
    if (isNews(site, `${laneText(lane)} ${code} ${text}`)) log.warn({ lane: laneText(lane), code }, text);
  };
  if (isKnown(fault)) {
    warn(fault.code, fault.message);
    return { code: fault.code, params: fault.params };
  }
  if (fault instanceof CouplingDatabaseUnreachable) {
    warn(fault.code, `a run ended: ${fault.message} ${fault.remedy}`);
    return { code: fault.code, params: fault.params };
  }
  const text = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
  log.error({ lane: laneText(lane), fault: text }, 'a run failed');
  return { code: 'internal-error', params: {} };
}

const AGAIN_MS = 600_000;
const told = new WeakMap<Site, Map<string, number>>();

/** While one store is stopped or away, each mark of the other begins a run that fails alike, some 30 in a second. */
function isNews(site: Site, text: string): boolean {
  const known = told.get(site) ?? new Map<string, number>();
  told.set(site, known);
  const now = performance.now();
  for (const [other, atMs] of known) if (now - atMs >= AGAIN_MS) known.delete(other);
  if (known.has(text)) return false;
  known.set(text, now);
  return true;
}
