/** A coupling database of a test's own, and recordings to fill it with. */
import { v7 as newId } from 'uuid';
import { openCouplingDatabase, type OpenOptions } from '../../src/database/open-coupling-database.ts';
import type { Value } from '../../src/domain/record.ts';
import type {
  CouplingDatabase,
  CouplingUpdate,
  LogEntry,
  NewCoupling,
  Recording,
  SyncError,
} from '../../src/ports/coupling-database.ts';
import type { Fence, Lane } from '../../src/ports/store.ts';
import { createDatabase, ensureTemplate, type TestDatabase } from '../support/database.ts';

export interface TestCouplingDatabase extends AsyncDisposable {
  readonly db: CouplingDatabase;
  readonly url: string;
  readonly sql: TestDatabase['sql'];
}

export const LANE: Lane = { mapping: 'customers', channel: 'houston' };
export const FIELDS = [
  { name: 'name', fingerprint: 'text' },
  { name: 'email', fingerprint: 'text' },
];

export const createCouplingDatabase = async (
  options: Omit<OpenOptions, 'url'> = {},
): Promise<TestCouplingDatabase> => {
  const template = await ensureTemplate('coupling_template', async (url) => {
    await (await openCouplingDatabase({ url })).close();
  });
  const database = await createDatabase({ template });
  const db = await openCouplingDatabase({ url: database.url, connections: 4, ...options });
  return {
    db,
    url: database.url,
    sql: database.sql,
    [Symbol.asyncDispose]: async () => {
      await db.close();
      await database[Symbol.asyncDispose]();
    },
  };
};

/** A lane that is ready to record in. */
export const openTestLane = async (db: CouplingDatabase, lane: Lane = LANE, fields = FIELDS): Promise<Fence> => {
  await db.ensureLanes([lane]);
  await db.ensureLayout(lane, fields);
  return { lane, number: await db.raiseFence(lane) };
};

export const recording = (fence: Fence, parts: Partial<Recording> = {}): Recording => ({
  fence,
  jobId: null,
  batchIds: [],
  couple: [],
  update: [],
  end: [],
  uncoupled: [],
  forgetUncoupled: [],
  waits: [],
  log: [],
  errors: [],
  resolve: [],
  done: [],
  keep: [],
  pend: [],
  results: [],
  progress: null,
  ...parts,
});

export const newCoupling = (hqKey: string, channelKey: string | null, parts: Partial<NewCoupling> = {}): NewCoupling => ({
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

export const baseUpdate = (id: string, values: readonly Value[], parts: Partial<CouplingUpdate> = {}): CouplingUpdate => ({
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

const absent = { key: null, description: '', exists: false, modifiedAt: null, changedBy: null, version: null };

export const syncError = (parts: Partial<SyncError> = {}): SyncError => ({
  id: newId(),
  scope: 'record',
  lane: LANE,
  couplingId: null,
  kind: 'failure',
  code: 'value-too-long',
  params: {},
  cause: 'customers value-too-long name',
  status: 'open',
  parked: false,
  attempts: 1,
  retryAt: null,
  jobId: null,
  hqRecord: absent,
  channelRecord: absent,
  deletedIn: null,
  survivorChanged: null,
  candidates: [],
  massDeletion: null,
  fields: [],
  waitsFor: null,
  ...parts,
});
