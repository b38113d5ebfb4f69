/** The small languages of the configuration: schedules, retentions, table names, links, account numbers. */
import type { MappedTable, Schedule } from '../domain/mapping.ts';
import { linkColumns } from '../domain/mapping.ts';
import { cronProblem } from './cron.ts';
import { suggestName } from './suggest.ts';

export interface TextProblem {
  readonly code: string;
  /** `{value}` in it becomes the offending text. */
  readonly message: string;
  readonly allowed?: readonly string[];
  readonly suggestion?: string | null;
}
export type Parsed<T> = { readonly value: T } | { readonly problem: TextProblem };

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const EVERY_UNITS: Readonly<Record<string, number>> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };
/** Timers of JavaScript end at 24.8 days. */
const LONGEST_EVERY_MS = 24 * DAY_MS;

const SCHEDULE_FORMS = ['continuous', 'manual', 'every 30s', 'every 1m', 'every 2h', '0 3 * * *'];

/** Cron lines get their time zone where the schedule is put into a mapping. */
export type ScheduleText = Exclude<Schedule, { kind: 'cron' }> | { readonly kind: 'cron'; readonly expression: string };

export function parseSchedule(text: string): Parsed<ScheduleText> {
  const trimmed = text.trim();
  if (trimmed === 'continuous' || trimmed === 'manual') return { value: { kind: trimmed } };
  if (/^every\b/i.test(trimmed)) return parseEvery(trimmed);
  // A line with a field that only cron has, or as many words as cron has, is meant as one.
  if (/^[\d*]/.test(trimmed) || trimmed.split(/\s+/).length >= 4) {
    const wrong = cronProblem(trimmed);
    if (wrong === null) return { value: { kind: 'cron', expression: trimmed.split(/\s+/).join(' ') } };
    return {
      problem: { code: 'cron-invalid', message: `{value} is not a cron line: ${wrong}`, allowed: SCHEDULE_FORMS },
    };
  }
  return {
    problem: {
      code: 'schedule-invalid',
      message: '{value} is not a schedule',
      allowed: SCHEDULE_FORMS,
      suggestion: suggestName(trimmed, ['continuous', 'manual']),
    },
  };
}

function parseEvery(text: string): Parsed<ScheduleText> {
  const match = /^every (\d{1,9})\s*([smhd])$/.exec(text);
  const everyMs = match === null ? 0 : Number(match[1]) * (EVERY_UNITS[match[2] ?? ''] ?? 0);
  if (match === null) {
    const words = /^every\s+(\d{0,9})\s*([a-z])/i.exec(text);
    const unit = words?.[2]?.toLowerCase() ?? '';
    const suggestion = unit in EVERY_UNITS ? `every ${words?.[1] || '1'}${unit}` : null;
    const message = '{value} is not a schedule: after "every" comes a number with s, m, h or d';
    return { problem: { code: 'schedule-invalid', message, allowed: SCHEDULE_FORMS, suggestion } };
  }
  if (everyMs < SECOND_MS || everyMs > LONGEST_EVERY_MS) {
    const message = '{value} is out of range: from "every 1s" to "every 24d"; a cron line serves for longer';
    return { problem: { code: 'schedule-invalid', message, allowed: SCHEDULE_FORMS } };
  }
  return { value: { kind: 'every', everyMs } };
}

/** Counted so that nothing goes too early: the longest month and a leap year. */
const RETENTION_UNITS: Readonly<Record<string, number>> = {
  h: HOUR_MS,
  d: DAY_MS,
  w: 7 * DAY_MS,
  mo: 31 * DAY_MS,
  y: 366 * DAY_MS,
};
const RETENTION_FORMS = ['forever', '90d', '12w', '6mo', '3y'];

/** Null: forever. */
export function parseRetention(text: string): Parsed<number | null> {
  if (text === 'forever') return { value: null };
  const match = /^(\d{1,6})(h|d|w|mo|y)$/.exec(text);
  const keepMs = match === null ? 0 : Number(match[1]) * (RETENTION_UNITS[match[2] ?? ''] ?? 0);
  if (keepMs > 0) return { value: keepMs };
  return {
    problem: {
      code: 'retention-invalid',
      message: '{value} is not a time to keep: a number with h, d, w, mo or y, or forever',
      allowed: RETENTION_FORMS,
      suggestion: suggestName(text, ['forever']),
    },
  };
}

