/** Intervals as text: PostgreSQL's own style and ISO 8601, taken apart into the three numbers it keeps. */
import { canonicalInfinity } from './temporal-value.ts';

interface IntervalParts {
  readonly months: number;
  readonly days: number;
  /** Microseconds; an interval may hold more than a double counts. */
  readonly micros: bigint;
}

const MICROS_PER_SECOND = 1_000_000n;
const UNIT_MONTHS: Readonly<Record<string, number>> = {
  year: 12,
  years: 12,
  y: 12,
  mon: 1,
  mons: 1,
  month: 1,
  months: 1,
};
const UNIT_DAYS: Readonly<Record<string, number>> = { day: 1, days: 1, d: 1, week: 7, weeks: 7, w: 7 };
const UNIT_SECONDS: Readonly<Record<string, bigint>> = {
  hour: 3600n,
  hours: 3600n,
  h: 3600n,
  min: 60n,
  mins: 60n,
  minute: 60n,
  minutes: 60n,
  m: 60n,
  sec: 1n,
  secs: 1n,
  second: 1n,
  seconds: 1n,
  s: 1n,
};

/**
 * Equal texts for intervals with equal months, days and time: `1 year` is `12 mons`. PostgreSQL goes further and holds
 * `1 mon` equal to `30 days`; as values of a record they are different, so that a change from one to the other travels.
 */
export function canonicalInterval(text: string): string | null {
  const parts = parseInterval(text);
  // Since PostgreSQL 17.
  return parts === null ? canonicalInfinity(text) : `P${parts.months}M${parts.days}DT${parts.micros}U`;
}

/** One text for intervals that PostgreSQL holds equal (a month is 30 days, a day 24 hours), for keys; it reads it too. */
export function intervalKey(text: string): string | null {
  const parts = parseInterval(text);
  if (parts === null) return canonicalInfinity(text);
  const all = (BigInt(parts.months) * 30n + BigInt(parts.days)) * 86_400n * MICROS_PER_SECOND + parts.micros;
  const size = all < 0n ? -all : all;
  const fraction = String(size % MICROS_PER_SECOND)
    .padStart(6, '0')
    .replace(/0+$/, '');
  return `${all < 0n ? '-' : ''}${size / MICROS_PER_SECOND}${fraction === '' ? '' : `.${fraction}`} seconds`;
}

function parseInterval(text: string): IntervalParts | null {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === '') return null;
  return trimmed.startsWith('p') ? parseIso(trimmed) : parsePostgres(trimmed);
}

function parseIso(text: string): IntervalParts | null {
  const match =
    /^p(?:(-?\d+)y)?(?:(-?\d+)m)?(?:(-?\d+)w)?(?:(-?\d+)d)?(?:t(?:(-?\d+)h)?(?:(-?\d+)m)?(?:(-?[\d.]+)s)?)?$/.exec(
      text,
    );
  if (match === null || text.length < 3) return null;
  const whole = (at: number): number => Number(match[at] ?? '0');
  const seconds = microsOf(match[7] ?? '0', 1n);
  if (seconds === null) return null;
  const clock = BigInt(match[5] ?? '0') * 3600n + BigInt(match[6] ?? '0') * 60n;
  return {
    months: whole(1) * 12 + whole(2),
    days: whole(3) * 7 + whole(4),
    micros: clock * MICROS_PER_SECOND + seconds,
  };
}

/** `1 year 2 mons -3 days +04:05:06.789`, with `@` and `ago` of the verbose style. */
function parsePostgres(text: string): IntervalParts | null {
  const ago = text.endsWith(' ago');
  const words = text.replace(/^@\s*/, '').replace(/ ago$/, '').split(/\s+/);
  let [months, days, micros] = [0, 0, 0n];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const clock = clockMicros(word);
    if (clock !== null) {
      micros += clock;
      continue;
    }
    const unit = words[++at];
    if (unit === undefined) return null;
    const time = Object.hasOwn(UNIT_SECONDS, unit) ? microsOf(word, UNIT_SECONDS[unit] ?? 1n) : null;
    const whole = /^[+-]?\d+$/.test(word) ? Number(word) : null;
    if (time !== null) micros += time;
    else if (whole !== null && Object.hasOwn(UNIT_MONTHS, unit)) months += whole * (UNIT_MONTHS[unit] ?? 0);
    else if (whole !== null && Object.hasOwn(UNIT_DAYS, unit)) days += whole * (UNIT_DAYS[unit] ?? 0);
    else return null;
  }
  return ago ? { months: -months, days: -days, micros: -micros } : { months, days, micros };
}

function clockMicros(word: string): bigint | null {
  const match = /^([+-]?)(\d+):(\d{1,2})(?::(\d{1,2}(?:\.\d+)?))?$/.exec(word);
  if (match === null) return null;
  const seconds = microsOf(match[4] ?? '0', 1n);
  if (seconds === null) return null;
  const all = (BigInt(match[2] ?? '0') * 3600n + BigInt(match[3] ?? '0') * 60n) * MICROS_PER_SECOND + seconds;
  return match[1] === '-' ? -all : all;
}

function microsOf(number: string, factor: bigint): bigint | null {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(number);
  if (match === null || (match[2] === '' && (match[3] ?? '') === '')) return null;
  const micros = BigInt((match[2] ?? '') + (match[3] ?? '').padEnd(6, '0').slice(0, 6)) * factor;
  return match[1] === '-' ? -micros : micros;
}
