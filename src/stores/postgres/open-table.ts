/** A mapped table behind the port: what the catalog says of it is looked up once, its statements are fixed texts. */
import type { RecordShape, StoreTable } from '../../ports/store.ts';
import { prepareDigests } from './read/digest-records.ts';
import { prepareMatch } from './read/match-records.ts';
import { prepareMovedTo, prepareRead } from './read/read-records.ts';
import { prepareCount, prepareScan, prepareSearch } from './read/scan-records.ts';
import { tellUnreadable } from './read/unreadable.ts';
import type { Connection } from './session/connection.ts';
import { bindTable } from './table/bound-table.ts';
import { prepareCascades } from './table/cascades.ts';
import type { LaneReaders } from './write/fence.ts';
import { prepareWrite } from './write/write-records.ts';

/** Throws `StoreRefused` when the table or a column of the shape is not there. */
export async function openTable(connection: Connection, shape: RecordShape, readers: LaneReaders): Promise<StoreTable> {
  const table = await bindTable(connection, shape);
  const { digest, digestEach } = prepareDigests(table);
  return {
    shape,
    types: table.values.map((column) => column.type),
    read: tellUnreadable(table, prepareRead(table)),
    movedTo: prepareMovedTo(table),
    scan: tellUnreadable(table, prepareScan(table)),
    count: tellUnreadable(table, prepareCount(table)),
    match: tellUnreadable(table, prepareMatch(table)),
    search: tellUnreadable(table, prepareSearch(table)),
    digest: tellUnreadable(table, digest),
    digestEach: tellUnreadable(table, digestEach),
    write: prepareWrite(table, readers),
    cascades: prepareCascades(table),
  };
}
