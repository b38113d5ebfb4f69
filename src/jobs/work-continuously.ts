/**
 * The continuous schedule: one reader per store takes marks in as soon as they are committed, one worker per channel
 * works what is pending. Several processes may do this on one coupling database: cursors move by comparison, lanes are
 * worked under their lock, and whoever comes second finds nothing to do.
 */
import { CouplingDatabaseUnreachable } from '../errors/coupling-database-faults.ts';
import { LineageBroken, StoreBusy, StoreRefused, StoreUnreachable } from '../errors/store-faults.ts';
import type { Params, Side } from '../domain/record.ts';
import type { Rounds } from './rounds.ts';

/** How long a reader sleeps when nothing wakes it; polling is the net below the wake-ups. */
const SLEEP_MS = 1_000;
/** Retries and changes taken in by another process are looked for this often. */
const LOOK_MS = 1_000;
const BACK_OFF_FIRST_MS = 500;
const BACK_OFF_LONGEST_MS = 15_000;

export interface StoreStateReport {
  readonly side: Side;
  readonly channel: string | null;
  readonly state: 'reachable' | 'unreachable' | 'setupProblem' | 'replaced';
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
  const ring = (channel: string | null): void => {
    for (const [name, own] of bells) if (channel === null || channel === name) own.ring();
  };
  const loops = [
    watchStore(options, 'hq', null, ring, end.signal),
    ...options.channels.map((channel) => watchStore(options, 'channel', channel, ring, end.signal)),
    ...options.channels.map((channel) => workChannel(options, channel, bells.get(channel) as Bell, end.signal)),
  ];
  return {
    async stop() {
      end.abort();
      ring(null);
      await Promise.all(loops);
    },
  };
}

/** Takes marks in, for ever; a store that is away is asked again, ever more seldom, and the first failure is reported. */
async function watchStore(
  options: ContinuousOptions,
  side: Side,
  channel: string | null,
  ring: (channel: string | null) => void,
  signal: AbortSignal,
): Promise<void> {
  let backOffMs = 0;
  while (!signal.aborted) {
    try {
      const read = await options.rounds.readMarks(side, channel);
      if (backOffMs > 0) ring(channel);
      backOffMs = 0;
      options.report({ side, channel, state: 'reachable', code: null, params: {}, message: null });
      if (read > 0) ring(channel);
      else await options.rounds.waitForMarks(side, channel, SLEEP_MS, signal);
    } catch (fault) {
      if (signal.aborted) return;
      backOffMs = Math.min(Math.max(BACK_OFF_FIRST_MS, backOffMs * 2), BACK_OFF_LONGEST_MS);
      // The coupling database being away says nothing of the store.
      if (!(fault instanceof CouplingDatabaseUnreachable))
        options.report({ side, channel, state: stateOf(fault), ...wordsOf(fault) });
      await pause(backOffMs, signal);
    }
  }
}

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
    await own.wait(Math.max(LOOK_MS, backOffMs), signal);
    if (signal.aborted) return;
    try {
      const lanes = await options.rounds.lanesWithWork(channel);
      if (lanes.length === 0) continue;
      const unreachable = await options.rounds.runLanes(channel, lanes, signal);
      backOffMs = unreachable ? Math.min(Math.max(BACK_OFF_FIRST_MS, backOffMs * 2), BACK_OFF_LONGEST_MS) : 0;
    } catch (fault) {
      options.rounds.warn(
        `work on channel ${channel} stopped: ${fault instanceof Error ? fault.message : String(fault)}`,
      );
      backOffMs = Math.min(Math.max(BACK_OFF_FIRST_MS, backOffMs * 2), BACK_OFF_LONGEST_MS);
    }
  }
}

// ---------------------------------------------------------------- waiting

interface Bell {
  ring(): void;
  /** Returns at once when it rang since the last wait. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<void>;
}

function bell(): Bell {
  let rang = false;
  let wake: (() => void) | null = null;
  return {
    ring() {
      rang = true;
      wake?.();
    },
    async wait(timeoutMs, signal) {
      if (!rang && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      wake = null;
      rang = false;
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
