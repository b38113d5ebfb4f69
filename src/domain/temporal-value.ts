/**
 * Dates and times as text: parsed, carried to UTC and printed as PostgreSQL does under `DateStyle = ISO`. A JavaScript
 * Date keeps milliseconds and 275,000 years; stores keep microseconds and BC, so days are counted here. No clock.
 */

interface CivilTime {
  /** Astronomic: 1 BC is 0. */
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly secondOfDay: number;
  /** Digits after the point without trailing zeros, as many as were given. */
  readonly fraction: string;
  /** Null: the text names no zone. */
  readonly offsetSeconds: number | null;
  readonly hasTime: boolean;
}

const SECONDS_PER_DAY = 86_400;
const DATE_TIME =
  /^([+-]\d{4,6}|\d{4,6})-(\d{1,2})-(\d{1,2})(?:(?:[T ]|\s+)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d*))?)?\s*(Z|[+-]\d{1,2}(?::?\d{2}(?::?\d{2})?)?)?)?(?:\s+(BC|AD))?$/i;
const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d*))?)?\s*(Z|[+-]\d{1,2}(?::?\d{2}(?::?\d{2})?)?)?$/i;
/** What a pinned session prints, and canonical already. */
const PRINTED_UTC = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d*[1-9])?\+00$/;
const PRINTED_LOCAL = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d*[1-9])?$/;
const PRINTED_DATE = /^\d{4}-\d\d-\d\d$/;

const two = (number: number): string => (number < 10 ? `0${number}` : String(number));

/** `YYYY-MM-DD HH:MM:SS[.ffffff]+00`; without a zone the text counts as UTC. Null when it is no timestamp. */
export function canonicalTimestamptz(text: string): string | null {
  if (PRINTED_UTC.test(text) && isSound(text)) return text;
  const infinite = canonicalInfinity(text);
  if (infinite !== null) return infinite;
  const civil = parseDateTime(text);
  if (civil === null) return null;
  const utc = civil.offsetSeconds ? shift(civil, -civil.offsetSeconds) : shift(civil, 0);
  return `${yearText(utc.year)}-${two(utc.month)}-${two(utc.day)} ${clockText(utc)}+00${eraText(utc.year)}`;
}

/** `YYYY-MM-DD HH:MM:SS[.ffffff]`; a zone is ignored, as PostgreSQL does. */
export function canonicalTimestamp(text: string): string | null {
  if (PRINTED_LOCAL.test(text) && isSound(text)) return text;
  const infinite = canonicalInfinity(text);
  if (infinite !== null) return infinite;
  const civil = parseDateTime(text);
  if (civil === null) return null;
  const local = shift(civil, 0);
  return `${yearText(local.year)}-${two(local.month)}-${two(local.day)} ${clockText(local)}${eraText(local.year)}`;
}

/** `YYYY-MM-DD`; null for a text that names a time of day other than midnight, which a date would lose. */
export function canonicalDate(text: string): string | null {
  if (PRINTED_DATE.test(text) && isSound(text)) return text;
  const infinite = canonicalInfinity(text);
  if (infinite !== null) return infinite;
  const civil = parseDateTime(text);
  if (civil === null || civil.secondOfDay !== 0 || civil.fraction !== '') return null;
  return `${yearText(civil.year)}-${two(civil.month)}-${two(civil.day)}${eraText(civil.year)}`;
}

/** `HH:MM:SS[.ffffff]`; `24:00:00` is not midnight. With a zone `+00`, `+05:30` for `timetz`. */
export function canonicalTime(text: string, zoned: boolean): string | null {
  const match = CLOCK.exec(text.trim());
  if (match === null) return null;
  const second = secondOfDay(match[1], match[2], match[3], fractionOf(match[4]));
  if (second === null) return null;
  const clock = clockText({ secondOfDay: second, fraction: fractionOf(match[4]) });
  if (!zoned) return clock;
  const offset = offsetOf(match[5]) ?? 0;
  return clock + offsetText(offset);
}

/** ISO 8601 of what a store holds: `2026-01-01T00:00:00.123456Z`. Infinities and years outside 0001–9999 as the store prints them. */
export function isoTimestamp(text: string, zoned: boolean): string {
  const canonical = zoned ? canonicalTimestamptz(text) : canonicalTimestamp(text);
  if (canonical === null || !/^\d{4}-[^B]*$/.test(canonical)) return text;
  const iso = canonical.replace(' ', 'T');
  return zoned ? iso.replace('+00', 'Z') : iso;
}

