/** Recordings to fill a coupling database with; needs nothing of vitest, so other processes may use it too. */
import { v7 as newId } from 'uuid';
import type { Value } from '../../src/domain/record.ts';
import { emptyParts } from '../../src/engine/batch/build-recording.ts';
import { newError } from '../../src/engine/batch/new-error.ts';
import type { CouplingUpdate, LogEntry, NewCoupling, Recording, SyncError } from '../../src/ports/coupling-database.ts';
import type { Fence, Lane } from '../../src/ports/store.ts';

export const LANE: Lane = { mapping: 'customers', channel: 'houston' };
export const FIELDS = [
  { name: 'name', fingerprint: 'text' },
  { name: 'email', fingerprint: 'text' },
];

export const recording = (fence: Fence, parts: Partial<Recording> = {}): Recording => ({
  ...emptyParts(),
  fence,
  jobId: null,
  progress: null,
  ...parts,
});

export const newCoupling = (
  hqKey: string,
  channelKey: string | null,
  parts: Partial<NewCoupling> = {},
): NewCoupling => ({
  id: newId(),
  hqKey: [hqKey],
  channelKey: channelKey === null ? null : [channelKey],
  base: { hq: [`Name ${hqKey}`, null], channel: [`Name ${hqKey}`, null], states: null },
  status: 'synchronized',
  errorId: null,
  parents: [],
  hqDescription: `${hqKey} of HQ`,
  channelDescription: `${hqKey} of the channel`,
  written: { hq: null, channel: null },
  oldRows: null,
  ...parts,
});

export const baseUpdate = (
  id: string,
  values: readonly Value[],
  parts: Partial<CouplingUpdate> = {},
): CouplingUpdate => ({
  id,
  base: { hq: values, channel: values, states: null },
  status: 'synchronized',
  errorId: null,
  synchronized: true,
  ...parts,
});

export const logEntry = (parts: Partial<LogEntry> = {}): LogEntry => ({
  id: newId(),
  jobId: null,
  lane: LANE,
  couplingId: null,
  hqKey: null,
  channelKey: null,
  action: 'modified',
  direction: 'toChannel',
  cause: 'change',
  actor: null,
  changedBy: null,
  reason: null,
  code: null,
  params: {},
  changes: [],
  errorId: null,
  requestId: null,
  reverts: null,
  undo: null,
  ...parts,
});

export const syncError = (parts: Partial<SyncError> = {}): SyncError => ({
  ...newError({
    id: newId(),
    scope: 'record',
    lane: LANE,
    kind: 'failure',
    code: 'value-too-long',
    params: {},
    jobId: null,
  }),
  cause: 'customers value-too-long name',
  ...parts,
});
