/** Gives findings their place in the file, and shows what stands there without giving secrets away. */
import type { ConfigurationDocument, RawScalar } from './parse-yaml.ts';
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
  const raw = finding.value === undefined ? document.rawAt(finding.path) : textOf(finding.value);
  const shown = raw === null ? null : shownOf(raw.text, finding.path);
  const quoted = raw?.isText === false ? shown : JSON.stringify(shown);
  return {
    ...document.locate(finding.path, finding.at),
    path: pathText(finding.path),
    severity: finding.severity ?? 'error',
    code: finding.code,
    message: redactSecrets(finding.message.replaceAll('{value}', () => (shown === null ? 'this' : (quoted ?? 'this')))),
    value: shown,
    allowed: finding.allowed ?? [],
    suggestion: finding.suggestion ?? null,
  };
}

const textOf = (value: string | null): RawScalar | null => (value === null ? null : { text: value, isText: true });

/** As written: a variable's name, never what it holds. A URL that is not well formed may hide its password anywhere. */
function shownOf(raw: string, path: Path): string {
  const name = path.at(-1);
  const isSecret = name === 'clientSecret' || (name === 'url' && !raw.includes('://'));
  if (isSecret && !/^\$\{\w+\}$/.test(raw)) return '***';
  const text = redactSecrets(raw);
  return text.length > LONGEST_VALUE_CHARACTERS ? `${text.slice(0, LONGEST_VALUE_CHARACTERS)}…` : text;
}
