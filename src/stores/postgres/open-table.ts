/** A mapped table behind the port: what the catalog says of it is looked up once, its statements are fixed texts. */
import type { RecordShape, StoreTable } from '../../ports/store.ts';
import { bindTable } from './bound-table.ts';
import { prepareCascades } from './cascades.ts';
import type { Connection } from './connection.ts';
import { prepareDigests } from './digest-records.ts';
import type { LaneReaders } from './fence.ts';
import { prepareMatch } from './match-records.ts';
import { prepareRead } from './read-records.ts';
import { prepareCount, prepareScan, prepareSearch } from './scan-records.ts';
import { tellUnreadable } from './unreadable.ts';
import { prepareWrite } from './write-records.ts';

/** Throws `StoreRefused` when the table or a column of the shape is not there. */
export async function openTable(connection: Connection, shape: RecordShape, readers: LaneReaders): Promise<StoreTable> {
  const table = await bindTable(connection, shape);
  const { digest, digestEach } = prepareDigests(table);
  return {
    shape,
    types: table.values.map((column) => column.type),
    read: tellUnreadable(table, prepareRead(table)),
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
