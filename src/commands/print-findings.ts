/** What a check found, as compilers print it, or as a table. */
import type { Path, Position } from '../config/problem.ts';
import { pathText } from '../config/problem.ts';
import { plural, tableOf } from './print-table.ts';

export interface Finding {
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'note';
  readonly side: string | null;
  readonly channel: string | null;
  readonly mapping: string | null;
  readonly path: Path;
  readonly message: string;
  readonly remedy: string;
}

/** Some end with a question: the name that was meant. */
const sentence = (message: string): string => (/[.?!]$/.test(message) ? message : `${message}.`);

type Locate = (path: Path) => Position;

export const formatFindings = (findings: readonly Finding[], file: string, locate: Locate): string =>
  findings
    .map(({ severity, path, message, remedy }) => {
      const { line, column } = locate(path);
      return `${file}:${line}:${column}: ${severity}: ${pathText(path)}: ${sentence(message)} ${remedy}`;
    })
    .join('\n');

const GRAVEST_FIRST = ['error', 'warning', 'note'] as const;

/** What keeps Couplet from working stands first, and each kind in the order of the file. */
export function findingsTable(findings: readonly Finding[], locate: Locate): string {
  const rank = ({ severity }: Finding): number => GRAVEST_FIRST.indexOf(severity);
  const rows = findings
    .map((finding) => ({ ...finding, line: locate(finding.path).line }))
    .toSorted((a, b) => rank(a) - rank(b) || a.line - b.line);
  const table = tableOf(rows, [
    { title: 'Line', of: ({ line }) => line, right: true },
    { title: 'Severity', of: ({ severity }) => severity },
    { title: 'Code', of: ({ code }) => code },
    { title: 'Mapping', of: ({ mapping }) => mapping },
    { title: 'Store', of: ({ side, channel }) => (side === 'hq' ? 'HQ' : channel) },
    { title: 'Problem, and what cures it', of: ({ message, remedy }) => `${sentence(message)} ${remedy}` },
  ]);
  return [...(table === '' ? [] : [table]), sumOf(findings)].join('\n');
}

function sumOf(findings: readonly Finding[]): string {
  const count = (severity: Finding['severity']): number =>
    findings.filter((finding) => finding.severity === severity).length;
  if (findings.length === 0) return 'No problems.';
  return [plural(count('error'), 'error'), plural(count('warning'), 'warning'), plural(count('note'), 'note')].join(
    ', ',
  );
}
