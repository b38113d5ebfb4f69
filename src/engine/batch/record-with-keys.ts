/**
 * A store may give a key to a second record: one that numbers by its highest key, or whose sequence went back with a
 * restore. What Couplet has just made there then has the key of a coupling whose record is gone. That coupling ends, or
 * nothing of the lane could be recorded ever again; somebody is asked about the record on its other side.
 *
 * The record that something was made from may have another partner by now, too: its app gave it the key of a record that
 * was just being made, while the process that made it was killed. Then what was made has no partner, and somebody is asked.
 *
 * Both are looked for only when a recording was refused: the ordinary batch pays nothing.
 */
import { keyText, otherSide, type RecordKey, type Side, SIDES } from '../../domain/record.ts';
import { FenceLost } from '../../errors/store-faults.ts';
import type { Coupling, LogEntry, NewCoupling, Recording, SyncError } from '../../ports/coupling-database.ts';
import type { LaneContext } from '../lane/lane-context.ts';
import { newError, NO_RECORD } from './new-error.ts';

export async function recordWithKeys(context: LaneContext, recording: Recording): Promise<void> {
  try {
    await context.database.record(recording);
  } catch (fault) {
    if (fault instanceof FenceLost) throw fault;
    const former = await formerHolders(context, recording);
    const free = former.length === 0 ? recording : await withoutFormer(context, recording, former);
    const possible = await withoutTaken(context, free);
    if (possible === recording) throw fault;
    await context.database.record(possible);
  }
}

interface FormerHolder {
  readonly coupling: Coupling;
  /** Where its record is gone and its key another's. */
  readonly side: Side;
  readonly by: LogEntry;
}

const MADE: ReadonlySet<string> = new Set(['inserted', 'restored']);

async function formerHolders({ database, lane }: LaneContext, recording: Recording): Promise<readonly FormerHolder[]> {
  const ending = new Set(recording.end.map(({ id }) => id));
  const former: FormerHolder[] = [];
  for (const side of SIDES) {
    const made = new Map<string, { readonly key: RecordKey; readonly by: LogEntry }>();
    for (const by of recording.log) {
      const key = side === 'hq' ? by.hqKey : by.channelKey;
      if (MADE.has(by.action) && by.direction === (side === 'hq' ? 'toHq' : 'toChannel') && key)
        made.set(keyText(key), { key, by });
    }
    if (made.size === 0) continue;
    const keys = [...made.values()].map(({ key }) => key);
    for (const [text, coupling] of await database.couplingsByKey(lane, side, keys)) {
      const by = made.get(text)?.by;
      if (by && coupling.id !== by.couplingId && !ending.has(coupling.id)) former.push({ coupling, side, by });
    }
  }
  return former;
}

async function withoutFormer(
  context: LaneContext,
  recording: Recording,
  former: readonly FormerHolder[],
): Promise<Recording> {
  const log = [...recording.log];
  const resolve = [...recording.resolve];
  const errors = [...recording.errors];
  for (const holder of former) {
    const entry = endedEntry(context, holder);
    log.push(entry);
    const { errorId } = holder.coupling;
    if (errorId !== null) {
      const { actor, jobId } = entry;
      const end = { winner: null, fields: null, actor, reason: null, jobId, logIds: [entry.id] };
      resolve.push({ errorId, resolution: { action: 'automatic', ...end } });
    }
    const error = await errorOfSurvivor(context, holder);
    if (error) errors.push(error);
  }
  const end = [...recording.end, ...former.map(({ coupling }) => ({ id: coupling.id, uncoupled: [] }))];
  return { ...recording, end, log, resolve, errors };
}

const endedEntry = ({ database }: LaneContext, { coupling, side, by }: FormerHolder): LogEntry => ({
  ...by,
  id: database.newId(),
  couplingId: coupling.id,
  hqKey: coupling.hqKey,
  channelKey: coupling.channelKey,
  action: 'uncoupled',
  direction: null,
  code: 'key-given-again',
  params: { side },
  changes: [],
  errorId: null,
  reverts: null,
  undo: null,
});

const errorOfSurvivor = (context: LaneContext, { coupling, side, by }: FormerHolder): Promise<SyncError | null> =>
  errorOfLeft(context, coupling, side, by.jobId);

/** Of the record whose partner on this side is another's. Null: it is not there any more itself. */
async function errorOfLeft(
  { database, lane, tables }: LaneContext,
  coupling: Pick<Coupling, 'hqKey' | 'channelKey' | 'hqDescription' | 'channelDescription'>,
  side: Side,
  jobId: string | null,
): Promise<SyncError | null> {
  const survivor = otherSide(side);
  const key = survivor === 'hq' ? coupling.hqKey : coupling.channelKey;
  if (key === null) return null;
  const { records } = await tables[survivor].read([key], null);
  const record = records.get(keyText(key));
  if (!record) return null;
  const description = survivor === 'hq' ? coupling.hqDescription : coupling.channelDescription;
  const own = { ...NO_RECORD, key, description, exists: true, version: record.version };
  return newError({
    id: database.newId(),
    scope: 'record',
    lane,
    kind: 'failure',
    code: 'partner-missing',
    params: { side },
    parked: true,
    jobId,
    [survivor === 'hq' ? 'hqRecord' : 'channelRecord']: own,
  });
}

/** Without new couplings of records that living couplings have. */
async function withoutTaken(context: LaneContext, recording: Recording): Promise<Recording> {
  const { database, lane } = context;
  const ending = new Set(recording.end.map(({ id }) => id));
  const errors: SyncError[] = [];
  const taken = new Set<string>();
  for (const side of SIDES) {
    const keyOf = (coupling: NewCoupling): RecordKey | null => (side === 'hq' ? coupling.hqKey : coupling.channelKey);
    const keys = recording.couple.map(keyOf).filter((key) => key !== null);
    const living = keys.length === 0 ? new Map<string, Coupling>() : await database.couplingsByKey(lane, side, keys);
    for (const coupling of recording.couple) {
      const key = keyOf(coupling);
      const other = key && living.get(keyText(key));
      if (!other || ending.has(other.id) || taken.has(coupling.id)) continue;
      taken.add(coupling.id);
      const error = await errorOfLeft(context, coupling, side, recording.jobId);
      if (error) errors.push(error);
    }
  }
  if (taken.size === 0) return recording;
  const couple = recording.couple.filter(({ id }) => !taken.has(id));
  return { ...recording, couple, errors: [...recording.errors, ...errors] };
}
