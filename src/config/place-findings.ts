/** Gives findings their place in the file, and shows what stands there without giving secrets away. */
import type { ConfigurationDocument } from './parse-yaml.ts';
import type { Finding, Path, Problem } from './problem.ts';
import { pathText } from './problem.ts';
import { redactSecrets } from './redact.ts';

const LONGEST_VALUE_CHARACTERS = 80;

/**
 * In the order of the file. What the document itself has to say about a place is the cause of what the schema and the
 * rules say about it, so of these only the first is told.
 */
export function placeFindings(findings: readonly Finding[], document: ConfigurationDocument): readonly Problem[] {
  const told = new Set<string>();
  const problems = findings.flatMap((finding): readonly Problem[] => {
    const problem = place(finding, document);
    const key = `${problem.severity} ${problem.path} ${problem.line}`;
    if (told.has(key) && !document.findings.includes(finding)) return [];
    told.add(key);
    return [problem];
  });
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

function place(finding: Finding, document: ConfigurationDocument): Problem {
  const shown = finding.value === undefined ? shownAt(finding.path, document) : shorten(finding.value);
  return {
    ...document.locate(finding.path, finding.at),
    path: pathText(finding.path),
    severity: finding.severity ?? 'error',
    code: finding.code,
    message: redactSecrets(
      finding.message.replaceAll('{value}', () => (shown === null ? 'this' : JSON.stringify(shown))),
    ),
    value: shown,
    allowed: finding.allowed ?? [],
    suggestion: finding.suggestion ?? null,
  };
}

/** As written: a variable's name, never what it holds. */
function shownAt(path: Path, document: ConfigurationDocument): string | null {
  const raw = document.rawAt(path);
  if (raw === null) return null;
  // A URL that is not well formed could hide its password anywhere.
  if (path.at(-1) === 'url' && !/^\$\{\w+\}$/.test(raw)) return /:\/\//.test(raw) ? shorten(redactSecrets(raw)) : '***';
  return shorten(raw);
}

function shorten(value: string | null): string | null {
  if (value === null) return null;
  const text = redactSecrets(value);
  return text.length > LONGEST_VALUE_CHARACTERS ? `${text.slice(0, LONGEST_VALUE_CHARACTERS)}…` : text;
}
