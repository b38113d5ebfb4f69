/**
 * The p-job: new rows of the operation tables into the coupling database. Their marks come by the capture's own cursor,
 * so a row that is committed late, below the highest counter seen, arrives like any other, and nothing arrives twice.
 */
import { readOperationRow, type OperationPart } from '../domain/operation-row.ts';
import { keyText, type RecordKey } from '../domain/record.ts';
import { readMarks } from '../engine/run/read-marks.ts';
import type { LaneLock, PendingChange } from '../ports/coupling-database.ts';
import type { StoredRecord } from '../ports/store.ts';
import { type CommerceSite, partsOf, pullLane, tableOf } from './commerce-site.ts';
import { withCustomers } from './customers-as-known.ts';
import type { Moved, Stop } from './job-report.ts';
import { type Opened, openOperationTable, rowOf } from './operation-table.ts';

const BATCH_ROWS = 1_000;

export interface Pulled {
  received: number;
  malformed: number;
  /** Counters that came again with another content. */
  reused: { table: string; counter: string }[];
  complete: boolean;
  readonly moved: Moved;
  readonly jobId: string;
}

export async function pullOperations(
  commerce: CommerceSite,
  channel: string,
  jobId: string,
  stop: Stop,
  moved: Moved,
): Promise<Pulled> {
  const pulled: Pulled = { received: 0, malformed: 0, reused: [], complete: true, moved, jobId };
  await readMarks(commerce.site, 'channel', channel);
  for (const part of partsOf(commerce.rules)) {
    await using lock = await commerce.site.database.lockLane(pullLane(channel, part), 600_000);
    if (!lock) continue;
    const table = await openOperationTable(commerce, channel, part);
    const first = await pullOwed(commerce, channel, part, table, lock, pulled, stop);
    if (!first || !(await pullPending(commerce, channel, part, table, pulled, stop))) {
      pulled.complete = false;
      return pulled;
    }
  }
  return pulled;
}

/** Rows older than the capture, or from a time when it was not as installed: the whole table is read once. */
async function pullOwed(
  commerce: CommerceSite,
  channel: string,
  part: OperationPart,
  opened: Opened,
  lock: LaneLock,
  pulled: Pulled,
  stop: Stop,
): Promise<boolean> {
  const { firstRunDone, fullRunDue } = lock.state;
  if (firstRunDone && fullRunDue === null) return true;
  for (let after: RecordKey | null = null; ; ) {
    if (await stop()) return false;
    const page = await opened.table.scan(after, BATCH_ROWS);
    const last = page.at(-1);
    if (!last) break;
    after = last.key;
    await takeIn(commerce, channel, part, opened, page, [], pulled);
  }
  const { database } = commerce.site;
  await database.changeLane(pullLane(channel, part), { firstRunDone: true });
  if (fullRunDue !== null) await database.endFullRun(pullLane(channel, part), fullRunDue.id);
  return true;
}

async function pullPending(
  commerce: CommerceSite,
  channel: string,
  part: OperationPart,
  opened: Opened,
  pulled: Pulled,
  stop: Stop,
): Promise<boolean> {
  const { database } = commerce.site;
  for (let after: string | null = null; ; ) {
    if (await stop()) return false;
    const changes = await database.takePending(
      pullLane(channel, part),
      ['due', 'waiting', 'deletion'],
      after,
      BATCH_ROWS,
    );
    const last = changes.at(-1);
    if (!last) return true;
    after = last.id;
    const { records } = await opened.table.read(
      changes.map(({ key }) => key),
      null,
    );
    const found = changes.flatMap(({ key }) => records.get(keyText(key)) ?? []);
    await takeIn(commerce, channel, part, opened, found, changes, pulled);
  }
}

async function takeIn(
  commerce: CommerceSite,
  channel: string,
  part: OperationPart,
  opened: Opened,
  records: readonly StoredRecord[],
  changes: readonly PendingChange[],
  pulled: Pulled,
): Promise<void> {
  const found = records.map(({ values }) => rowOf(opened.columns, values));
  const rows = found.map((row) => ({
    ...readOperationRow(opened.reader, row),
    completed: row['onlineoperationcompleted'] === '1',
  }));
  const received = await withCustomers(commerce, channel, part, rows);
  const counts = await commerce.database.takeIn(pullLane(channel, part), part, received, changes, pulled.jobId);
  await commerce.site.surroundings.reach('outcomes-recorded', pullLane(channel, part));
  pulled.received += counts.received;
  pulled.malformed += counts.malformed;
  pulled.moved.rows += counts.received + counts.malformed;
  for (const counter of counts.reused)
    pulled.reused.push({ table: tableOf(commerce.rules, channel, part).name, counter });
}
