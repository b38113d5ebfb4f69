/**
 * What a batch did, written in its own transaction: after a crash the coupling database learns it from here and infers
 * nothing from values that happen to be equal.
 */
import type { LedgerEntry, WriteBatch, WriteOutcome } from '../../ports/store.ts';
import type { Session } from './connection.ts';

type Written = LedgerEntry['outcome'];
/** As an array, because the names of six fields a thousand times would be half of the text. */
type StoredEntry = [string, Written['key'], string, Written['held'], Written['old'], Written['oldRow']];

const INSERT = `
insert into couplet.batch (batch_id, reader, mapping, channel, entries) values ($1::uuid, $2, $3, $4, $5)`;

export async function writeLedger(
  session: Session,
  reader: string,
  batch: WriteBatch,
  outcomes: readonly WriteOutcome[],
): Promise<void> {
  const entries: StoredEntry[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    const note = batch.writes[index]?.note;
    if (outcome.status !== 'written' || note === undefined) continue;
    entries.push([note, outcome.key, outcome.version, outcome.held, outcome.old, outcome.oldRow]);
  }
  if (entries.length === 0) return;
  const { mapping, channel } = batch.fence.lane;
  await session.query(INSERT, [batch.batchId, reader, mapping, channel, JSON.stringify(entries)]);
}

export function readEntries(text: string): readonly LedgerEntry[] {
  const entries = JSON.parse(text) as readonly StoredEntry[];
  return entries.map(([note, key, version, held, old, oldRow]) => ({
    note,
    outcome: { status: 'written', key, version, held, old, oldRow },
  }));
}
