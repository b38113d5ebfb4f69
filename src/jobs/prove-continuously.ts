/**
 * The proof that both stores agree, kept fresh in the background: range after range, each followed by a rest so long
 * that all of it together takes a fiftieth of the time. A million pairs are proven anew every few minutes, a small
 * mapping every two.
 */

export interface ProofRounds {
  /** Lanes to prove, each by a name of its own. */
  readonly lanes: readonly string[];
  /** The next range of a lane. `done`: the pass is complete, or its last one is fresh enough; `later`: not now. */
  prove(lane: string): Promise<'more' | 'done' | 'later'>;
}

export interface ContinuousProof {
  /** Ends after the range in hand. */
  stop(): Promise<void>;
}

/** First loads and catching up come first. */
const FIRST_AFTER_MS = 15_000;
const PASS_EVERY_MS = 120_000;
const LATER_MS = 30_000;
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
    const [lane, due] = [...dueAt].reduce((first, entry) => (entry[1] < first[1] ? entry : first));
    await rest(due - performance.now(), signal);
    if (signal.aborted) return;
    const startedAt = performance.now();
    const outcome = await prove(lane);
    const tookMs = performance.now() - startedAt;
    const waitMs = { more: 0, done: PASS_EVERY_MS, later: LATER_MS }[outcome];
    dueAt.set(lane, performance.now() + waitMs);
    await rest(Math.max(SHORTEST_REST_MS, tookMs * SHARE_OF_TIME), signal);
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
