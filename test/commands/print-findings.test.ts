import { expect, it } from 'vitest';
import { type Finding, findingsTable } from '../../src/commands/print-findings.ts';

const LINES: Readonly<Record<string, number>> = { first: 3, second: 8, third: 12 };

it('what keeps Couplet from working stands first, and each kind in the order of the file', () => {
  const finding = (severity: Finding['severity'], place: string): Finding => ({
    ...{ severity, path: [place], code: `${severity}-${place}`, message: 'Something', remedy: 'Do that.' },
    ...{ side: null, channel: null, mapping: null },
  });
  const found = [
    finding('warning', 'third'),
    finding('note', 'first'),
    finding('error', 'third'),
    finding('warning', 'first'),
    finding('error', 'second'),
  ];
  const table = findingsTable(found, ([place]) => ({ line: LINES[String(place)] ?? 1, column: 1 }));
  expect([...table.matchAll(/(?:error|warning|note)-\w+/g)].map(([code]) => code)).toEqual([
    'error-second',
    'error-third',
    'warning-first',
    'warning-third',
    'note-first',
  ]);
  expect(table).toMatch(/2 errors, 2 warnings, 1 note$/);
});
