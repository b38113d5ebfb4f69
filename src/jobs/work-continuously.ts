/**
 * The continuous schedule: one reader per store takes marks in as soon as they are committed, one worker per channel
 * works what is pending. Several processes may do this on one coupling database: cursors move by comparison, lanes are
 * worked under their lock, and whoever comes second finds nothing to do.
 */
import { CouplingDatabaseUnreachable } from '../errors/coupling-database-faults.ts';
import { LineageBroken, StoreBusy, StoreRefused, StoreUnreachable } from '../errors/store-faults.ts';
import type { Params, Side } from '../domain/record.ts';
import type { StoreCondition } from '../domain/terms.ts';
import type { Caller, Rounds } from './rounds.ts';

/**
 * How long a reader sleeps when nothing wakes it. While it sleeps it looks for marks itself, which is the net below the
 * wake-ups; after it, the store is read with all its checks, which cost as much as it has tables.
 */
const SLEEP_MS = 5_000;
/** Retries, and changes that another process took in or left behind, are looked for this often: one question for all lanes. */
const LOOK_MS = 1_000;
/**
 * A reader that finds marks again and again as soon as it looks is among busy writers: it lets more of them come together,
 * for a read and the run after it cost the same for one mark and for a hundred, and the writers pay with their processor.
 */
const SOON_MS = 5;
const BUSY_AFTER_READS = 3;
const BUSY_PAUSE_FIRST_MS = 10;
const BUSY_PAUSE_LONGEST_MS = 100;
/**
 * A reader that has called for a run lets it go first, so long at most: telling the store and lying down again would take
 * the same processor from the change that is on its way (some 2 of 12 ms).
 */
const GIVE_WAY_MS = 15;
const BACK_OFF_FIRST_MS = 500;
const BACK_OFF_LONGEST_MS = 15_000;

export interface StoreStateReport {
  readonly side: Side;
  readonly channel: string | null;
  readonly state: StoreCondition;
  /** Of the catalogue, with its parameters; null while all is well. */
  readonly code: string | null;
  readonly params: Params;
  readonly message: string | null;
}

export interface ContinuousOptions {
  readonly rounds: Rounds;
  readonly report: (state: StoreStateReport) => void;
  readonly channels: readonly string[];
}

export interface ContinuousWork {
  /** Ends after the batch in hand. */
  stop(): Promise<void>;
}

export function workContinuously(options: ContinuousOptions): ContinuousWork {
  const end = new AbortController();
  const bells = new Map(options.channels.map((channel) => [channel, bell()]));
  const loops = [
    watchStore(options, 'hq', null, bells, end.signal),
    ...options.channels.map((channel) => watchStore(options, 'channel', channel, bells, end.signal)),
    ...options.channels.map((channel) => workChannel(options, channel, bells.get(channel) as Bell, end.signal)),
    lookForWork(options, bells, end.signal),
  ];
  return {
    async stop() {
      end.abort();
      ringFor(bells.keys(), bells, 'any');
      await Promise.all(loops);
    },
  };
}

/** Takes marks in, for ever; a store that is away is asked again, ever more seldom, and the first failure is reported. */
async function watchStore(
  options: ContinuousOptions,
  side: Side,
  channel: string | null,
  bells: Bells,
  signal: AbortSignal,
): Promise<void> {
  const caller: Caller = {
    taken: (channels) => callAndGiveWay(bells, channels),
    isIdle: (named) => bells.get(named)?.isAwaited() ?? false,
  };
  let backOffMs = 0;
  let inARow = 0;
  while (!signal.aborted) {
    try {
      await options.rounds.readMarks(side, channel, caller);
      // A store that is back may have work waiting that was put off.
      if (backOffMs > 0) ringFor(channel === null ? options.channels : [channel], bells, 'any');
      backOffMs = 0;
      options.report({ side, channel, state: 'reachable', code: null, params: {}, message: null });
      // Whatever was committed meanwhile ends the wait at its first look.
      const asleepAtMs = performance.now();
      await options.rounds.waitForMarks(side, channel, SLEEP_MS, signal);
      inARow = performance.now() - asleepAtMs < SOON_MS ? inARow + 1 : 0;
      if (inARow >= BUSY_AFTER_READS) await pause(busyPauseMs(inARow - BUSY_AFTER_READS), signal);
    } catch (fault) {
      if (signal.aborted) return;
      backOffMs = longer(backOffMs);
      // The coupling database being away says nothing of the store.
      if (!(fault instanceof CouplingDatabaseUnreachable))
        options.report({ side, channel, state: stateOf(fault), ...wordsOf(fault) });
      await pause(backOffMs, signal);
    }
  }
}

