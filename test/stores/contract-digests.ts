/** Digests, computed by each kind of store in its own way: the same text, the same MD5, the same sum. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keyText, type RecordKey, type Value } from '../../src/domain/record.ts';
import type { MakeFixture } from './contract-fixture.ts';
import { CUSTOMER, customer, ORDER_LINE, setStage, shapeOf } from './contract-tables.ts';

const md5Of = (key: RecordKey, values: readonly Value[]): string =>
  createHash('md5')
    .update(keyText(key) + JSON.stringify(values))
    .digest('hex');

function sumOf(digests: readonly string[]): string {
  const from = (start: number): number =>
    digests.reduce((sum, digest) => sum + (Number.parseInt(digest.slice(start, start + 8), 16) | 0), 0);
  return `${from(0)}:${from(8)}`;
}

/** What JSON escapes and what it does not, beyond the first plane of Unicode too. */
const ODD = `tab\t "quoted" back\\slash / 漢🎈 \u0001\u007f`;

export function describeDigests(makeFixture: MakeFixture): void {
  describe('digests', () => {
    it('are of key and values as they are read, of each record and of all', async () => {
      const rows = [customer(1, { name: ODD.slice(0, 20) }), customer(2, { email: null, name: '' }), customer(3)];
      await using stage = await setStage(makeFixture, [CUSTOMER], rows);
      const { table } = stage;
      const keys = [['1'], ['2'], ['3'], ['4']];
      // Code and name as one value of two columns, nothing at all, name, e-mail, credit.
      const values = [[1, 2], [], [2], [3], [4]];
      const { records } = await table.read(keys, null);
      const expected = keys.map((key) => {
        const held = records.get(keyText(key))?.values;
        if (!held) return null;
        const both = [held[1] ?? null, held[2] ?? null];
        const tuple = both.includes(null) ? null : JSON.stringify(both);
        return md5Of(key, [tuple, null, held[2] ?? null, held[3] ?? null, held[4] ?? null]);
      });
      expect(await table.digestEach({ keys, values })).toEqual(expected);
      const found = expected.filter((digest) => digest !== null);
      expect(await table.digest({ keys, values })).toEqual({ records: 3, sum: sumOf(found) });
      expect(await table.digest({ keys: [], values })).toEqual({ records: 0, sum: '0:0' });
    });

    it('leave out what the filter leaves out', async () => {
      const rows = [customer(1), customer(2, { active: 'false' }), customer(3, { active: null })];
      await using stage = await setStage(makeFixture, [CUSTOMER], rows);
      const filter = stage.app.filter('active', 'true');
      const table = await stage.store.table(shapeOf(stage.app, CUSTOMER, { filter }));
      const request = { keys: [['1'], ['2'], ['3']], values: [[1]] };
      const own = md5Of(['1'], ['C1']);
      expect(await table.digestEach(request)).toEqual([own, null, null]);
      expect(await table.digest(request)).toEqual({ records: 1, sum: sumOf([own]) });
    });

    it('take keys of several columns and names to the letter', async () => {
      const rows = [{ 'Order No': 'A "1"', line: '1', 'what, exactly': ODD }];
      await using stage = await setStage(makeFixture, [ORDER_LINE], rows);
      const { table } = stage;
      const request = { keys: [['A "1"', '1']], values: [[2]] };
      expect(await table.digestEach(request)).toEqual([md5Of(['A "1"', '1'], [ODD])]);
    });
  });
}
