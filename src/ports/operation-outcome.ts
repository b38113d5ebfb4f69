/** What becomes of a customer operation, as the recording of its write carries it along. */
import type { Json, Params, RecordKey, Side, Value } from '../domain/record.ts';
import type { ResolutionAction } from '../domain/terms.ts';

/** What operations already applied have left in a field: the leg of the next decision until 1010 has moved the base. */
export interface SeenField {
  readonly hq: Value;
  readonly channel: Value;
  /** The base when it was applied: another one now means that 1010 has distributed since. */
  readonly base: readonly [hq: Value, channel: Value];
  readonly counter: string;
}

/** A record that operations speak of, by its GUID (and part key); kept for good. */
export interface AsyncRecord {
  readonly mapping: string;
  readonly channel: string;
  readonly guid: string;
  /** Empty for the customer. */
  readonly partKey: string;
  readonly couplingId: string;
  readonly hqKey: RecordKey;
  /** The operation that brought the GUID; null when 1010 gave it. */
  readonly createdBy: string | null;
  readonly seen: Readonly<Record<string, SeenField>>;
}

/** Recorded in the transaction that records the write; a conflict may have written the fields that are in none. */
export interface OperationOutcome {
  readonly id: string;
  /** Dismissed: somebody let HQ win in all that it would have changed. */
  readonly status: 'synchronized' | 'failed' | 'conflict' | 'dismissed';
  readonly jobId: string | null;
  readonly code: string | null;
  readonly params: Params;
  readonly couplingId: string | null;
  readonly account: string | null;
  /** By field name, in the channel's form: what the customer held before. */
  readonly found: Readonly<Record<string, Value>> | null;
  readonly record: AsyncRecord | null;
  /** Whether HQ was written, so that 1010 has something to bring. */
  readonly wrote: boolean;
  /** The synchronization error that shows the conflict. */
  readonly errorId: string | null;
  readonly resolution: OperationResolution | null;
  readonly dismissal: { readonly at: string; readonly actor: string | null; readonly reason: string } | null;
}

/** How somebody answered a conflict; in part, while `fields` leaves some of them out. */
export interface OperationResolution {
  readonly at: string;
  readonly action: ResolutionAction;
  readonly winner: Side | null;
  readonly fields: Json;
  readonly actor: string | null;
  readonly reason: string | null;
  readonly jobId: string | null;
}

/** What an outcome has only in rare cases. */
export const PLAIN_OUTCOME = { wrote: false, errorId: null, resolution: null, dismissal: null } as const;
