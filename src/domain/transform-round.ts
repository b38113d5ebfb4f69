/** Rounds numbers as text, half away from zero as PostgreSQL's numeric does; a double would lose the last digits. */

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;
/** The largest double has 309 digits before the point; a longer exponent is no number that a store printed. */
const LONGEST_EXPONENT = 400;

/** Null when the text is no finite number. */
export function roundDecimal(text: string, digits: number): string | null {
  const match = DECIMAL.exec(text.trim());
  const whole = match?.[2] ?? '';
  const fraction = match?.[3] ?? '';
  if (match === null || whole + fraction === '') return null;
  const exponent = Number(match[4] ?? '0');
  if (Math.abs(exponent) > LONGEST_EXPONENT) return null;
  const all = (whole + fraction).replace(/^0+(?=\d)/, '');
  const scale = fraction.length - exponent;
  const rounded = shiftAndRound(all, digits - scale);
  const sign = match[1] === '-' && /[1-9]/.test(rounded) ? '-' : '';
  return sign + placePoint(rounded, digits);
}

/** The whole number `all · 10^places`, rounded. */
function shiftAndRound(all: string, places: number): string {
  if (places >= 0) return all + '0'.repeat(places);
  const kept = all.length + places;
  // Nothing is kept when the number is smaller than half of the last place.
  if (kept < 0) return '0';
  const head = all.slice(0, kept) || '0';
  return (all.codePointAt(kept) ?? 0) >= 0x35 ? (BigInt(head) + 1n).toString() : head;
}

function placePoint(whole: string, digits: number): string {
  const plain = whole.replace(/^0+(?=\d)/, '');
  if (digits <= 0) return plain === '0' ? '0' : plain + '0'.repeat(-digits);
  const padded = plain.padStart(digits + 1, '0');
  return `${padded.slice(0, -digits)}.${padded.slice(-digits)}`;
}
