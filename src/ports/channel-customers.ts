/**
 * The channel service: what a till or a web shop calls. Values are of the channel's form, by field of their mapping.
 * Terms: *account* is a customer's number or its GUID, whichever the caller has; both hold before and after.
 * Throws `ActionRefused`, `ValuesRefused`, `HqRefused`, and the faults of a store that is away.
 */
import type { OperationPart } from '../domain/operation-row.ts';
import type { Json, Params } from '../domain/record.ts';
import type { RepeatableRequest } from './access.ts';
import { ActionRefused, type Asker } from './synchronizer.ts';

export type PartName = Exclude<OperationPart, 'customers'>;

export interface GivenPart {
  /** Absent: a new one. */
  readonly key?: Json;
  readonly deactivate: boolean;
  readonly values: Readonly<Record<string, Json>>;
}

export interface GivenCustomer {
  readonly values: Readonly<Record<string, Json>>;
  readonly parts: Readonly<Partial<Record<PartName, readonly GivenPart[]>>>;
}

export interface KnownPart {
  readonly key: Json;
  readonly values: Readonly<Record<string, Json>>;
}

export interface ChannelCustomer {
  readonly customerAccount: string | null;
  readonly asyncCustomerAccount: string | null;
  readonly status: 'pending' | 'synchronized' | 'failed' | 'conflict';
  readonly lastKnownError: { readonly code: string; readonly params: Params } | null;
  readonly values: Readonly<Record<string, Json>>;
  /** Null where they were not asked for, as in a search. */
  readonly parts: Readonly<Partial<Record<PartName, readonly KnownPart[]>>> | null;
}

export interface Taken {
  /** Recorded in the channel, on its way to HQ; else HQ has it. */
  readonly way: 'asynchronous' | 'direct';
  readonly customer: ChannelCustomer;
  /** JSON pointers to values of the body that were not taken, since their fields only come from HQ. */
  readonly ignored: readonly string[];
}

export interface ChannelCustomers {
  /** Channels that have the service. */
  readonly channels: readonly string[];
  /** `call`: one that may be sent again, and is the same customer then. */
  create(channel: string, given: GivenCustomer, asker: Asker, call: RepeatableRequest | null): Promise<Taken>;
  edit(channel: string, account: string, given: GivenCustomer, asker: Asker): Promise<Taken>;
  deactivate(channel: string, account: string, asker: Asker): Promise<Taken>;
  find(channel: string, account: string): Promise<ChannelCustomer>;
  /** Each customer once, pending or not. */
  search(
    channel: string,
    text: string,
    page: { readonly from: number; readonly limit: number },
  ): Promise<CustomersFound>;
}

export interface CustomersFound {
  readonly items: readonly ChannelCustomer[];
  /** Where the next page begins; null: there is none. */
  readonly next: number | null;
}

export interface ValuePlace {
  /** Within the body, as a JSON pointer. */
  readonly pointer: string;
  readonly code: string;
  readonly params: Params;
}

/** What was sent is not of the form that the channel's tables hold. Nothing was done. */
export class ValuesRefused extends Error {
  readonly places: readonly ValuePlace[];
  constructor(places: readonly ValuePlace[]) {
    super(`${places.length} values cannot be taken`);
    this.name = 'ValuesRefused';
    this.places = places;
  }
}

/** HQ was asked and does not take it. Nothing was written, nothing is queued. */
export class HqRefused extends ActionRefused {
  /** Of the value, where a field is to blame. */
  readonly pointer: string | null;
  constructor(code: string, params: Params, pointer: string | null) {
    super(code, `HQ refuses: ${code}`, params);
    this.pointer = pointer;
  }
}
