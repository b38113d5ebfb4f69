/** Values and keys as text. */

/** Null has no text of its own: who shows it says «empty». */
export function plainValue(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  return JSON.stringify(value) ?? '';
}

export const keyText = (key: Readonly<Record<string, unknown>> | null | undefined): string =>
  key == null ? '' : Object.values(key).map(plainValue).join(' · ');

/** A description that begins with the key does not need it twice. */
export function recordText(description: string, key: Readonly<Record<string, unknown>> | null): string {
  const text = keyText(key);
  if (description === '') return text;
  return description;
}

export const sameValue = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
