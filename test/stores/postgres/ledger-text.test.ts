import { expect, it } from 'vitest';
import type { WriteBatch, WriteOutcome } from '../../../src/ports/store.ts';
import { entryPieces, ledgerStatement, ledgerText, readEntries } from '../../../src/stores/postgres/write/ledger.ts';

const TEXT = 'Łódź 💥 \u001b \u001e "€" \\u001b0141';
const note = JSON.stringify({ from: TEXT });
const outcome: WriteOutcome = {
  status: 'written',
  key: [TEXT],
  version: '7',
  held: [TEXT, null],
  old: ['was', null],
  oldRow: null,
};

it.for(['UTF8', 'LATIN1', 'SQL_ASCII'])(
  'what is written of a batch into a store of %s is read as it was',
  (encoding) => {
    const batch: WriteBatch = {
      batchId: 'b',
      fence: { lane: { mapping: 'm', channel: 'c' }, number: 1 },
      writes: [{ operation: 'update', key: [TEXT], version: '6', set: new Map(), note }],
      expectEmpty: false,
    };
    const text = ledgerStatement('r', batch, [outcome], encoding)?.args[4] ?? '';
    if (encoding !== 'UTF8') expect([...text].every((character) => character < '\u0080')).toBe(true);
    expect(readEntries(text)).toEqual([{ note, outcome }]);

    const pieces = entryPieces([TEXT], ['was', null], [0], note);
    const [before = '', version = '', after = ''] = pieces.texts.map((piece) => ledgerText(piece, encoding));
    const entry = `[${before}"7"${version}${JSON.stringify(TEXT)}${after}]`;
    expect(readEntries(entry + ledgerText(pieces.note, encoding))).toEqual([{ note, outcome }]);
  },
);
