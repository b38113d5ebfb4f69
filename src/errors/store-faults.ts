/**
 * Faults that end a run or a batch, never a record. Classed by who must act: waiting cures `StoreUnreachable` and
 * `StoreBusy`, another worker has taken over at `FenceLost`, a person must speak at `LineageBroken` and `StoreRefused`.
 */
import type { Params } from '../domain/record.ts';

abstract class Fault extends Error {
  abstract readonly code: string;
  readonly params: Params;
  constructor(message: string, params: Params = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.params = params;
  }
}

/** The store did not answer. Whether a write in flight happened, its ledger tells. */
export class StoreUnreachable extends Fault {
  override readonly code = 'store-unreachable';
}

/** Serialization failure, deadlock, lock or statement timeout, 429, 503: the same again soon. */
export class StoreBusy extends Fault {
  override readonly code = 'store-busy';
}

/** The set-up does not allow it: missing rights, a table or column that is not there, a policy that hides rows. */
export class StoreRefused extends Fault {
  override readonly code: string;
  constructor(code: string, message: string, params: Params = {}, options?: ErrorOptions) {
    super(message, params, options);
    this.code = code;
  }
}

/** Somebody else works this lane now; whoever gets this stops without writing. */
export class FenceLost extends Fault {
  override readonly code = 'fence-lost';
}

/** The store, or the coupling database, went back in time, was copied or replaced. */
export class LineageBroken extends Fault {
  override readonly code = 'lineage-broken';
}
