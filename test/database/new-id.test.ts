import { expect, test } from 'vitest';
import { newId } from '../../src/database/session/new-id.ts';

test('ids are of version 7, tell the time, and each is greater than the one before', () => {
  const before = Date.now();
  const ids = Array.from({ length: 20_000 }, () => newId());
  const after = Date.now();
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  const timeOf = (id: string) => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
  expect(timeOf(ids[0] as string)).toBeGreaterThanOrEqual(before);
  expect(timeOf(ids.at(-1) as string)).toBeLessThanOrEqual(after + 1);
});
