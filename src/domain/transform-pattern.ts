/**
 * Regular expressions that people wrote into the configuration. JavaScript's engine backtracks, and a run must not stand
 * still for one bad pattern: a repetition of nothing but repetitions (`(a+)+`), whose work doubles with every
 * character, is refused when the configuration is read; what is left is at worst polynomial in the usual cases, and a
 * text longer than the limit is a failure of its record.
 */

/** The longest text that a pattern with an open repetition is tried on; others have no limit, as they cannot backtrack far. */
export const PATTERN_LIMIT_CHARACTERS = 50_000;

const FLAGS = 'gu';
const compiled = new WeakMap<object, RegExp>();

/** Compiled once per transform. */
export function patternOf(transform: object, pattern: string): RegExp {
  const known = compiled.get(transform);
  if (known !== undefined) return known;
  const made = new RegExp(pattern, FLAGS);
  compiled.set(transform, made);
  return made;
}

export const patternLimit = (pattern: string): number =>
  /[*+]|\{\d+,\}/.test(pattern) ? PATTERN_LIMIT_CHARACTERS : Number.POSITIVE_INFINITY;

/** Why a pattern cannot be used, in words; null when it can. */
export function patternProblem(pattern: string): string | null {
  try {
    new RegExp(pattern, FLAGS);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return error.message.replace(/^Invalid regular expression: .*: /s, '').toLowerCase();
  }
  return repeatsRepetition(pattern) ? 'a repetition of repetitions takes forever on some texts' : null;
}

interface Group {
  /** Something in the present alternative must be there exactly, so that each round of the group is told apart. */
  anchored: boolean;
  /** Something in the present alternative repeats without end. */
  repeats: boolean;
  /** An alternative so far was nothing but repetitions and options. */
  loose: boolean;
}

const TOKEN =
  /\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|k<[^>]*>|.)|\[(?:\\.|[^\]\\])*\]|\((?:\?(?:[:=!]|<[=!]|<[^>]*>|[a-z-]*:))?|[)|]|[\s\S]/gsuy;
const QUANTIFIER = /(?:[*+?]|\{\d+(?:,\d*)?\})\??/y;

/** Reads the pattern once; a group with an open quantifier whose alternative has nothing fixed in it is the trap. */
function repeatsRepetition(pattern: string): boolean {
  const open: Group[] = [];
  let group: Group = { anchored: false, repeats: false, loose: false };
  let position = 0;
  while (position < pattern.length) {
    TOKEN.lastIndex = position;
    const token = TOKEN.exec(pattern)?.[0] ?? pattern.slice(position, position + 1);
    position += token.length;
    if (token.startsWith('(')) {
      open.push(group);
      group = { anchored: false, repeats: false, loose: false };
      continue;
    }
    if (token === '|') {
      group = { anchored: false, repeats: false, loose: group.loose || isLoose(group) };
      continue;
    }
    QUANTIFIER.lastIndex = position;
    const quantifier = QUANTIFIER.exec(pattern)?.[0] ?? '';
    position += quantifier.length;
    const endless = /^(?:[*+]|\{\d+,\})/.test(quantifier);
    const optional = /^(?:[*?]|\{0)/.test(quantifier);
    const closed = token === ')' ? group : null;
    if (closed !== null) {
      group = open.pop() ?? { anchored: false, repeats: false, loose: false };
      const loose = closed.loose || isLoose(closed);
      if (endless && loose) return true;
      group.repeats ||= loose;
      group.anchored ||= !loose && !optional && !endless;
    }
    group.repeats ||= endless;
    if (closed === null) group.anchored ||= !endless && !optional && !/^(?:\^|\$|\\[bB])$/.test(token);
  }
  return false;
}

const isLoose = ({ anchored, repeats }: Group): boolean => repeats && !anchored;
