/**
 * Query parameters. Every list refuses what it does not know, so that a misspelt filter never selects everything. A
 * filter given twice means either; the wrappers turn one value into a list of one.
 */
import { z } from 'zod';
import { SIDES } from '../../domain/record.ts';
import { shortenText } from '../../domain/shorten-text.ts';

export const MOST_ITEMS = 500;
export const DEFAULT_ITEMS = 50;
/** Longer texts are no key, name or id of anything; they would only be carried to the database in vain. */
const LONGEST_TEXT = 2_000;

const toArray = (value: unknown): unknown => (value === undefined || Array.isArray(value) ? value : [value]);
const toNumber = (value: unknown): unknown =>
  typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
const toBoolean = (value: unknown): unknown => {
  if (value === 'true' || value === '') return true;
  return value === 'false' ? false : value;
};
/** A plus sign of an offset arrives as a space where the caller did not encode it. */
const toTime = (value: unknown): unknown =>
  typeof value === 'string' ? value.trim().replace(/^(\d{4}-\d\d-\d\dT[\d:.]+) (\d\d:\d\d)$/, '$1+$2') : value;

export const text = z.string().max(LONGEST_TEXT);
export const texts = (description: string) =>
  z.preprocess(toArray, z.array(text).min(1).max(100)).optional().meta({ description });
export const choices = <const T extends readonly [string, ...string[]]>(values: T, description: string) =>
  z
    .preprocess(toArray, z.array(z.enum(values)).min(1))
    .optional()
    .meta({ description });
export const uuids = (description: string) =>
  z.preprocess(toArray, z.array(z.guid()).min(1).max(100)).optional().meta({ description });
export const flag = (description: string) => z.preprocess(toBoolean, z.boolean()).optional().meta({ description });

const TIME = z.union([z.iso.datetime({ offset: true, local: true }), z.iso.date()], {
  error: 'must be a time in ISO 8601, such as 2026-03-01T00:00:00Z',
});
/** Without an offset a time is in UTC. Years that PostgreSQL does not know are refused here. */
export const time = (description: string) =>
  z
    .preprocess(
      toTime,
      TIME.refine((value) => !value.startsWith('0000'), 'must be a year from 0001 to 9999'),
    )
    .optional()
    .meta({ description: `${description} ISO 8601; UTC unless it has an offset.`, examples: ['2026-03-01T00:00:00Z'] });

export const period = {
  since: time('Only what happened at this time or later.'),
  until: time('Only what happened before this time.'),
};

export const search = text.optional().meta({ description: 'Text that the key or the description contains.' });

export const byRecord = {
  side: z.enum(SIDES).optional().meta({ description: 'The side that `key` is of; without it, either.' }),
  key: z
    .preprocess(toArray, z.array(text).min(1).max(32))
    .optional()
    .meta({ description: 'The key of a record; repeated for a key of several columns, in the order of the mapping.' }),
};

export const page = {
  limit: z
    .preprocess(toNumber, z.int().min(1).max(MOST_ITEMS))
    .optional()
    .meta({ description: `Items on a page, at most ${MOST_ITEMS}; ${DEFAULT_ITEMS} unless asked.` }),
  cursor: z.string().max(4_000).optional().meta({ description: '`nextCursor` of the page before.' }),
  count: flag('Also answer how many there are in all, as `total`.'),
};

export const sortedBy = <const T extends readonly [string, ...string[]]>(names: T) => {
  const values = names.flatMap((name) => [name, `-${name}`]);
  const offered = `it can by ${names.join(', ')}, and by each downwards with a leading minus`;
  return z
    .enum(values as [T[number] | `-${T[number]}`, ...(T[number] | `-${T[number]}`)[]], {
      error: ({ input }) => `This list cannot be sorted by ${shortenText(String(input), 60)}; ${offered}`,
    })
    .optional()
    .meta({ description: 'A leading minus sorts downwards.' });
};

export const dryRun = flag('Answer what would be written, writing nothing.');

/** A page of a list. */
export const listOf = <T extends z.ZodType>(item: T, id: string) =>
  z
    .strictObject({
      items: z.array(item),
      nextCursor: z.string().nullable().meta({ description: 'Null on the last page.' }),
      total: z.int().optional().meta({ description: 'Only with `count=true`.' }),
    })
    .meta({ id });
