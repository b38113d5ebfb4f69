/** Digests of records, as the port words them. */
import { createHash } from 'node:crypto';
import { keyText, type Value } from '../../domain/record.ts';
import type { DigestRequest, RangeDigest, StoredRecord } from '../../ports/store.ts';
import { type BoundShape, rowByKey, storedRecord } from './read-records.ts';

export function digestEach(bound: BoundShape, { keys, values }: DigestRequest): readonly (string | null)[] {
  return keys.map((key) => {
    const row = rowByKey(bound, key, null);
    const record = row === null ? null : storedRecord(bound, row);
    return record?.inFilter ? digestOfRecord(record, values) : null;
  });
}

export function digestOf(bound: BoundShape, request: DigestRequest): RangeDigest {
  const digests = digestEach(bound, request).filter((digest) => digest !== null);
  const sumFrom = (start: number): number =>
    digests.reduce((sum, digest) => sum + (Number.parseInt(digest.slice(start, start + 8), 16) | 0), 0);
  return { records: digests.length, sum: `${sumFrom(0)}:${sumFrom(8)}` };
}

function digestOfRecord(record: StoredRecord, values: DigestRequest['values']): string {
  const texts = values.map((columns): Value => {
    const parts = columns.map((column) => record.values[column] ?? null);
    if (parts.length === 1) return parts[0] ?? null;
    return parts.length === 0 || parts.includes(null) ? null : JSON.stringify(parts);
  });
  return createHash('md5')
    .update(keyText(record.key) + JSON.stringify(texts))
    .digest('hex');
}
