/** Both records of an error or coupling as the stores hold them now, and the tag that says whether they moved since. */
import { createHash } from 'node:crypto';
import { changedSides } from '../../domain/changed-sides.ts';
import { linkOf } from '../../domain/mapping.ts';
import { fieldValuesOf } from '../../domain/prepare-mapping.ts';
import type { PreparedMapping } from '../../domain/prepared-mapping.ts';
import { keyText, type RecordKey, type Side, type Value } from '../../domain/record.ts';
import { StoreBusy, StoreUnreachable } from '../../errors/store-faults.ts';
import type { ErrorField, ErrorRecord, SyncError } from '../../ports/coupling-database.ts';
import type { CouplingView } from '../../ports/queries.ts';
import type { StoredRecord, StoreTable } from '../../ports/store.ts';
import type { Dependent, PairView, RecordNow, SeenError } from '../../ports/synchronizer.ts';
import type { Site } from '../lane/site.ts';
import { lanesOf } from '../lane/site.ts';
import { describeRecord } from './build-recording.ts';
import type { WorkItem } from './gather-pairs.ts';

export interface Viewer {
  readonly prepared: PreparedMapping;
  readonly tables: Readonly<Record<Side, StoreTable>>;
}

/** The change that leads a batch to the pair, or to the lone record, of an error. */
export function errorItem(error: SyncError): WorkItem {
  if (error.hqRecord.key && (error.couplingId !== null || error.hqRecord.exists))
    return { side: 'hq', key: error.hqRecord.key, pending: null };
  return { side: 'channel', key: error.channelRecord.key ?? error.hqRecord.key ?? [], pending: null };
}

async function readOne(viewer: Viewer, side: Side, key: RecordKey | null): Promise<StoredRecord | null> {
  if (!key) return null;
  return (await viewer.tables[side].read([key], null)).records.get(keyText(key)) ?? null;
}

/** The state of the error and of both records as one opaque text. */
export async function etagOf(viewer: Viewer, error: SyncError): Promise<string> {
  const [hq, channel] = await Promise.all([
    readOne(viewer, 'hq', error.hqRecord.key),
    readOne(viewer, 'channel', error.channelRecord.key),
  ]);
  return etagOfRecords(error, hq, channel);
}

export const etagOfRecords = (error: SyncError, hq: StoredRecord | null, channel: StoredRecord | null): string =>
  etag([error.id, error.status, error.kind, error.code], hq, channel);

function etag(facts: readonly string[], hq: StoredRecord | null, channel: StoredRecord | null): string {
  const state = JSON.stringify([
    facts,
    hq?.version ?? null,
    hq?.values ?? null,
    channel?.version ?? null,
    channel?.values ?? null,
  ]);
  return `"${createHash('sha256').update(state).digest('base64url').slice(0, 27)}"`;
}

/** A viewer is null while a store is away and nobody has prepared the mapping: then what is stored is all there is. */
export async function viewError(viewer: Viewer | null, error: SeenError): Promise<PairView> {
  const facts = [error.id, error.status, error.kind, error.code];
  const records = { hq: error.hqRecord, channel: error.channelRecord };
  // What was to be decided stays what it was once it is decided; and what an operation carries, the record does not show.
  const isMoving = error.status === 'open' && !error.operationId;
  const now = await view(viewer, { facts, records, fields: error.fields, isMoving, seenAt: error.lastSeenAt });
  return error.operationId ? asOperation(now, error) : now;
}

/** Of an operation in conflict, the channel's version is the operation's. */
const asOperation = (now: PairView, error: SyncError): PairView => ({
  ...now,
  channel: { ...now.channel, ...error.channelRecord },
  fields: now.fields.map((field) => ({
    ...field,
    channel: error.fields.find(({ name }) => name === field.name)?.channel ?? null,
  })),
});

export async function viewCoupling(viewer: Viewer | null, coupling: CouplingView): Promise<PairView> {
  const { base } = coupling;
  const fields = coupling.fieldNames.map((name, at): ErrorField => {
    const values = { hq: base.hq[at] ?? null, channel: base.channel[at] ?? null };
    const known = (base.states?.[at] ?? 'known') !== 'none';
    return { name, base: known ? values : null, ...values, changedIn: [], conflicting: false };
  });
  const record = (key: RecordKey | null, description: string): ErrorRecord => ({
    key,
    description,
    exists: true,
    modifiedAt: null,
    changedBy: null,
    version: null,
  });
  const records = {
    hq: record(coupling.hqKey, coupling.hqDescription),
    channel: record(coupling.channelKey, coupling.channelDescription),
  };
  const seenAt = coupling.lastSynchronizedAt ?? coupling.createdAt;
  return view(viewer, { facts: [coupling.id, coupling.status], records, fields, isMoving: true, seenAt });
}

