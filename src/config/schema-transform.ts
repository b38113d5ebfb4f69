/** Transforms as they stand in the configuration file: a word, or a map of one word and what it needs. */
import { z } from 'zod';
import { DATE_TOKENS, unknownDateToken } from '../domain/transform-date.ts';
import { patternProblem } from '../domain/transform-pattern.ts';
import type { Transform } from '../domain/transform.ts';
import type { Parsed } from './parse-text.ts';
import { checked, scalar } from './schema-parts.ts';
import { suggestName } from './suggest.ts';

const PLAIN = ['trim', 'upperCase', 'lowerCase', 'titleCase'] as const;

const LONGEST_TEXT_CHARACTERS = 10_000;
const whole = (min: number, max: number) => z.int().min(min).max(max);
const filled = scalar.refine((value) => value !== '', {
  params: { code: 'value-empty', message: 'it must not be empty' },
});

const pattern = checked((text): Parsed<string> => {
  const wrong = patternProblem(text);
  return wrong === null
    ? { value: text }
    : { problem: { code: 'pattern-invalid', message: `{value} cannot be used as a pattern: ${wrong}` } };
});

const dateFormat = checked((text): Parsed<string> => {
  const unknown = unknownDateToken(text);
  if (unknown === null) return { value: text };
  const message = `{value} is not a date format: ${JSON.stringify(unknown)} means nothing (text stands between single quotes)`;
  const suggestion = suggestName(
    unknown,
    DATE_TOKENS.filter((token) => token.length === unknown.length),
  );
  return { problem: { code: 'date-format-invalid', message, allowed: DATE_TOKENS, suggestion } };
});

const OPTIONS = {
  replace: z.tuple([filled, scalar]).meta({ description: 'Every occurrence of a text: [from, to].' }),
  replacePattern: z
    .tuple([pattern, scalar])
    .meta({ description: 'What a regular expression matches: [pattern, to], with $1 for groups.' }),
  removePattern: pattern.meta({ description: 'Removes what a regular expression matches.' }),
  substring: z
    .tuple([whole(0, 1_000_000), whole(0, 1_000_000)])
    .meta({ description: 'A part of the text: [start, length], the first character being 0.' }),
  prefix: scalar.meta({ description: 'Text put before the value.' }),
  suffix: scalar.meta({ description: 'Text put after the value.' }),
  padStart: z
    .tuple([
      whole(0, LONGEST_TEXT_CHARACTERS),
      scalar.refine((value) => [...String(value)].length === 1, {
        params: { code: 'not-one-character', message: '{value} must be one character' },
      }),
    ])
    .meta({ description: 'Fills the text up from the left: [length, character].' }),
  round: whole(-100, 100).meta({
    description: 'Rounds a number to so many digits after the point, half away from zero.',
  }),
  dateFormat: dateFormat.meta({
    description: 'Writes a date or time in this format.',
    examples: ['yyyy-MM-dd', 'dd.MM.yyyy HH:mm'],
  }),
  split: z
    .tuple([filled, whole(0, 10_000)])
    .meta({ description: 'One part of a text: [separator, index], the first being 0; null where there is none.' }),
  default: scalar.meta({ description: 'The value written instead of null.' }),
};

export const TRANSFORM_NAMES: readonly string[] = [...PLAIN, ...Object.keys(OPTIONS)];

const transformSchema = z.union([
  z.enum(PLAIN),
  z
    .strictObject(OPTIONS)
    .partial()
    .refine((options) => Object.keys(options).length === 1, {
      params: { code: 'not-one-transform', message: 'each transform is an item of its own: a dash, then one name' },
    })
    .meta({ minProperties: 1, maxProperties: 1 }),
]);

export const transformListSchema = z.array(transformSchema);

export function resolveTransform(input: z.infer<typeof transformSchema>): Transform {
  if (typeof input === 'string') return { kind: input };
  const {
    replace,
    replacePattern,
    removePattern,
    substring,
    prefix,
    suffix,
    padStart,
    round,
    dateFormat: format,
    split,
  } = input;
  if (replace !== undefined) return { kind: 'replace', from: String(replace[0]), to: String(replace[1]) };
  if (replacePattern !== undefined)
    return { kind: 'replacePattern', pattern: replacePattern[0], to: String(replacePattern[1]) };
  if (removePattern !== undefined) return { kind: 'removePattern', pattern: removePattern };
  if (substring !== undefined) return { kind: 'substring', start: substring[0], length: substring[1] };
  if (prefix !== undefined) return { kind: 'prefix', text: String(prefix) };
  if (suffix !== undefined) return { kind: 'suffix', text: String(suffix) };
  if (padStart !== undefined) return { kind: 'padStart', length: padStart[0], character: String(padStart[1]) };
  if (round !== undefined) return { kind: 'round', digits: round };
  if (format !== undefined) return { kind: 'dateFormat', format };
  if (split !== undefined) return { kind: 'split', separator: String(split[0]), index: split[1] };
  return { kind: 'default', value: String(input.default ?? '') };
}
