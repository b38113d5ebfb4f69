/**
 * Customer operations as people work with them: every one that a channel recorded, found by any field of the customer,
 * corrected, synchronized, dismissed. Refusals are `ActionRefused`; what a store says is a fault of the store.
 */
import type { OperationPart } from '../domain/operation-row.ts';
import type { Json, Params, Value } from '../domain/record.ts';
import type { OperationStatus } from '../domain/terms.ts';
import type { CustomerOperation, OperationFilter } from './commerce.ts';
import type { Page, PageRequest } from './queries.ts';
import type { Asker } from './synchronizer.ts';

/** `waiting`: still in the channel; its id leads to the row, and to the operation once that has been received. */
export type ShownOperation = Omit<CustomerOperation, 'status'> & { readonly status: OperationStatus | 'waiting' };

/** `unreachable`: channels that could not be asked, so that what they hold is missing. */
export interface WaitingList extends Page<ShownOperation> {
  readonly unreachable: readonly string[];
}

export interface OperationSummary {
  readonly channels: readonly {
    readonly channel: string;
    /** What the channel still holds; a null count: it cannot be reached. */
    readonly waiting: { readonly count: number | null; readonly oldestAt: string | null };
    readonly statuses: Readonly<Partial<Record<OperationStatus, number>>>;
  }[];
  readonly failures: readonly {
    readonly code: string;
    readonly params: Params | null;
    readonly count: number;
    readonly sampleId: string;
  }[];
}

/** What is saved: values of the channel's form by field, null where the field is to be empty. */
export interface Correction {
  readonly values: Readonly<Record<string, Value>>;
  /** Fields whose correction is taken back. */
  readonly reset: readonly string[];
}

export interface Dismissed {
  /** Dismissed with it, or, in a dry run, that would be. */
  readonly behind: readonly CustomerOperation[];
}

export interface Reopened {
  /** Of a create: what was dismissed along with it, and still is. */
  readonly left: readonly CustomerOperation[];
}

export interface CustomerOperations {
  /** Null: the configuration says nothing of commerce. */
  readonly rules: {
    /** Which mapping carries each part. */
    readonly mappings: Readonly<Partial<Record<OperationPart, string>>>;
    /** Shown in the header, so not among the attributes. */
    readonly guidField: string | null;
  } | null;
  find(filter: OperationFilter, page: PageRequest): Promise<Page<ShownOperation>>;
  /** What the channels have not handed over yet, read from them; throws when none of them can be asked. */
  waiting(filter: OperationFilter, page: PageRequest): Promise<WaitingList>;
  count(filter: OperationFilter): Promise<number>;
  /** One that waits is read from its channel, and throws when that is away. */
  byId(id: string): Promise<ShownOperation | null>;
  failedCount(): Promise<number>;
  summary(): Promise<OperationSummary>;

  /** `revision` null: whatever it is now. Tried in HQ and rolled back before it is kept. */
  save(id: string, revision: number | null, correction: Correction, asker: Asker): Promise<void>;
  edit(id: string, asker: Asker): Promise<void>;
  release(id: string, asker: Asker): Promise<void>;
  synchronize(id: string, asker: Asker): Promise<void>;
  dismiss(id: string, asked: Asker & { readonly dryRun: boolean }): Promise<Dismissed>;
  reopen(id: string, asker: Asker): Promise<Reopened>;
}

/** The body of the job that acts on many. */
export interface OperationBulk {
  readonly of: 'customer-operations';
  readonly action: 'save' | 'synchronize' | 'dismiss' | 'reopen';
  readonly items: readonly { readonly id: string; readonly revision: number | null }[];
  readonly values: Readonly<Record<string, Value>>;
  readonly reset: readonly string[];
  readonly reason: string | null;
}

export const isOperationBulk = (body: Json): boolean =>
  typeof body === 'object' && body !== null && !Array.isArray(body) && body['of'] === 'customer-operations';
