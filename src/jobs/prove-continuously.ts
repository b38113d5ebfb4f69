/**
 * The proof that both stores agree, kept fresh in the background: range after range, each followed by a rest so long
 * that all of it together takes a fiftieth of the time. A million pairs are proven anew in some twenty minutes, a small
 * mapping every two.
 */
import type { Lane } from '../ports/store.ts';

/** `done`: the pass is complete, or the last one is fresh enough; `later`: not now. */
export type ProofOutcome = 'more' | 'done' | 'later';

export interface ProofRounds {
  readonly lanes: readonly Lane[];
  /**
   * The next range of each of these lanes of a channel, in their order, for as long as it may go on. To read what the
   * stores have marked costs more than to prove a small mapping, and is done once for all.
   */
  prove(channel: string, together: readonly Lane[], goOn: () => boolean): Promise<readonly ProofOutcome[]>;
}

export interface ContinuousProof {
  /** Ends after the range in hand. */
  stop(): Promise<void>;
}

/** First loads and catching up come first. */
const FIRST_AFTER_MS = 15_000;
const WAIT_MS: Readonly<Record<ProofOutcome, number>> = { more: 0, done: 120_000, later: 30_000 };
/** Lanes are proven together for this long; measured with 200 mappings of 20 pairs at rest, see bench/README.md. */
const TOGETHER_MS = 200;
const SHARE_OF_TIME = 50;
const SHORTEST_REST_MS = 200;

export function proveContinuously(rounds: ProofRounds): ContinuousProof {
  const end = new AbortController();
  const loop = proveInTurn(rounds, end.signal);
  return {
    async stop() {
      end.abort();
      await loop;
    },
  };
}

async function proveInTurn({ lanes, prove }: ProofRounds, signal: AbortSignal): Promise<void> {
  const dueAt = new Map(lanes.map((lane) => [lane, performance.now() + FIRST_AFTER_MS]));
  while (!signal.aborted && lanes.length > 0) {
    const [{ channel }, due] = [...dueAt].reduce((first, entry) => (entry[1] < first[1] ? entry : first));
    await rest(due - performance.now(), signal);
    if (signal.aborted) return;
    const startedAt = performance.now();
    const together = lanes
      .filter((lane) => lane.channel === channel && (dueAt.get(lane) ?? 0) <= Math.max(startedAt, due))
      .toSorted((a, b) => (dueAt.get(a) ?? 0) - (dueAt.get(b) ?? 0));
    const goOn = (): boolean => !signal.aborted && performance.now() - startedAt < TOGETHER_MS;
    const outcomes = await prove(channel, together, goOn);
    const endedAt = performance.now();
    outcomes.forEach((outcome, at) => dueAt.set(together[at] as Lane, endedAt + WAIT_MS[outcome]));
    await rest(Math.max(SHORTEST_REST_MS, (endedAt - startedAt) * SHARE_OF_TIME), signal);
  }
}

const rest = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted || ms <= 0) return resolve();
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
