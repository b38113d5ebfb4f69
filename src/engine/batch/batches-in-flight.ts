/**
 * Batches of one lane that overlap: while one is being written and recorded, the next is read and decided. One after
 * the other, a batch spends most of its time waiting for answers of three databases.
 *
 * What keeps this as right as one batch after the other: no pair is in two batches at once; whatever a batch before may
 * yet couple (records without a partner, records that are gone) is looked at again when all before are recorded; and a
 * batch takes the changes of the other side of its pairs along, so a page of changes that was read meanwhile may hold
 * some that are worked: those are left out, or a record made again would be found replaced twice.
 */
import { type KeyText, keyText, type Side, SIDES } from '../../domain/record.ts';
import type { PendingChange, PendingState, Share } from '../../ports/coupling-database.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import { letOthersIn, letOthersIntoShare, looksForOthers } from '../lane/let-others-in.ts';
import { type Gathered, gatherPairs, type WorkItem } from './gather-pairs.ts';
import type { Subject } from './subject.ts';
import { type BatchOptions, carryOut, planGathered, type Run } from './work-batch.ts';

/** One for each database that a batch waits for: HQ or the channel, the coupling database, and one to be decided. */
const MOST_IN_FLIGHT = 3;
/** What was worked since nothing was in flight is remembered up to here, some megabytes; then they are waited for. */
const MOST_WORKED = 20_000;

/** Disposing waits for what is under way: whatever goes wrong, the lane is not given away while a batch works on it. */
export interface BatchesInFlight extends AsyncDisposable {
  /**
   * Returns when there is room for the next batch; this one may still be under way. Throws what an earlier one threw.
   * `choose` says which of the subjects are carried out; without it, all.
   */
  work(
    items: readonly WorkItem[],
    options?: BatchOptions,
    choose?: (subjects: readonly Subject[]) => readonly Subject[],
  ): Promise<void>;
  /** Everything is recorded. Throws the first fault of any batch. */
  drain(): Promise<void>;
  /** What is in flight now is recorded, or has failed. */
  landed(): Promise<void>;
  /** What had to be decided again in all batches so far; after `drain`. */
  readonly again: number;
}

/** `states` are those of the pending changes that are worked. */
export function batchesInFlight(
  context: LaneContext,
  run: Run,
  standard: BatchOptions,
  states: readonly PendingState[] = [],
): BatchesInFlight {
  const flights = new Set<Promise<void>>();
  /** Couplings of all batches since nothing was in flight. */
  const worked = new Set<string>();
  /** The pending changes that they took along, by id: the generation that was worked. */
  const taken = new Map<string, number>();
  let fault: { readonly cause: unknown } | null = null;
  let again = 0;
  const isWanted = looksForOthers(context);
  const alone = refersToItself(context);
  const landed = async (): Promise<void> => void (await Promise.all(flights));
  const drain = async (): Promise<void> => {
    while (flights.size > 0) await Promise.all(flights);
    worked.clear();
    taken.clear();
    if (fault) throw fault.cause;
  };
  const launch = (subjects: readonly Subject[], work: Promise<number>): void => {
    for (const { couplingId, pending } of subjects) {
      worked.add(couplingId);
      for (const { id, generation } of pending) taken.set(id, generation);
    }
    const flight: Promise<void> = work
      .then(
        (more) => void (again += more),
        (cause: unknown) => void (fault ??= { cause }),
      )
      .then(() => void flights.delete(flight));
    flights.add(flight);
  };
  return {
    get again() {
      return again;
    },
    drain,
    landed,
    [Symbol.asyncDispose]: landed,
    async work(given, options = standard, choose = (subjects) => subjects) {
      let items = given;
      const wanted = await isWanted();
      if (wanted || worked.size > MOST_WORKED) {
        const mayBeWorked = worked.size > 0;
        await drain();
        if (wanted) await (options.within ? letOthersIntoShare(context) : letOthersIn(context));
        items = mayBeWorked ? await stillPending(context, given, states) : given;
        if (wanted) items = await stillUncoupled(context, items);
      }
      items = withoutTaken(items, taken);
      if (items.length === 0) return;
      const gather = async (some: readonly WorkItem[]) => within(options.within, await gatherPairs(context, some));
      let gathered = await gather(items);
      if (worked.size > 0 && mustWait(gathered, options, worked, alone)) {
        await drain();
        gathered = await gather(await stillPending(context, items, states));
      }
      const { plan, subjects: planned } = await planGathered(context, run.identity, gathered, options);
      const subjects = choose(planned);
      while (flights.size >= MOST_IN_FLIGHT) await Promise.race(flights);
      if (fault) await drain();
      const work = carryOut(context, run, plan, subjects, options);
      launch(
        subjects,
        work.then((result) => result.again + result.parts.pend.length),
      );
    },
  };
}

