/** Numbers as text, of any length: compared and normalized digit by digit, since a double keeps only some 16 of them. */

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/;
/** What nearly every stored number looks like, and canonical already. */
const CANONICAL = /^(?:0|-?[1-9]\d{0,30}|-?(?:0|[1-9]\d{0,30})\.\d{0,30}[1-9])$/;
/** Beyond this exponent the point is not placed: `1e1000000` must not become a megabyte. */
const LONGEST_EXPONENT = 1_000;

/** One text per number: `10.00`, `1e1` and `+10` give `10`; null when the text is no number of PostgreSQL. */
export function canonicalNumber(text: string): string | null {
  if (CANONICAL.test(text)) return text;
  const trimmed = text.trim();
  const match = NUMBER.exec(trimmed);
  const whole = match?.[2] ?? '';
  const fraction = match?.[3] ?? '';
  if (match === null || (whole === '' && fraction === '')) return specialNumber(trimmed);
  const all = whole + fraction;
  let start = 0;
  let end = all.length;
  while (start < end && all.charCodeAt(start) === 48) start++;
  while (end > start && all.charCodeAt(end - 1) === 48) end--;
  if (start === end) return '0';
  const exponent = Number(match[4] ?? '0') - fraction.length + (all.length - end);
  const sign = match[1] === '-' ? '-' : '';
  return sign + placePoint(all.slice(start, end), exponent);
}

function placePoint(digits: string, exponent: number): string {
  if (Math.abs(exponent) > LONGEST_EXPONENT) return `${digits}e${exponent}`;
  if (exponent >= 0) return digits + '0'.repeat(exponent);
  const whole = digits.length + exponent;
  return whole > 0 ? `${digits.slice(0, whole)}.${digits.slice(whole)}` : `0.${'0'.repeat(-whole)}${digits}`;
}

function specialNumber(text: string): string | null {
  switch (text.toLowerCase()) {
    case 'nan':
      return 'NaN';
    case 'infinity':
    case '+infinity':
    case 'inf':
    case '+inf':
      return 'Infinity';
    case '-infinity':
    case '-inf':
      return '-Infinity';
    default:
      return null;
  }
}

/** A whole number in canonical form; false for fractions, NaN and infinities. */
export const isWhole = (canonical: string): boolean => /^-?\d+$/.test(canonical);

/** `real` keeps 24 bits: two texts are one value of it when they round to the same. */
export function canonicalFloat(text: string, single: boolean): string | null {
  const canonical = canonicalNumber(text);
  if (canonical === null) return null;
  const number = Number(canonical);
  if (!single || !Number.isFinite(number)) return plainDouble(number);
  const rounded = Math.fround(number);
  for (let digits = 1; digits < 9; digits++) {
    const shortest = Number(rounded.toPrecision(digits));
    if (Math.fround(shortest) === rounded) return plainDouble(shortest);
  }
  return plainDouble(rounded);
}

/** Minus zero equals zero in PostgreSQL, so it has no text of its own. */
const plainDouble = (number: number): string => (number === 0 ? '0' : String(number));

/** Money as it is printed under `lc_monetary = C` (`-$1,234.50`, `$0.00`) or given as a plain number. */
export function canonicalMoney(text: string): string | null {
  const negative = /^\(.*\)$/.test(text);
  const plain = text.replace(/[$,\s()]/g, '');
  return canonicalNumber(negative ? `-${plain}` : plain);
}
