/** Records of one store as they stand there, coupled or not, with the reason why not. */
import type { PreparedMapping } from '../../domain/prepared-mapping.ts';
import { keyText, type RecordKey, type Side } from '../../domain/record.ts';
import type { Lane, StoredRecord, StoreTable } from '../../ports/store.ts';
import type { UncoupledRecordView } from '../../ports/synchronizer.ts';
import { describeRecord } from '../batch/build-recording.ts';
import type { Viewer } from '../batch/view-pair.ts';
import type { Site } from '../lane/site.ts';
import { findReasons } from './find-reasons.ts';

export interface RecordSearch {
  readonly q: string | null;
  readonly key: RecordKey | null;
  readonly after: RecordKey | null;
  readonly limit: number;
}

export async function listRecords(
  site: Site,
  viewer: Viewer,
  lane: Lane,
  side: Side,
  search: RecordSearch,
): Promise<readonly UncoupledRecordView[]> {
  const { prepared } = viewer;
  const found = await findRecords(viewer.tables[side], prepared, side, search);
  const coupled = await site.database.couplingsByKey(
    lane,
    side,
    found.map((record) => record.key),
  );
  const reasons = await findReasons(site, lane, side, prepared, found, coupled);
  return found.map((record) => {
    const coupling = coupled.get(keyText(record.key));
    const reason = reasons.get(keyText(record.key));
    return {
      key: record.key,
      description: describeRecord(prepared, side, record.values),
      couplingId: coupling?.id ?? null,
      errorId: coupling?.errorId ?? reason?.errorId ?? null,
      reason: coupling ? null : (reason?.reason ?? 'notYet'),
      at: reason?.at ?? null,
      actor: reason?.actor ?? null,
    };
  });
}

async function findRecords(
  table: StoreTable,
  prepared: PreparedMapping,
  side: Side,
  search: RecordSearch,
): Promise<readonly StoredRecord[]> {
  if (search.key) return [...(await table.read([search.key], null)).records.values()];
  if (!search.q) return table.scan(search.after, search.limit);
  return table.search(search.q, searchedColumns(prepared, side), search.limit);
}

/** A customer is known by a name, an e-mail address or a telephone number: whatever is mapped, and what describes it. */
function searchedColumns({ fields, sides }: PreparedMapping, side: Side): readonly string[] {
  const places = new Set([...sides[side].describe, ...fields.flatMap(({ columns }) => columns[side])]);
  return [...places].map((at) => sides[side].columns[at] as string);
}
