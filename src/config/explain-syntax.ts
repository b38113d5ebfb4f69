/** Errors of YAML in words for whoever wrote the file. The library's own words quote the text, passwords included. */
import type { YAMLError } from 'yaml';

const WORDS: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'an alias (*name) is not written right; a text that begins with * must stand in quotes',
  BAD_COLLECTION_TYPE: 'a tag does not fit what it stands before',
  BAD_DIRECTIVE: 'a line that begins with % is a directive, and this one is not known',
  BAD_DQ_ESCAPE:
    'a backslash in double quotes begins an escape, and this one is not known; write \\\\ or use single quotes',
  BAD_INDENT: 'the line is not indented as what it belongs to',
  BAD_PROP_ORDER: 'an anchor or tag stands in the wrong place',
  BAD_SCALAR_START: 'a text cannot begin with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a name and value cannot begin here; put a text with a colon in quotes',
  BLOCK_IN_FLOW: 'a list or map in braces or brackets must be written in braces or brackets all through',
  KEY_OVER_1024_CHARS: 'a name is too long',
  MISSING_CHAR: 'a quote, brace, bracket, colon or comma is missing',
  MULTILINE_IMPLICIT_KEY: 'a name cannot go over several lines; is a colon missing?',
  MULTIPLE_ANCHORS: 'two anchors (&name) stand before one value',
  MULTIPLE_DOCS: 'the file holds several documents (---); a configuration is one',
  MULTIPLE_TAGS: 'two tags (!name) stand before one value',
  RESOURCE_EXHAUSTION: 'the file is nested too deeply',
  TAB_AS_INDENT: 'a tab indents the line; YAML takes only blanks',
  UNEXPECTED_TOKEN: 'this does not belong here; look at the indentation, and at quotes and brackets before it',
};

/** Of the library's words only how they begin is read: the rest may quote the text. */
const UNCLOSED: readonly (readonly [RegExp, string])[] = [
  [/^Flow sequence\b/, 'a list that begins with [ before this is not closed: ] is missing'],
  [/^Flow map\b/, 'a group that begins with { before this is not closed: } is missing'],
  [/^Missing closing ["']/, 'a text that begins with a quote before this is not closed'],
];

const unclosed = (error: YAMLError): string | null =>
  UNCLOSED.find(([pattern]) => pattern.test(error.message))?.[1] ?? null;

/** The patterns below take the square of the line's length at worst. */
const LONGEST_LINE_CHARACTERS = 1_000;

export interface SyntaxProblem {
  readonly code: string;
  readonly message: string;
  /** Where the cause stands, which may be before the place that the library stumbled over. */
  readonly offset: number;
}

export function explainSyntax(error: YAMLError, text: string): SyntaxProblem {
  const code = error.code === 'TAB_AS_INDENT' ? 'tab-indent' : 'yaml-syntax';
  const words = unclosed(error) ?? WORDS[error.code] ?? 'this is not YAML';
  const start = text.lastIndexOf('\n', error.pos[0] - 1) + 1;
  const end = text.indexOf('\n', start);
  const line = text.slice(start, Math.min(end < 0 ? text.length : end, start + LONGEST_LINE_CHARACTERS));
  const star = /^[^#"']*:\s+(?=\*)/.exec(line);
  if (star !== null) {
    const message = 'a text that begins with *, such as a cron line, must stand in quotes';
    return { code, message, offset: start + star[0].length };
  }
  const braces = /[{,[].*[\s[]\$\{/.test(line) && error.code !== 'BAD_DQ_ESCAPE';
  return {
    code,
    message: braces ? `${words}; within braces put quotes around "\${NAME}"` : words,
    offset: error.pos[0],
  };
}
