/** '2026-01-01 00:00:00.5+00' of a session in UTC → '2026-01-01T00:00:00.500000Z': ISO 8601, all digits kept. */
export const isoTime = (text: string): string => {
  // As most are printed: all digits, in UTC.
  if (text.length === 29 && text.endsWith('+00')) return `${text.slice(0, 10)}T${text.slice(11, 26)}Z`;
  const plain = text.replace(/\+00$/, '');
  const point = plain.indexOf('.');
  const [whole, fraction] = point < 0 ? [plain, ''] : [plain.slice(0, point), plain.slice(point + 1)];
  return `${whole.replace(' ', 'T')}.${fraction.padEnd(6, '0')}Z`;
};

export const isoTimeOrNull = (text: string | null): string | null => (text === null ? null : isoTime(text));

/** The time within a UUID of version 7, to the millisecond. */
export const timeOfId = (id: string): string => new Date(timestampOfId(id)).toISOString();
export const timestampOfId = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

/** The smallest UUID of version 7 of a time: what a range of times is in ids. */
export const lowestIdAt = (timestampMs: number): string => {
  const hex = Math.max(0, Math.floor(timestampMs)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-0000-0000-000000000000`;
};

/** Whether an id is a UUID of version 7, whose order is that of time. */
export const isTimeOrdered = (id: string): boolean => id.length === 36 && id[14] === '7';

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether a text could be an id at all: people may ask for anything, and PostgreSQL would refuse to compare it. */
export const isId = (text: string): boolean => ID.test(text);