const busyPauseMs = (more: number): number => Math.min(BUSY_PAUSE_FIRST_MS * 2 ** more, BUSY_PAUSE_LONGEST_MS);

const wordsOf = (fault: unknown): Pick<StoreStateReport, 'code' | 'params' | 'message'> => {
  const known =
    fault instanceof LineageBroken ||
    fault instanceof StoreUnreachable ||
    fault instanceof StoreBusy ||
    fault instanceof StoreRefused;
  return {
    code: known ? fault.code : 'internal-error',
    params: known ? fault.params : {},
    message: fault instanceof Error ? fault.message : String(fault),
  };
};

const stateOf = (fault: unknown): StoreStateReport['state'] =>
  fault instanceof LineageBroken
    ? 'replaced'
    : fault instanceof StoreUnreachable || fault instanceof StoreBusy
      ? 'unreachable'
      : 'setupProblem';

async function workChannel(options: ContinuousOptions, channel: string, own: Bell, signal: AbortSignal): Promise<void> {
  let backOffMs = 0;
  while (!signal.aborted) {
    const which = await own.rings();
    if (signal.aborted) return;
    try {
      const unreachable = await options.rounds.runChannel(channel, which, signal);
      backOffMs = unreachable ? longer(backOffMs) : 0;
    } catch (fault) {
      options.rounds.warn(
        `work on channel ${channel} stopped: ${fault instanceof Error ? fault.message : String(fault)}`,
      );
      backOffMs = longer(backOffMs);
    }
    own.quietFor(backOffMs);
  }
}

/** What no mark announces: retries whose time has come, runs that a lane owes, the work of a process that is gone. */
async function lookForWork({ rounds }: ContinuousOptions, bells: Bells, signal: AbortSignal): Promise<void> {
  let backOffMs = 0;
  while (!signal.aborted) {
    try {
      for (const channel of await rounds.channelsWithWork()) bells.get(channel)?.nudge();
      backOffMs = 0;
    } catch (fault) {
      rounds.warn(`work was not looked for: ${fault instanceof Error ? fault.message : String(fault)}`);
      backOffMs = longer(backOffMs);
    }
    await pause(Math.max(LOOK_MS, backOffMs), signal);
  }
}

const longer = (backOffMs: number): number => Math.min(Math.max(BACK_OFF_FIRST_MS, backOffMs * 2), BACK_OFF_LONGEST_MS);

// ---------------------------------------------------------------- waiting

/**
 * Which lanes are looked at. Marks wake every worker of a store at once; were each of them after the lane, it would change
 * hands with every commit, its fence be raised and its ledgers searched. So marks are for who worked the lane last, and
 * the look that comes every second, for whatever was left lying, is for anybody.
 */
type Which = 'own' | 'any';

interface Bell {
  /** Somebody has brought work. */
  ring(which: Which): void;
  /** There is work, which may be what could not be done a moment ago: not heard while it is quiet. */
  nudge(): void;
  quietFor(ms: number): void;
  /** Whoever works waits for it. */
  isAwaited(): boolean;
  /** When all that it rang for so far is done. */
  answered(): Promise<void>;
  /** Returns at once when it rang since the last time. */
  rings(): Promise<Which>;
}

type Bells = ReadonlyMap<string, Bell>;

function ringFor(channels: Iterable<string>, bells: Bells, which: Which): void {
  for (const channel of channels) bells.get(channel)?.ring(which);
}

async function callAndGiveWay(bells: Bells, channels: ReadonlySet<string>): Promise<void> {
  ringFor(channels, bells, 'own');
  let timer: NodeJS.Timeout | undefined;
  const time = new Promise((resolve) => (timer = setTimeout(resolve, GIVE_WAY_MS)));
  await Promise.race([time, Promise.all([...channels].map(async (channel) => bells.get(channel)?.answered()))]);
  clearTimeout(timer);
}

function bell(): Bell {
  let rang: Which | null = null;
  const awaiting: (() => void)[] = [];
  let quietUntilMs = 0;
  let wake: (() => void) | null = null;
  const ring = (which: Which): void => {
    rang = rang === 'any' ? rang : which;
    wake?.();
  };
  return {
    ring,
    nudge() {
      if (performance.now() >= quietUntilMs) ring('any');
    },
    quietFor(ms) {
      quietUntilMs = performance.now() + ms;
    },
    isAwaited: () => wake !== null && rang === null,
    answered: () => new Promise((resolve) => awaiting.push(resolve)),
    async rings() {
      if (rang === null) {
        for (const answer of awaiting.splice(0)) answer();
        await new Promise<void>((resolve) => (wake = resolve));
      }
      wake = null;
      const which = rang ?? 'any';
      rang = null;
      return which;
    },
  };
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
