/**
 * Who may write a lane. Taking over raises its number; a writing transaction begins by locking the row that bears its
 * own number for share, so that a batch is either committed, and found, before the number changes, or never written.
 */
import { FenceLost } from '../../../errors/store-faults.ts';
import type { Fence, Lane, LedgerBatch } from '../../../ports/store.ts';
import { valuesLiteral } from '../session/array-literal.ts';
import type { Connection, Session } from '../session/connection.ts';
import { readEntries } from './ledger.ts';

/** Which coupling database works a lane of this store, as told by its last take-over in this process. */
export interface LaneReaders {
  readerOf(lane: Lane): string | null;
  remember(lane: Lane, reader: string): void;
}

export function laneReaders(): LaneReaders {
  const readers = new Map<string, string>();
  const name = ({ mapping, channel }: Lane): string => JSON.stringify([mapping, channel]);
  return {
    readerOf: (lane) => readers.get(name(lane)) ?? null,
    remember: (lane, reader) => void readers.set(name(lane), reader),
  };
}

const RAISE = `
insert into couplet.fence (reader, mapping, channel, number) values ($1, $2, $3, $4::text::bigint)
on conflict (reader, mapping, channel) do update set number = excluded.number where fence.number <= excluded.number
returning number`;

const KNOWN = 'select number from couplet.fence where reader = $1 and mapping = $2 and channel = $3';

const FOUND = `
select batch_id, entries from couplet.batch where reader = $1 and mapping = $2 and channel = $3 order by created_at, batch_id`;

/**
 * Raises the fence, which waits for batches that are being written, and gives the batches that the coupling database
 * may not have. A writer that stands still is ended by the store after five seconds, so this waits a little longer.
 */
export async function takeOver(
  connection: Connection,
  readers: LaneReaders,
  reader: string,
  fence: Fence,
): Promise<readonly LedgerBatch[]> {
  const { lane, number } = fence;
  const place = [reader, lane.mapping, lane.channel];
  const batches = await connection.transaction(
    async (session) => {
      const raised = await session.query(RAISE, [...place, String(number)]);
      if (raised.length === 0) {
        const [known] = await session.query(KNOWN, place);
        throw fenceLost(fence, known?.[0] ?? null);
      }
      return session.query(FOUND, place);
    },
    { begin: `set local lock_timeout = '10s'` },
  );
  readers.remember(lane, reader);
  return batches.map(([batchId, entries]) => ({ batchId: batchId ?? '', lane, entries: readEntries(entries ?? '[]') }));
}

export async function batchesOf(
  connection: Connection,
  reader: string,
  { mapping, channel }: Lane,
): Promise<readonly string[]> {
  const rows = await connection.query(
    'select batch_id from couplet.batch where reader = $1 and mapping = $2 and channel = $3',
    [reader, mapping, channel],
  );
  return rows.map(([batchId]) => batchId ?? '');
}

export async function clearBatches(connection: Connection, batchIds: readonly string[]): Promise<void> {
  if (batchIds.length === 0) return;
  await connection.query('delete from couplet.batch where batch_id = any ($1::uuid[])', [valuesLiteral(batchIds)]);
}

const HELD_OF_LANE = `
select reader from couplet.fence where mapping = $1 and channel = $2 and number = $3::text::bigint`;
/** Without a take-over in this process the reader is not known; then the lane must have one holder of this number. */
const HELD_BY_SOMEBODY = `${HELD_OF_LANE} for share`;
/** By the primary key, whatever the parameters: planned once, in an answer that every write waits for. */
const HELD = `${HELD_OF_LANE} and reader = $4 for share`;

/** Fails with any other fence than the lane's own, and with it the transaction. */
const REQUIRED = `with held as materialized (${HELD}) select 1 / (select count(*) from held)::int`;

/** For a transaction that is sent whole; `reader` is the one of the last take-over. */
export const requireFence = (session: Session, reader: string, { lane, number }: Fence): Promise<unknown> =>
  session.query(REQUIRED, [lane.mapping, lane.channel, String(number), reader]);

/** The reader whose lane this is. Throws `FenceLost` when the lane is not ours. */
export async function holdFence(session: Session, readers: LaneReaders, fence: Fence): Promise<string> {
  const { lane, number } = fence;
  const known = readers.readerOf(lane);
  const args = [lane.mapping, lane.channel, String(number)];
  const rows = await (known === null ? session.query(HELD_BY_SOMEBODY, args) : session.query(HELD, [...args, known]));
  const reader = rows.length === 1 ? rows[0]?.[0] : undefined;
  if (reader === null || reader === undefined) throw fenceLost(fence, null);
  return reader;
}

function fenceLost({ lane, number }: Fence, known: string | null): FenceLost {
  return new FenceLost('Another worker has taken over this lane', {
    mapping: lane.mapping,
    channel: lane.channel,
    number,
    known: known === null ? null : Number(known),
  });
}