export function canonicalInfinity(text: string): string | null {
  const lower = text.trim().toLowerCase();
  if (lower === 'infinity' || lower === '+infinity') return 'infinity';
  return lower === '-infinity' ? '-infinity' : null;
}

function parseDateTime(text: string): CivilTime | null {
  const match = DATE_TIME.exec(text.trim());
  if (match === null) return null;
  const named = Number(match[1]);
  const beforeChrist = match[9] !== undefined && match[9].toUpperCase() === 'BC';
  if (match[9] !== undefined && named <= 0) return null;
  const year = beforeChrist ? 1 - named : named;
  const month = Number(match[2]);
  const day = Number(match[3]);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null;
  const fraction = fractionOf(match[7]);
  const second = match[4] === undefined ? 0 : secondOfDay(match[4], match[5], match[6], fraction);
  if (second === null) return null;
  return {
    year,
    month,
    day,
    secondOfDay: second,
    fraction,
    offsetSeconds: offsetOf(match[8]),
    hasTime: match[4] !== undefined,
  };
}

/** Checks a text of the printed form without taking it apart any further: `2026-02-30` is no date. */
function isSound(text: string): boolean {
  const month = Number(text.slice(5, 7));
  const day = Number(text.slice(8, 10));
  const year = Number(text.slice(0, 4));
  if (year < 1 || month < 1 || month > 12 || day < 1 || (day > 28 && day > daysIn(year, month))) return false;
  return (
    text.length < 19 ||
    (Number(text.slice(11, 13)) < 24 && Number(text.slice(14, 16)) < 60 && Number(text.slice(17, 19)) < 60)
  );
}

/** Second 60 and hour 24 are carried on, as PostgreSQL does; null when the clock shows no time. */
function secondOfDay(hour = '', minute = '', second = '0', fraction: string): number | null {
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  const total = h * 3600 + m * 60 + s;
  if (m > 59 || s > 60 || total > SECONDS_PER_DAY || (total === SECONDS_PER_DAY && fraction !== '')) return null;
  return total;
}

function fractionOf(digits = ''): string {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 48) end--;
  return digits.slice(0, end);
}

function offsetOf(zone: string | undefined): number | null {
  if (zone === undefined) return null;
  if (zone === 'Z' || zone === 'z') return 0;
  const match = /^([+-])(\d{1,2}):?(\d{2})?:?(\d{2})?$/.exec(zone);
  if (match === null) return null;
  const seconds = Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0);
  return match[1] === '-' ? -seconds : seconds;
}

function offsetText(seconds: number): string {
  const size = Math.abs(seconds);
  const minutes = Math.floor((size % 3600) / 60);
  const rest = size % 60;
  const hours = `${seconds < 0 ? '-' : '+'}${two(Math.floor(size / 3600))}`;
  return hours + (minutes > 0 || rest > 0 ? `:${two(minutes)}` : '') + (rest > 0 ? `:${two(rest)}` : '');
}

function shift(civil: CivilTime, seconds: number): CivilTime {
  const all = civil.secondOfDay + seconds;
  if (all >= 0 && all < SECONDS_PER_DAY) return { ...civil, secondOfDay: all };
  const days = daysFromCivil(civil.year, civil.month, civil.day) + Math.floor(all / SECONDS_PER_DAY);
  return {
    ...civil,
    ...civilFromDays(days),
    secondOfDay: ((all % SECONDS_PER_DAY) + SECONDS_PER_DAY) % SECONDS_PER_DAY,
  };
}

const clockText = ({ secondOfDay: all, fraction }: Pick<CivilTime, 'secondOfDay' | 'fraction'>): string =>
  `${two(Math.floor(all / 3600))}:${two(Math.floor((all % 3600) / 60))}:${two(all % 60)}${fraction === '' ? '' : `.${fraction}`}`;

const yearText = (year: number): string => String(year <= 0 ? 1 - year : year).padStart(4, '0');
const eraText = (year: number): string => (year <= 0 ? ' BC' : '');

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const daysIn = (year: number, month: number): number =>
  month === 2 && isLeap(year) ? 29 : (MONTH_DAYS[month - 1] ?? 0);

/** Howard Hinnant, «chrono-compatible low-level date algorithms»: exact for every year, no tables. */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

function civilFromDays(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const m = Math.floor((5 * dayOfYear + 2) / 153);
  const month = m < 10 ? m + 3 : m - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * m + 2) / 5) + 1,
  };
}
