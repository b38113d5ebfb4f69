/** Schemas that several parts of the configuration use. */
import { z } from 'zod';
import type { Parsed } from './parse-text.ts';
import { parseSchedule, parseTableName } from './parse-text.ts';

/** A text that a small language of its own must accept; its problem travels in `params`. */
export const checked = (parse: (text: string) => Parsed<unknown>) =>
  z.string().superRefine((text, context) => {
    const parsed = parse(text);
    if ('problem' in parsed)
      context.addIssue({ code: 'custom', message: parsed.problem.message, params: parsed.problem });
  });

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;
export const nameSchema = z.string().regex(NAME);
export const isName = (text: string): boolean => NAME.test(text);
/**
 * A name with something under it. That it is one is looked at apart (`checkNames`): a key that the schema refuses would
 * keep what stands under it from being looked at. Editors are told the pattern all the same.
 */
export const keySchema = z.string().meta({ pattern: NAME.source });

export const column = z.string().min(1);
export const columns = z.array(column).min(1);

export const tableSchema = checked(parseTableName);
export const scheduleSchema = checked(parseSchedule).meta({
  examples: ['continuous', 'manual', 'every 30s', '0 3 * * *'],
});

/** A value as a store holds it, written as text; numbers keep their digits (the reader hands them over as text). */
export const scalar = z.union([z.string(), z.number(), z.boolean()]);

export const option = <const T extends readonly [string, ...string[]]>(
  values: T,
  standard: T[number],
  description: string,
) => z.enum(values).optional().meta({ description, default: standard });
