/** What the schema refused, in words for whoever wrote the file. */
import type { z } from 'zod';
import { allowedNames } from './json-schema.ts';
import type { TextProblem } from './parse-text.ts';
import type { Plain } from './parse-yaml.ts';
import type { Finding, Path } from './problem.ts';
import { alternatives } from './problem.ts';
import { TRANSFORM_NAMES } from './schema-transform.ts';
import { suggestName } from './suggest.ts';

type Issue = z.core.$ZodIssue;

export function explainIssues(issues: readonly Issue[], plain: Plain): readonly Finding[] {
  const unknown = new Set(issues.filter(({ code }) => code === 'unrecognized_keys').map(({ path }) => path.join('\n')));
  // That an item has not one known name follows from its unknown ones.
  return issues
    .filter((issue) => issue.code !== 'custom' || !unknown.has(issue.path.join('\n')))
    .flatMap((issue) => explainIssue(issue, [], plain));
}

const pathOf = (issue: Issue, base: Path): Path => [...base, ...(issue.path as Path)];

function explainIssue(issue: Issue, base: Path, plain: Plain): readonly Finding[] {
  const path = pathOf(issue, base);
  const value = valueAt(plain, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      if (isTransformItem(path)) return explainTransform(path, value ?? null);
      return issue.keys.map((name) => unknownOption(path, name));
    case 'invalid_key':
      return [nameInvalid(path, 'name')];
    case 'invalid_union':
      return explainUnion(issue, path, plain);
    case 'custom':
      return [fromProblem(path, issue.params as TextProblem | undefined)];
    case 'invalid_type':
      return [value === undefined ? missing(path) : wrongType(path, value, [issue.expected])];
    case 'invalid_value':
      return [value === undefined ? missing(path) : notAllowed(path, value, issue.values.map(String), [])];
    case 'too_small':
    case 'too_big':
      return [outOfRange(path, issue)];
    case 'invalid_format':
      if (issue.format === 'regex') return [nameInvalid(path, 'value')];
      return [{ path, at: 'value', code: 'address-invalid', message: '{value} is not an http or https address' }];
    default:
      return [{ path, at: 'value', code: 'value-not-allowed', message: '{value} is not allowed here' }];
  }
}

/** Undefined: there is nothing at the path. */
export function valueAt(plain: Plain, path: Path): Plain | undefined {
  let current: Plain | undefined = plain;
  for (const part of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = Array.isArray(current) ? current[Number(part)] : Object.hasOwn(current, part) ? current[part] : undefined;
  }
  return current;
}

/** The alternative that was meant: the one whose kind of value this is, and that has the least to say against it. */
function explainUnion(issue: z.core.$ZodIssueInvalidUnion, path: Path, plain: Plain): readonly Finding[] {
  const value = valueAt(plain, path);
  if (value === undefined) return [missing(path)];
  const transform = isTransformItem(path) ? explainTransform(path, value) : [];
  if (transform.length > 0) return transform;
  const atRoot = (inner: Issue): boolean =>
    inner.path.length === 0 && ['invalid_type', 'invalid_value'].includes(inner.code);
  const inside = issue.errors.filter((errors) => !errors.some(atRoot)).toSorted((a, b) => a.length - b.length);
  const [best] = inside;
  if (best !== undefined) return best.flatMap((inner) => explainIssue(inner, path, plain));
  const roots = issue.errors.flat().filter((inner) => inner.path.length === 0);
  const kinds = roots.flatMap((inner) => (inner.code === 'invalid_type' ? [inner.expected] : []));
  const words = roots.flatMap((inner) => (inner.code === 'invalid_value' ? inner.values.map(String) : []));
  return [words.length > 0 ? notAllowed(path, value, words, kinds) : wrongType(path, value, kinds)];
}

const isTransformItem = (path: Path): boolean =>
  path.length === 7 && path[0] === 'mappings' && path[2] === 'fields' && path[4] === 'transform';

