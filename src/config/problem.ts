/** What is wrong with a configuration, where, and what would be right. */

export type Path = readonly (string | number)[];

export interface Position {
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
}

export interface Problem extends Position {
  /** `mappings.customers.match[0]`; empty for the file as a whole. */
  readonly path: string;
  readonly severity: 'error' | 'warning';
  /** Kebab-case words that stay the same when the wording changes. */
  readonly code: string;
  /** One complete sentence or two, with what is allowed and what was probably meant. */
  readonly message: string;
  /** The offending text as it stands in the file (never what a variable holds, never a password); null when absent. */
  readonly value: string | null;
  readonly allowed: readonly string[];
  readonly suggestion: string | null;
}

/** A problem before it has a place: found by path, placed by the document. */
export interface Finding {
  readonly path: Path;
  /** Whether the name or the value at `path` is at fault. */
  readonly at: 'name' | 'value';
  readonly severity?: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  /** Absent: the text at `path`, where it is one. */
  readonly value?: string | null;
  readonly allowed?: readonly string[];
  readonly suggestion?: string | null;
}

/** Begins a last part of a path that is no name but tells places of one path apart. */
export const PLACE_MARK = '\u0000';

export function pathText(path: Path): string {
  return path
    .filter((part) => typeof part === 'number' || !part.startsWith(PLACE_MARK))
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      const name = /^[\w-]+$/.test(part) ? part : JSON.stringify(part);
      return index === 0 ? name : `.${name}`;
    })
    .join('');
}

/** `a, b or c`. */
export function alternatives(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** One line a problem, as compilers print them, and a sum. */
export function formatProblems(problems: readonly Problem[], fileName: string): string {
  const lines = problems.map(({ line, column, path, severity, message }) => {
    const where = path === '' ? '' : `${path}: `;
    return `${fileName}:${line}:${column}: ${severity}: ${where}${message}`;
  });
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return [...lines, `${plural(errors, 'error')}, ${plural(problems.length - errors, 'warning')}`].join('\n');
}