/** Split at the first dot outside double quotes; the rest is taken to the letter. */
export function parseTableName(text: string): Parsed<MappedTable> {
  const problem = (why: string): Parsed<MappedTable> => ({
    problem: {
      code: 'table-name-invalid',
      message: `{value} is not a table: ${why}`,
      allowed: ['table', 'schema.table'],
    },
  });
  const parts = [''];
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === '.' && !quoted && parts.length === 1) parts.push('');
    else if (character !== '"') parts.push(parts.pop() + character);
    else if (quoted && text.charAt(index + 1) === '"') parts.push(`${parts.pop()}${text.charAt(index++)}`);
    else quoted = !quoted;
  }
  if (quoted) return problem('a double quote is not closed');
  if (parts.includes('')) return problem('a part of the name is empty');
  const [first = '', second] = parts;
  return { value: second === undefined ? { schema: null, name: first } : { schema: first, name: second } };
}

export function parseLink(text: string): Parsed<string> {
  const problem = (why: string): Parsed<string> => ({
    problem: {
      code: 'link-invalid',
      message: `{value} is not a link: ${why}`,
      allowed: ['https://erp.example/customers/{id}'],
    },
  });
  // Anything else (javascript:, data:) would run in the page of whoever looks at the record.
  if (!/^https?:\/\/[^\s{}]/i.test(text)) return problem('it must begin with https:// or http:// and a host');
  if (/[{}]/.test(text.replace(/\{[^{}]*\}/g, '')))
    return problem('a brace stands alone; columns are written {column}');
  if (linkColumns(text).includes('')) return problem('{} names no column');
  return { value: text };
}

export interface AccountFormat {
  readonly before: string;
  /** How many digits the number is filled up to. */
  readonly digits: number;
  readonly after: string;
}

export function parseAccountFormat(text: string): Parsed<AccountFormat> {
  const match = /^([^{}]*)\{(0{1,18})\}([^{}]*)$/.exec(text);
  if (match !== null)
    return { value: { before: match[1] ?? '', digits: match[2]?.length ?? 0, after: match[3] ?? '' } };
  const message = '{value} is not a format of numbers: it needs one pair of braces with zeros in it';
  return { problem: { code: 'account-format-invalid', message, allowed: ['C{000000}'] } };
}

export function parseTimezone(text: string): Parsed<string> {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return { value: text };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const suggestion = suggestName(text, Intl.supportedValuesOf('timeZone'));
    const message = '{value} is not a time zone';
    return {
      problem: {
        code: 'timezone-invalid',
        message,
        allowed: ['UTC', 'Europe/Stockholm', 'America/Chicago'],
        suggestion,
      },
    };
  }
}

/** Whether what stands for a port after a host in the URL itself is one. */
function hasPorts(text: string): boolean {
  const authority = /^[^:]+:\/\/([^/?#]*)/.exec(text)?.[1] ?? '';
  const hosts = authority.slice(authority.lastIndexOf('@') + 1).split(',');
  const ports = hosts.flatMap((host) => /^(?:\[[^\]]*\]|[^:[]*):(.*)$/.exec(host)?.[1] ?? []);
  return ports.every((port) => /^\d+$/.test(port) && Number(port) < 2 ** 16);
}

/** Looks at the beginning only: what comes after may name several hosts or a socket, which `URL` does not know. */
export function parseStoreUrl(text: string): Parsed<string> {
  if (/^postgres(?:ql)?:\/\/\S+$/i.test(text)) {
    if (hasPorts(text)) return { value: text };
    return { problem: { code: 'url-invalid', message: 'the port in this URL is no number of a port' } };
  }
  const message = 'this is not the URL of a PostgreSQL database';
  return { problem: { code: 'url-invalid', message, allowed: ['postgres://user:password@host:5432/database'] } };
}
