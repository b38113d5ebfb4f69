/**
 * What a batch did, written in its own transaction: after a crash the coupling database learns it from here and infers
 * nothing from values that happen to be equal.
 */
import type { Value } from '../../../domain/record.ts';
import type { LedgerEntry, WriteBatch, WriteOutcome } from '../../../ports/store.ts';
import type { ClosingStatement } from '../session/connection.ts';

type Written = LedgerEntry['outcome'];

/**
 * One record, as an array and not as an object: the names of six fields a thousand times would be half of the text,
 * and its size is what the ledger costs. For the same reason `old`, of a record that was there before and after, holds
 * only what differs from `held`: place and value by turns.
 */
type StoredEntry = [
  key: Written['key'],
  version: string,
  held: Written['held'],
  old: Written['old'] | readonly (number | Value)[],
  oldRow: Written['oldRow'],
];

/** The notes follow the entries. JSON writes control characters as escapes, so this is in none of them, nor is anything quoted twice. */
const SEPARATOR = '\u001e';

/** Before four hexadecimal digits: one UTF-16 unit that the encoding of the store may not know. In no JSON either. */
const ESCAPE = '\u001b';

/** What is written of the other store's values has to be written here, whatever this one's encoding. */
export function ledgerText(text: string, encoding: string): string {
  if (encoding === 'UTF8') return text;
  return text.replaceAll(/[\u0080-\uffff]/g, (unit) => ESCAPE + unit.charCodeAt(0).toString(16).padStart(4, '0'));
}

const withoutEscapes = (text: string): string =>
  text.includes(ESCAPE)
    ? text.replaceAll(new RegExp(`${ESCAPE}([0-9a-f]{4})`, 'g'), (_, code: string) =>
        String.fromCharCode(parseInt(code, 16)),
      )
    : text;

const INTO = 'insert into couplet.batch (batch_id, reader, mapping, channel, entries)';
const INSERT = `
${INTO} values ($1::uuid, $2, $3, $4, $5)`;

/** The batch's entry, to be sent before COMMIT; null where nothing was written. */
export function ledgerStatement(
  reader: string,
  batch: WriteBatch,
  outcomes: readonly WriteOutcome[],
  encoding: string,
): ClosingStatement | null {
  const entries: StoredEntry[] = [];
  let notes = '';
  for (let index = 0; index < outcomes.length; index += 1) {
    const outcome = outcomes[index];
    const write = batch.writes[index];
    if (outcome?.status !== 'written' || write === undefined) continue;
    const { key, version, held, old, oldRow } = outcome;
    entries.push([key, version, held, held && old ? differences(held, old) : old, oldRow]);
    notes += SEPARATOR + write.note;
  }
  if (entries.length === 0) return null;
  const { mapping, channel } = batch.fence.lane;
  return {
    text: INSERT,
    args: [batch.batchId, reader, mapping, channel, ledgerText(JSON.stringify(entries) + notes, encoding)],
  };
}

/**
 * Entries of updates as texts to be put together in the statement that writes the rows, for what it writes is known only
 * there: the version and the values that are set are left out, and stand between the pieces in the order of their places.
 */
interface EntryPieces {
  /** Before the version, before each value that is set, and after the last: two more than places. */
  readonly texts: readonly string[];
  readonly note: string;
}

export function entryPieces(
  key: readonly string[],
  old: readonly Value[],
  places: readonly number[],
  note: string,
): EntryPieces {
  const texts = [`[${JSON.stringify(key)},`];
  let text = ',[';
  for (const [at, value] of old.entries()) {
    if (at > 0) text += ',';
    if (places.includes(at)) {
      texts.push(text);
      text = '';
    } else text += JSON.stringify(value);
  }
  const before = places.flatMap((place) => [place, old[place] ?? null]);
  texts.push(`${text}],${JSON.stringify(before)},null]`);
  return { texts, note: SEPARATOR + note };
}

/**
 * A part of a WITH that inserts the batch: one entry for each row of `written`, if there are any. `first` is the first of
 * four parameters: batch, reader, mapping, channel. The rest are SQL expressions of text, of `from`: the row's place, the
 * pieces with the values between them as JSON, the note.
 */
export const ledgerPart = (
  first: number,
  from: string,
  at: string,
  pieces: readonly string[],
  note: string,
): string => `
  ${INTO}
  select $${first}::uuid, $${first + 1}, $${first + 2}, $${first + 3},
    '[' || string_agg(${pieces.join(' || ')}, ',' order by ${at}) || ']' || string_agg(${note}, '' order by ${at})
  from ${from} having count(*) > 0`;

export function readEntries(text: string): readonly LedgerEntry[] {
  const [first = '[]', ...notes] = withoutEscapes(text).split(SEPARATOR);
  const entries = JSON.parse(first) as readonly StoredEntry[];
  return entries.map(([key, version, held, stored, oldRow], index) => {
    const old = held && stored ? withDifferences(held, stored) : (stored as Written['old']);
    return { note: notes[index] ?? '', outcome: { status: 'written', key, version, held, old, oldRow } };
  });
}

function differences(held: readonly Value[], old: readonly Value[]): (number | Value)[] {
  const found: (number | Value)[] = [];
  for (let at = 0; at < held.length; at += 1) {
    const before = old[at] ?? null;
    if (before !== held[at]) found.push(at, before);
  }
  return found;
}

function withDifferences(held: readonly Value[], stored: readonly (number | Value)[]): readonly Value[] {
  const old = [...held];
  for (let place = 0; place < stored.length; place += 2) old[Number(stored[place])] = stored[place + 1] as Value;
  return old;
}
