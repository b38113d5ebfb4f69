/** Who has which GUID, and who has not been distributed yet. */
import type { KeyText, RecordKey } from '../domain/record.ts';
import type { Lane } from './store.ts';

export interface GuidOfRecord {
  readonly guid: string;
  /** Empty for the customer. */
  readonly partKey: string;
  readonly couplingId: string;
}

export interface ChannelCustomerIndex {
  /** Customers that HQ has and the channel has not, of whom some value contains the text; newest first. */
  undistributed(lane: Lane, text: string, limit: number): Promise<readonly GuidOfRecord[]>;
  /** Of these couplings, those whose record an operation took away in HQ, where it has not come back since. */
  takenAway(couplingIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Customers, or all parts, of these GUIDs. */
  ofGuids(lane: Lane, guids: readonly string[]): Promise<readonly GuidOfRecord[]>;
  /** The first GUID of each. */
  ofCouplings(lane: Lane, couplingIds: readonly string[]): Promise<readonly GuidOfRecord[]>;
  /** Of these records of HQ, those that an operation deleted there, whichever channel it came from. */
  endedByOperation(mapping: string, hqKeys: readonly RecordKey[]): Promise<ReadonlySet<KeyText>>;
  /** Records of HQ that an operation deleted, about which somebody is asked in this lane all the same; at most so many. */
  endedAndAsked(lane: Lane, limit: number): Promise<readonly RecordKey[]>;
  /** The GUID of the customer who got this number through an operation of the channel. */
  accountOf(channel: string, account: string): Promise<string | null>;
}
