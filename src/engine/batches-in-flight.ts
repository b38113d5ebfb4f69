/**
 * Batches of one lane that overlap: while one is being written and recorded, the next is read and decided. One after
 * the other, a batch spends most of its time waiting for answers of three databases.
 *
 * What keeps this as right as one batch after the other: no pair is in two batches at once; and whatever a batch before
 * may yet couple (records without a partner, records that are gone) is looked at again when all before are recorded.
 */
import { FenceLost } from '../errors/store-faults.ts';
import type { LaneLock } from '../ports/coupling-database.ts';
import { type Gathered, gatherPairs, type WorkItem } from './gather-pairs.ts';
import type { LaneContext } from './lane-context.ts';
import { type BatchOptions, carryOut, planGathered, type Run } from './work-batch.ts';

/** One for each database that a batch waits for: HQ or the channel, the coupling database, and one to be decided. */
const MOST_IN_FLIGHT = 3;
/** Waiting actions get in this often: the lane is given away only while nothing is in flight. */
const YIELD_EVERY_MS = 200;

export interface BatchesInFlight {
  /** Returns when there is room for the next batch; this one may still be under way. Throws what an earlier one threw. */
  work(items: readonly WorkItem[], options?: BatchOptions): Promise<void>;
  /** Everything is recorded. Throws the first fault of any batch. */
  drain(): Promise<void>;
  /** What had to be decided again in all batches so far; after `drain`. */
  readonly again: number;
}

interface Flight {
  readonly couplings: ReadonlySet<string>;
  readonly landed: Promise<void>;
}

export function batchesInFlight(context: LaneContext, run: Run, standard: BatchOptions): BatchesInFlight {
  const flights = new Set<Flight>();
  let fault: { readonly cause: unknown } | null = null;
  let again = 0;
  let yieldedAtMs = performance.now();
  // A record that refers to one of its own mapping may refer to one that is just being coupled.
  const alone = context.prepared.references.some(
    (index) => context.prepared.fields[index]?.field.references?.mapping === context.lane.mapping,
  );

  const drain = async (): Promise<void> => {
    while (flights.size > 0) await Promise.all([...flights].map(({ landed }) => landed));
    if (fault) throw fault.cause;
  };
  const launch = (couplings: ReadonlySet<string>, work: Promise<number>): void => {
    const flight: Flight = {
      couplings,
      landed: work.then(
        (more) => {
          again += more;
          flights.delete(flight);
        },
        (cause: unknown) => {
          fault ??= { cause };
          flights.delete(flight);
        },
      ),
    };
    flights.add(flight);
  };
  const mustWait = (gathered: Gathered, options: BatchOptions): boolean => {
    if (flights.size === 0) return false;
    if (alone || gathered.void.length > 0 || gathered.unproven.length > 0) return true;
    if (gathered.lone.length > 0 && !options.expectEmpty) return true;
    return gathered.pairs.some((pair) => [...flights].some(({ couplings }) => couplings.has(pair.coupling.id)));
  };
  return {
    get again() {
      return again;
    },
    drain,
    async work(items, options = standard) {
      if (performance.now() - yieldedAtMs > YIELD_EVERY_MS) {
        await drain();
        await letOthersIn(context.lock, context);
        yieldedAtMs = performance.now();
      }
      let gathered = await gatherPairs(context, items);
      if (mustWait(gathered, options)) {
        await drain();
        gathered = await gatherPairs(context, items);
      }
      const { plan, subjects } = await planGathered(context, run.identity, gathered, options);
      while (flights.size >= MOST_IN_FLIGHT) await Promise.race([...flights].map(({ landed }) => landed));
      if (fault) await drain();
      const couplings = new Set(gathered.pairs.map((pair) => pair.coupling.id));
      launch(
        couplings,
        carryOut(context, run, plan, subjects, options).then((result) => result.again + result.parts.pend.length),
      );
    },
  };
}

/** Whoever came in raised the fence, and this run's next write is refused by the stores. */
async function letOthersIn(lock: LaneLock, { fence, lane }: LaneContext): Promise<void> {
  const state = await lock.yield();
  if (state.fence === fence.number) return;
  throw new FenceLost('somebody else works this lane now', { mapping: lane.mapping, channel: lane.channel });
}
