/** What ended the run of a lane, as its job and the log of this process tell it. */
import type { Params } from '../domain/record.ts';
import { CouplingDatabaseUnreachable } from '../errors/coupling-database-faults.ts';
import { FenceLost, LineageBroken, StoreBusy, StoreRefused, StoreUnreachable } from '../errors/store-faults.ts';
import type { Lane } from '../ports/store.ts';
import { laneText, type Site } from './site.ts';

const KNOWN = [StoreUnreachable, StoreBusy, StoreRefused, FenceLost, LineageBroken];
type Known = InstanceType<(typeof KNOWN)[number]>;

const isKnown = (fault: unknown): fault is Known => KNOWN.some((kind) => fault instanceof kind);

export function tellFault(
  { surroundings: { log } }: Site,
  lane: Lane,
  fault: unknown,
): { code: string; params: Params } {
  if (isKnown(fault)) {
    log.warn({ lane: laneText(lane), code: fault.code }, fault.message);
    return { code: fault.code, params: fault.params };
  }
  if (fault instanceof CouplingDatabaseUnreachable) {
    log.warn({ lane: laneText(lane), code: fault.code }, `a run ended: ${fault.message} ${fault.remedy}`);
    return { code: fault.code, params: fault.params };
  }
  const text = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
  log.error({ lane: laneText(lane), fault: text }, 'a run failed');
  return { code: 'internal-error', params: {} };
}
