/** The coupling database, opened: migrated or refused, its parts put together. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Access } from '../ports/access.ts';
import type { ChannelCustomerIndex } from '../ports/channel-customer-index.ts';
import type { CommerceSessions } from '../ports/commerce-sessions.ts';
import type { CommerceDatabase } from '../ports/commerce.ts';
import type { CouplingDatabase } from '../ports/coupling-database.ts';
import type { EventFeed } from '../ports/event-feed.ts';
import type { Measures } from '../ports/measurements.ts';
import type { Queries, Upkeep } from '../ports/queries.ts';
import { createAccess } from './access.ts';
import { channelCustomersPart } from './commerce/channel-customers.ts';
import { commerceWork } from './commerce/commerce-operations.ts';
import { sessionsPart } from './commerce/commerce-sessions.ts';
import { createEventFeed } from './follow-events.ts';
import {
  changeLaneRow,
  fullRunPart,
  createLaneRegistry,
  insertLanes,
  lookAtLanes,
  raiseLaneFence,
  readLaneStates,
} from './lanes/lane-registry.ts';
import { createLayouts } from './lanes/layouts.ts';
import { createLaneLocks } from './lanes/lock-lane.ts';
import { sharingPart } from './lanes/share-lane.ts';
import { createMeasures } from './measure.ts';
import { createQueries } from './queries/create-queries.ts';
import { operationsPart } from './queries/query-operations.ts';
import { couplingsPart } from './records/couplings.ts';
import { jobsPart } from './records/jobs.ts';
import { mappingErrorsPart } from './records/mapping-errors.ts';
import { cursorPart } from './records/move-cursor.ts';
import { pendingPart } from './records/pending.ts';
import { proofsPart } from './records/proofs.ts';
import { record } from './records/record.ts';
import { resumedPart } from './records/resumed-jobs.ts';
import { errorsPart } from './records/sync-errors.ts';
import { logPart } from './records/sync-log.ts';
import { lockingPart } from './records/take-lane.ts';
import { createUpkeep } from './retire.ts';
import { textArray } from './session/array-literal.ts';
import type { Clients } from './session/connect.ts';
import { connectClients, query } from './session/connect.ts';
import { prepareDatabase } from './session/migrate.ts';

/** With the second in which a look finds what is pending: a lane is taken over well within 15 s, however its worker went. */
const LOCK_IDLE_MS = 10_000;

/** Locks nothing and writes nothing, and fails where nothing may be written; then the session is given up for another. */
const TAKES_WRITES = 'select from couplet.migration where false for update';

export interface OpenOptions {
  readonly url: string;
  /** False: refuse a database that is not of this version, instead of migrating it. */
  readonly migrate?: boolean;
  readonly connections?: number;
  readonly applicationName?: string;
  /** A holder that sends no heartbeat for so long loses its lanes. */
  readonly lockIdleMs?: number;
}

export interface OpenedCouplingDatabase extends CouplingDatabase {
  readonly queries: Queries;
  readonly upkeep: Upkeep;
  readonly access: Access;
  readonly events: EventFeed;
  readonly measures: Measures;
  readonly commerce: CommerceDatabase;
  readonly commerceSessions: CommerceSessions;
  readonly channelCustomers: ChannelCustomerIndex;
  /** Whether the database answers and takes writes: a standby, or one that was made read-only, is of no use. */
  isReady(): Promise<boolean>;
}

export const openCouplingDatabase = async (options: OpenOptions): Promise<OpenedCouplingDatabase> => {
  await prepareDatabase(options.url, options.migrate ?? true);
  const clientOptions = {
    connections: options.connections ?? 8,
    applicationName: options.applicationName ?? 'couplet',
  };
  const clients = connectClients(options.url, clientOptions);
  try {
    return await assemble(clients, options, clientOptions);
  } catch (error) {
    await clients.close();
    throw error;
  }
};

const assemble = async (
  clients: Clients,
  options: OpenOptions,
  clientOptions: { readonly connections: number; readonly applicationName: string },
): Promise<OpenedCouplingDatabase> => {
  const reader = await readerOf(clients);
  const holder = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  const lanes = createLaneRegistry(clients);
  const layouts = createLayouts(clients);
  const locks = createLaneLocks(options.url, clientOptions.applicationName, options.lockIdleMs ?? LOCK_IDLE_MS);
  return {
    reader,
    holder,
    ensureLanes: async (wanted) => {
      await insertLanes(clients, wanted);
      const names = new Set(wanted.map((lane) => JSON.stringify([lane.mapping, lane.channel])));
      const states = await readLaneStates(clients);
      return states.filter(({ lane }) => names.has(JSON.stringify([lane.mapping, lane.channel])));
    },
    laneStates: () => readLaneStates(clients),
    lookAtLanes: (channel) => lookAtLanes(clients.looks, channel),
    ...lockingPart(locks, lanes, layouts),
    raiseFence: async (lane) => raiseLaneFence(clients, await lanes.idOf(lane), holder),
    changeLane: async (lane, change) => changeLaneRow(clients, await lanes.idOf(lane), change),
    ...fullRunPart(clients, lanes),
    ensureLayout: async (lane, fields) => layouts.ensure(await lanes.idOf(lane), fields),
    ...cursorPart(clients, lanes),
    ...pendingPart(clients, lanes),
    ...sharingPart(clients, lanes, holder),
    ...couplingsPart(clients, lanes, layouts),
    ...errorsPart(clients, lanes),
    ...mappingErrorsPart(clients, lanes),
    recordedBatches: async (batchIds) => {
      if (batchIds.length === 0) return new Set<string>();
      const rows = await query<{ batch_id: string }>(
        clients.raw,
        'select batch_id from couplet.recorded_batch where batch_id = any($1::text[])',
        [textArray(batchIds)],
      );
      return new Set(rows.map((row) => row.batch_id));
    },
    record: (recording) => record(clients, lanes, layouts, recording),
    ...logPart(clients, lanes),
    ...jobsPart(clients),
    ...resumedPart(clients),
    proofs: proofsPart(clients, lanes, layouts),
    queries: createQueries(clients, lanes, layouts),
    upkeep: createUpkeep(clients, lanes),
    access: createAccess(clients),
    events: createEventFeed(clients),
    measures: createMeasures(clients),
    commerce: { ...commerceWork(clients, lanes), ...operationsPart(clients) },
    commerceSessions: sessionsPart(clients, lanes),
    channelCustomers: channelCustomersPart(clients, lanes),
    isReady: async () => {
      await query(clients.raw, TAKES_WRITES, []);
      return true;
    },
    close: async () => {
      await Promise.all([locks.close(), clients.close()]);
    },
  };
};

/** Made once, by whoever opens the database first; a copy of the database has the same. */
const readerOf = async (clients: Clients): Promise<string> => {
  await query(clients.raw, 'insert into couplet.identity (reader) values ($1::uuid) on conflict do nothing', [
    randomUUID(),
  ]);
  const [row] = await query<{ reader: string }>(clients.raw, 'select reader::text from couplet.identity', []);
  if (row === undefined) throw new Error('The coupling database has no identity.');
  return row.reader;
};