/** What Couplet knew of the pair when it saw it last. */
interface Stored {
  readonly facts: readonly string[];
  readonly records: Readonly<Record<Side, ErrorRecord>>;
  readonly fields: readonly ErrorField[];
  /** Whether it is told again where a field has changed. */
  readonly isMoving: boolean;
  readonly seenAt: string;
}

async function view(viewer: Viewer | null, stored: Stored): Promise<PairView> {
  const now = viewer && (await readBoth(viewer, stored.records));
  if (!viewer || !now) return lastKnown(stored);
  const known = new Map(stored.fields.map((field) => [field.name, field]));
  const values = { hq: valuesOf(viewer, 'hq', now.hq), channel: valuesOf(viewer, 'channel', now.channel) };
  const fields = viewer.prepared.fields.map((field): ErrorField => {
    const { base = null, changedIn = [], conflicting = false } = known.get(field.name) ?? {};
    const [hq, channel] = [values.hq?.[field.index], values.channel?.[field.index]];
    const changed = conflicting || !stored.isMoving ? changedIn : changedSides(field, base, { hq, channel });
    return { name: field.name, base, hq: hq ?? null, channel: channel ?? null, changedIn: changed, conflicting };
  });
  return {
    hq: recordNow(viewer, 'hq', stored.records.hq, now.hq),
    channel: recordNow(viewer, 'channel', stored.records.channel, now.channel),
    asOf: null,
    etag: etag(stored.facts, now.hq, now.channel),
    fields,
  };
}

/** Null: a store is away. One side as it is now beside the other as it was would be a pair that never was. */
async function readBoth(viewer: Viewer, records: Stored['records']): Promise<Record<Side, StoredRecord | null> | null> {
  try {
    const [hq, channel] = await Promise.all([
      readOne(viewer, 'hq', records.hq.key),
      readOne(viewer, 'channel', records.channel.key),
    ]);
    return { hq, channel };
  } catch (fault) {
    if (!isAway(fault)) throw fault;
    return null;
  }
}

export const isAway = (fault: unknown): boolean => fault instanceof StoreUnreachable || fault instanceof StoreBusy;

const lastKnown = ({ facts, records, fields, seenAt }: Stored): PairView => ({
  hq: { ...records.hq, link: null, values: null },
  channel: { ...records.channel, link: null, values: null },
  asOf: seenAt,
  etag: etag(facts, null, null),
  fields,
});

const valuesOf = (viewer: Viewer, side: Side, record: StoredRecord | null): readonly Value[] | null =>
  record ? fieldValuesOf(viewer.prepared, side, record.values) : null;

function recordNow(viewer: Viewer, side: Side, known: ErrorRecord, record: StoredRecord | null): RecordNow {
  const prepared = viewer.prepared.sides[side];
  const { link } = viewer.prepared.mapping[side];
  const column = (name: string): Value => record?.values[prepared.columns.indexOf(name)] ?? null;
  const at = (position: number | null): Value =>
    record && position !== null ? (record.values[position] ?? null) : null;
  const values = valuesOf(viewer, side, record);
  return {
    key: known.key,
    description: record ? describeRecord(viewer.prepared, side, record.values) : known.description,
    exists: record !== null,
    modifiedAt: record ? at(prepared.modifiedAt) : known.modifiedAt,
    changedBy: record ? at(prepared.modifiedBy) : known.changedBy,
    link: record && link ? linkOf(link, column) : null,
    values: values
      ? Object.fromEntries(viewer.prepared.fields.map((field) => [field.name, values[field.index] ?? null]))
      : null,
    version: record?.version ?? known.version,
  };
}

/** Couplings that refer to the pair: what a restore brings back into reach, or a delete leaves without a parent. */
export async function findDependents(
  site: Site,
  viewer: Viewer & { readonly lane: SyncError['lane'] },
  error: Pick<SyncError, 'couplingId'>,
): Promise<Dependent[]> {
  if (error.couplingId === null) return [];
  const children = site.mappings.filter((mapping) =>
    mapping.fields.some((field) => field.references?.mapping === viewer.lane.mapping),
  );
  if (children.length === 0) return [];
  const lanes = lanesOf(site, viewer.lane.channel).filter((lane) =>
    children.some((child) => child.name === lane.mapping),
  );
  const couplings = await site.database.couplingsOfParent(error.couplingId, lanes, 100);
  return couplings.map((coupling) => ({
    mapping: coupling.lane.mapping,
    couplingId: coupling.id,
    description: coupling.hqDescription || coupling.channelDescription,
    errorId: coupling.errorId,
  }));
}
