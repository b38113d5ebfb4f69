/** An error as it opens, before anything is known of it but what it is. */
import { causeOfError } from '../../domain/cause-of-error.ts';
import type { ErrorRecord, SyncError } from '../../ports/coupling-records.ts';

/** The record of a side that has none, or of which nothing is known. */
export const NO_RECORD: ErrorRecord = {
  key: null,
  description: '',
  exists: false,
  modifiedAt: null,
  changedBy: null,
  version: null,
};

type Given = Pick<SyncError, 'id' | 'scope' | 'lane' | 'kind' | 'code' | 'params' | 'jobId'> &
  Partial<Omit<SyncError, 'cause' | 'status'>>;

/** What is not given is empty: no coupling, no records, no fields, tried once, nothing planned. */
export const newError = (given: Given): SyncError => ({
  couplingId: null,
  cause: causeOfError(given.lane.mapping, given.code, given.params),
  status: 'open',
  parked: false,
  attempts: 1,
  retryAt: null,
  hqRecord: NO_RECORD,
  channelRecord: NO_RECORD,
  deletedIn: null,
  survivorChanged: null,
  candidates: [],
  massDeletion: null,
  fields: [],
  waitsFor: null,
  ...given,
});
