/** Both records of an error or coupling as the stores hold them now, and the tag that says whether they moved since. */
import { createHash } from 'node:crypto';
import { linkOf } from '../domain/mapping.ts';
import { fieldValuesOf } from '../domain/prepare-mapping.ts';
import type { PreparedMapping } from '../domain/prepared-mapping.ts';
import { keyText, type RecordKey, type Side, type Value } from '../domain/record.ts';
import { StoreBusy, StoreUnreachable } from '../errors/store-faults.ts';
import type { Coupling, ErrorField, ErrorRecord, SyncError } from '../ports/coupling-database.ts';
import type { StoredRecord, StoreTable } from '../ports/store.ts';
import type { Dependent, PairView, RecordNow } from '../ports/synchronizer.ts';
import { describeRecord } from './build-recording.ts';
import type { WorkItem } from './gather-pairs.ts';
import type { Site } from './site.ts';
import { lanesOf } from './site.ts';

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

export async function viewError(viewer: Viewer, error: SyncError): Promise<PairView> {
  const facts = [error.id, error.status, error.kind, error.code];
  const conflicts = new Map(error.fields.map((field) => [field.name, field]));
  const now = await view(viewer, facts, { hq: error.hqRecord, channel: error.channelRecord }, (name) =>
    conflicts.get(name),
  );
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

export async function viewCoupling(viewer: Viewer, coupling: Coupling): Promise<PairView> {
  const base = coupling.base;
  const known = new Map<string, ErrorField>();
  for (const field of viewer.prepared.fields) {
    const state = base.states?.[field.index] ?? 'known';
    const values = { hq: base.hq[field.index] ?? null, channel: base.channel[field.index] ?? null };
    known.set(field.name, {
      name: field.name,
      base: state === 'none' ? null : values,
      hq: values.hq,
      channel: values.channel,
      changedIn: [],
      conflicting: false,
    });
  }
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
  return view(viewer, [coupling.id, coupling.status], records, (name) => known.get(name));
}

async function view(
  viewer: Viewer,
  facts: readonly string[],
  records: Readonly<Record<Side, ErrorRecord>>,
  stored: (name: string) => ErrorField | undefined,
): Promise<PairView> {
  const now = { hq: null as StoredRecord | null, channel: null as StoredRecord | null };
  let away = false;
  await Promise.all(
    (['hq', 'channel'] as const).map(async (side) => {
      try {
        now[side] = await readOne(viewer, side, records[side].key);
      } catch (fault) {
        if (!(fault instanceof StoreUnreachable || fault instanceof StoreBusy)) throw fault;
        away = true;
      }
    }),
  );
  const values = { hq: valuesOf(viewer, 'hq', now.hq), channel: valuesOf(viewer, 'channel', now.channel) };
  const fields = viewer.prepared.fields.map((field): ErrorField => {
    const known = stored(field.name);
    return {
      name: field.name,
      base: known?.base ?? null,
      hq: away ? (known?.hq ?? null) : (values.hq?.[field.index] ?? null),
      channel: away ? (known?.channel ?? null) : (values.channel?.[field.index] ?? null),
      changedIn: known?.changedIn ?? [],
      conflicting: known?.conflicting ?? false,
    };
  });
  return {
    hq: recordNow(viewer, 'hq', records.hq, now.hq, away),
    channel: recordNow(viewer, 'channel', records.channel, now.channel, away),
    asOf: away ? (records.hq.modifiedAt ?? new Date(0).toISOString()) : null,
    etag: etag(facts, now.hq, now.channel),
    fields,
  };
}

const valuesOf = (viewer: Viewer, side: Side, record: StoredRecord | null): readonly Value[] | null =>
  record ? fieldValuesOf(viewer.prepared, side, record.values) : null;

function recordNow(
  viewer: Viewer,
  side: Side,
  known: ErrorRecord,
  record: StoredRecord | null,
  away: boolean,
): RecordNow {
  const prepared = viewer.prepared.sides[side];
  const { link } = viewer.prepared.mapping[side];
  const column = (name: string): Value => record?.values[prepared.columns.indexOf(name)] ?? null;
  const at = (position: number | null): Value =>
    record && position !== null ? (record.values[position] ?? null) : null;
  const values = valuesOf(viewer, side, record);
  return {
    key: known.key,
    description: record ? describeRecord(viewer.prepared, side, record.values) : known.description,
    exists: away ? known.exists : record !== null,
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
