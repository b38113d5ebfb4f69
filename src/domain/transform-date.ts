/** Writes a date or timestamp, as PostgreSQL prints it (or ISO 8601), in a format of one's own. No clock, no zones. */

const DATE =
  /^(\d{4,})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?(?::?\d\d)?)?)?$/;

interface DateParts {
  readonly year: string;
  readonly month: string;
  readonly day: string;
  readonly hour: string;
  readonly minute: string;
  readonly second: string;
  readonly fraction: string;
  readonly offset: string;
}

const unpadded = (digits: string): string => String(Number(digits));

/** Every token that a format may hold. Text stands between single quotes; signs and blanks stand for themselves. */
const TOKENS: Readonly<Record<string, (parts: DateParts) => string>> = {
  yyyy: ({ year }) => year,
  yy: ({ year }) => year.slice(-2),
  MM: ({ month }) => month,
  M: ({ month }) => unpadded(month),
  dd: ({ day }) => day,
  d: ({ day }) => unpadded(day),
  HH: ({ hour }) => hour,
  H: ({ hour }) => unpadded(hour),
  mm: ({ minute }) => minute,
  m: ({ minute }) => unpadded(minute),
  ss: ({ second }) => second,
  s: ({ second }) => unpadded(second),
  SSSSSS: ({ fraction }) => fraction.padEnd(6, '0').slice(0, 6),
  SSS: ({ fraction }) => fraction.padEnd(3, '0').slice(0, 3),
  XXX: ({ offset }) => offset,
};

export const DATE_TOKENS: readonly string[] = Object.keys(TOKENS);

/** Quoted text (two quotes stand for one), a run of one letter, or a single other character. */
const PIECE = /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']/gy;

/** The first piece of the format that is no token; null when the format is sound. */
export function unknownDateToken(format: string): string | null {
  let end = 0;
  for (const match of format.matchAll(PIECE)) {
    end = match.index + match[0].length;
    if (match[2] !== undefined && !Object.hasOwn(TOKENS, match[0])) return match[0];
  }
  // What no piece could take begins with a quote that is never closed.
  return end < format.length ? format.slice(end) : null;
}

/** Null when the text is no date (`infinity` and years before Christ included). */
export function formatDate(text: string, format: string): string | null {
  const parts = partsOf(text);
  if (parts === null) return null;
  return format.replace(PIECE, (piece: string, quoted: string | undefined) => {
    if (quoted !== undefined) return quoted === '' ? "'" : quoted.replaceAll("''", "'");
    const token = Object.hasOwn(TOKENS, piece) ? TOKENS[piece] : undefined;
    return token === undefined ? piece : token(parts);
  });
}

function partsOf(text: string): DateParts | null {
  const match = DATE.exec(text);
  if (match === null) return null;
  const [, year = '', month = '', day = '', hour = '00', minute = '00', second = '00', fraction = '', zone = ''] =
    match;
  if (Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > 31) return null;
  if (Number(hour) > 24 || Number(minute) > 59 || Number(second) > 60) return null;
  return { year, month, day, hour, minute, second, fraction, offset: offsetOf(zone) };
}

/** `+02` and `+0200` as `+02:00`; what has no zone gets none. */
function offsetOf(zone: string): string {
  if (zone === '' || zone === 'Z') return zone;
  const digits = zone.slice(1).replaceAll(':', '').padEnd(4, '0');
  return `${zone.slice(0, 1)}${digits.slice(0, 2)}:${digits.slice(2, 4)}`;
}
