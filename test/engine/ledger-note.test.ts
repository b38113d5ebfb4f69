import { expect, test } from 'vitest';
import { type LedgerNote, readNote, writeNote } from '../../src/engine/batch/ledger-note.ts';

const BARE: LedgerNote = {
  couplingId: 'c',
  operation: 'insert',
  target: 'channel',
  fields: [
    { name: 'name', from: 'Ida "I" \n' },
    { name: 'credit', from: null },
  ],
  sourceKey: ['1', 'a'],
  sourceValues: ['Ida "I" \n', null],
  sourceDescription: 'Ida',
  parents: [null, 'p'],
  jobId: 'j',
  cause: 'full',
  actor: null,
  changedBy: null,
  reason: null,
  requestId: null,
  errorId: null,
  reverts: null,
  code: null,
};

test('a note comes back as it was written', () => {
  const known = { hq: 'a', channel: null, state: 'known' } as const;
  const notes: LedgerNote[] = [
    BARE,
    { ...BARE, fields: [{ name: 'credit', from: null }] },
    { ...BARE, operation: 'update', sourceValues: null, sourceKey: null, parents: null, sourceDescription: null },
    { ...BARE, operation: 'delete', fields: [], sourceValues: null, endsCoupling: true, actor: 'anna', code: 'policy' },
    { ...BARE, fields: [{ name: 'parent', from: '1', cleared: true }] },
    { ...BARE, operation: 'update', fields: [{ name: 'name', from: 'x', base: known }], reverts: 'l', errorId: 'e' },
    {
      ...BARE,
      operation: 'update',
      fields: [{ name: 'name', from: 'x', baseLater: true }],
      reason: '',
      requestId: 'r',
    },
  ];
  for (const note of notes) {
    expect(readNote(writeNote(note))).toEqual(note);
    // As it was written before values had places.
    expect(readNote(JSON.stringify(note))).toEqual(note);
  }
});