/** Of a share, the pairs that are nobody else's. The rest stays pending. */
function within(share: Share | undefined, gathered: Gathered): Gathered {
  if (share === undefined) return gathered;
  const [first, last, until] = [BigInt(share.firstId), BigInt(share.lastId), BigInt(share.untilId)];
  const isWithin = ({ id }: PendingChange): boolean => {
    const place = BigInt(id);
    return (place >= first && place <= last) || place > until;
  };
  const pairs = gathered.pairs.filter(({ pending }) => pending.every(isWithin));
  return { ...gathered, pairs, lone: [], void: [], unproven: [] };
}

/** Whether it may meet what the batches before are about to couple, or a pair that they work. */
function mustWait(
  { pairs, lone, void: gone, unproven }: Gathered,
  options: BatchOptions,
  worked: ReadonlySet<string>,
  alone: boolean,
): boolean {
  if (alone || gone.length > 0 || unproven.length > 0 || (lone.length > 0 && !options.expectEmpty)) return true;
  return pairs.some((pair) => worked.has(pair.coupling.id));
}

/** What must be decided again of the others is counted with the batch that took them along, and is due in the next round. */
const withoutTaken = (items: readonly WorkItem[], taken: ReadonlyMap<string, number>): readonly WorkItem[] =>
  taken.size === 0
    ? items
    : items.filter(({ pending }) => pending === null || taken.get(pending.id) !== pending.generation);

/** A record that refers to one of its own mapping may refer to one that is just being coupled. */
export const refersToItself = ({ prepared, lane }: LaneContext): boolean =>
  prepared.references.some((index) => prepared.fields[index]?.field.references?.mapping === lane.mapping);

/** What of the changes is not worked yet, as it is now. Records that a scan has read are not among them. */
async function stillPending(
  context: LaneContext,
  items: readonly WorkItem[],
  states: readonly PendingState[],
): Promise<readonly WorkItem[]> {
  if (items.every((item) => item.pending === null)) return items;
  const pendingOn = (side: Side): Promise<ReadonlyMap<KeyText, PendingChange>> =>
    context.database.pendingOf(
      context.lane,
      side,
      items.flatMap((item) => (item.pending && item.side === side ? [item.key] : [])),
    );
  const [hq, channel] = await Promise.all([pendingOn('hq'), pendingOn('channel')]);
  const now = { hq, channel };
  return items.flatMap((item): WorkItem[] => {
    if (item.pending === null) return [item];
    const pending = now[item.side].get(keyText(item.key));
    return pending && states.includes(pending.state) ? [{ side: item.side, key: item.key, pending }] : [];
  });
}

/**
 * Whoever was let in since may have coupled records that a scan has read and that were without a coupling then; what was
 * known of the others counts no more.
 */
async function stillUncoupled(
  { database, lane }: LaneContext,
  items: readonly WorkItem[],
): Promise<readonly WorkItem[]> {
  let left: readonly WorkItem[] = items.map(({ known: _, ...item }) => item);
  for (const side of SIDES) {
    const keys = items.flatMap((item) => (item.record && item.side === side ? [item.key] : []));
    if (keys.length === 0) continue;
    const coupled = await database.couplingsByKey(lane, side, keys);
    left = left.filter((item) => !item.record || item.side !== side || !coupled.has(keyText(item.key)));
  }
  return left;
}