/** A word that is none, a word without what it needs, or a map of a word that needs nothing. */
function explainTransform(path: Path, value: Plain): readonly Finding[] {
  if (typeof value === 'string') {
    if (!TRANSFORM_NAMES.includes(value))
      return [unknownName(path, 'value', value, TRANSFORM_NAMES, 'value-not-allowed', 'a transform')];
    return [{ path, at: 'value', code: 'transform-incomplete', message: `{value} needs more: { ${value}: … }` }];
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const offered = allowedNames(path);
  return Object.keys(value)
    .filter((name) => !offered.includes(name))
    .map((name) => {
      const inner = [...path, name];
      if (!TRANSFORM_NAMES.includes(name)) {
        return { ...unknownName(inner, 'name', name, TRANSFORM_NAMES, 'unknown-option', 'a transform'), value: name };
      }
      const message = `{value} takes nothing: write it without braces and colon`;
      return { path: inner, at: 'name', code: 'unknown-option', message, value: name, suggestion: name };
    });
}

export function unknownName(
  path: Path,
  at: 'name' | 'value',
  name: string,
  known: readonly string[],
  code: string,
  what: string,
): Finding {
  const suggestion = suggestName(name, known);
  const offered = known.length === 0 ? '' : `; allowed: ${known.join(', ')}`;
  const meant = suggestion === null ? '' : `; did you mean ${suggestion}?`;
  return { path, at, code, message: `{value} is not ${what}${offered}${meant}`, allowed: known, suggestion };
}

function unknownOption(path: Path, name: string): Finding {
  const merge = name === '<<' ? ' (merging with << is not offered)' : '';
  const finding = unknownName(
    [...path, name],
    'name',
    name,
    allowedNames(path),
    'unknown-option',
    `an option here${merge}`,
  );
  return { ...finding, value: name };
}

export function nameInvalid(path: Path, at: 'name' | 'value'): Finding {
  const message = '{value} cannot be a name: a letter, then at most 62 letters, digits, _ or -';
  return { path, at, code: 'name-invalid', message, ...(at === 'name' && { value: String(path.at(-1)) }) };
}

export function fromProblem(path: Path, problem: TextProblem | undefined): Finding {
  if (problem === undefined)
    return { path, at: 'value', code: 'value-not-allowed', message: '{value} is not allowed here' };
  const { code, message, allowed = [], suggestion = null } = problem;
  const offered = allowed.length === 0 ? '' : `; for example: ${allowed.join(' · ')}`;
  const meant = suggestion === null ? '' : `; did you mean ${suggestion}?`;
  return { path, at: 'value', code, message: message + offered + meant, allowed, suggestion };
}

const missing = (path: Path): Finding => ({
  path,
  at: 'name',
  code: 'option-missing',
  message: `${String(path.at(-1))} is missing`,
  value: null,
});

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list ([a, b])',
  tuple: 'a list ([a, b])',
  object: 'a map (name: value)',
  record: 'a map (name: value)',
  null: 'null',
};

const kindsText = (kinds: readonly string[]): readonly string[] => [
  ...new Set(kinds.map((kind) => KINDS[kind] ?? kind)),
];

function wrongType(path: Path, value: Plain, kinds: readonly string[]): Finding {
  const allowed = kindsText(kinds);
  if (value === null) {
    const message = `nothing stands here; expected is ${alternatives(allowed)}`;
    return { path, at: 'name', code: 'option-empty', message, value: null, allowed };
  }
  const message = `${describe(value)} stands where ${alternatives(allowed)} is expected${quoteHint(value, kinds)}`;
  return { path, at: 'value', code: 'wrong-type', message, allowed, suggestion: null };
}

const describe = (value: Plain): string => {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : '{value}';
};

function quoteHint(value: Plain, kinds: readonly string[]): string {
  if (kinds.includes('string') && (typeof value === 'number' || typeof value === 'boolean'))
    return '; put quotes around it';
  if (kinds.includes('array') && typeof value === 'string') return '; put brackets around it';
  return '';
}

function notAllowed(path: Path, value: Plain, words: readonly string[], kinds: readonly string[]): Finding {
  if (typeof value === 'object') {
    const [kind] = kindsText(kinds);
    const offered = kind === undefined ? alternatives(words) : `${words.join(', ')} or ${kind}`;
    const nothing = value === null;
    const message = `${nothing ? 'nothing' : describe(value)} stands where ${offered} is expected`;
    return {
      path,
      at: nothing ? 'name' : 'value',
      code: nothing ? 'option-empty' : 'wrong-type',
      message,
      allowed: words,
    };
  }
  const name = String(value);
  const suggestion = suggestName(name, words);
  const meant = suggestion === null ? '' : `; did you mean ${suggestion}?`;
  const others = kindsText(kinds).filter((kind) => kind.startsWith('a map'));
  const message = `{value} is not allowed; allowed: ${[...words, ...others].join(', ')}${meant}`;
  return { path, at: 'value', code: 'value-not-allowed', message, allowed: words, suggestion };
}

function outOfRange(path: Path, issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): Finding {
  const least = issue.code === 'too_small';
  const bound = String(least ? issue.minimum : issue.maximum);
  if (issue.origin === 'string')
    return { path, at: 'value', code: 'value-empty', message: 'an empty text stands here' };
  if (issue.origin === 'array') {
    const items = least
      ? `the list needs at least ${bound} item${bound === '1' ? '' : 's'}`
      : `the list may have at most ${bound} items`;
    return { path, at: 'value', code: 'wrong-length', message: items };
  }
  const message = `{value} is out of range: ${least ? 'at least' : 'at most'} ${bound}`;
  return { path, at: 'value', code: 'out-of-range', message, allowed: [`${least ? '>=' : '<='} ${bound}`] };
}
