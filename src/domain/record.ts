/** Words shared by the whole house: sides, keys, values, records as a store holds them. */

export const SIDES = ['hq', 'channel'] as const;
export type Side = (typeof SIDES)[number];
export const otherSide = (side: Side): Side => (side === 'hq' ? 'channel' : 'hq');

export const DIRECTIONS = ['both', 'toHq', 'toChannel'] as const;
export type Direction = (typeof DIRECTIONS)[number];
/** The direction of one write, named after its target. */
export const WRITE_DIRECTIONS = ['toHq', 'toChannel'] as const;
export type WriteDirection = (typeof WRITE_DIRECTIONS)[number];
export const directionTo = (target: Side): WriteDirection => (target === 'hq' ? 'toHq' : 'toChannel');

/**
 * A value of one column: text in the canonical form of its type as PostgreSQL prints it under pinned settings
 * ('10.00', 'true', '2026-01-01 00:00:00.123456+00'), or null. Text keeps every digit; numbers of JavaScript do not.
 */
export type Value = string | null;

/** The key of a record: canonical text of every key column, in the order of the mapping's `key`. */
export type RecordKey = readonly string[];

/** A record key as one string, for maps and unique constraints: the JSON array of its parts. */
export type KeyText = string;
/** Of which JSON escapes nothing: most keys, and every record's is asked for several times. */
export const isPlainPart = (part: string): boolean => PLAIN.test(part);

export const keyText = (key: RecordKey): KeyText =>
  key.length === 1 && isPlainPart(key[0] as string) ? `["${key[0]}"]` : JSON.stringify(key);
export const keyOfText = (text: KeyText): RecordKey =>
  PLAIN_KEY.test(text) ? [text.slice(2, -2)] : (JSON.parse(text) as string[]);

const PLAIN = /^[ !#-[\]-~]*$/;
const PLAIN_KEY = /^\["[ !#-[\]-~]*"\]$/;

export const sameKey = (a: RecordKey | null, b: RecordKey | null): boolean => {
  if (a === b || a === null || b === null) return a === b;
  return a.length === b.length && a.every((part, at) => part === b[at]);
};

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
/** The machine-readable parts of a message worded for people. */
export type Params = { [name: string]: Json };
