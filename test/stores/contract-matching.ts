/** Seeking partners by values, and records by what people type. */
import { describe, expect, it } from 'vitest';
import type { MatchRequest, StoreTable } from '../../src/ports/store.ts';
import type { MakeFixture } from './contract-fixture.ts';
import { CUSTOMER, customer, setStage, shapeOf } from './contract-tables.ts';

const ROWS = [
  customer(1, { name: 'Adatum', email: 'info@adatum.example' }),
  customer(2, { name: 'ADATUM', email: 'sales@adatum.example', credit: '10.5' }),
  customer(3, { name: 'Contoso', email: null, credit: null }),
  customer(4, { name: 'Adatum', email: 'old@adatum.example', active: 'false' }),
];

async function candidates(table: StoreTable, request: Partial<MatchRequest>): Promise<[number, string][]> {
  const whole = { columns: ['name'], caseSensitive: true, probes: [], limitPerProbe: 10, ...request };
  const found = await table.match(whole);
  return found
    .map(({ probe, record }): [number, string] => [probe, record.key[0]!])
    .sort(([left, one], [right, other]) => left - right || Number(one) - Number(other));
}

export function describeMatching(makeFixture: MakeFixture): void {
  describe('matching', () => {
    it('finds records whose values are equal, to the letter or whatever their case', async () => {
      await using stage = await setStage(makeFixture, [CUSTOMER], ROWS.slice(0, 3));
      const probes = [['Adatum'], ['Contoso'], ['Nobody']];
      expect(await candidates(stage.table, { probes })).toEqual([
        [0, '1'],
        [1, '3'],
      ]);
      expect(await candidates(stage.table, { probes, caseSensitive: false })).toEqual([
        [0, '1'],
        [0, '2'],
        [1, '3'],
      ]);
    });

    it('asks that all values of a probe are equal, and takes null for equal to nothing', async () => {
      await using stage = await setStage(makeFixture, [CUSTOMER], ROWS.slice(0, 3));
      const columns = ['name', 'email'];
      const probes = [
        ['Adatum', 'info@adatum.example'],
        ['Adatum', 'x@y.example'],
        ['Contoso', null],
      ];
      expect(await candidates(stage.table, { columns, probes })).toEqual([[0, '1']]);
      expect(await candidates(stage.table, { columns, probes, caseSensitive: false })).toEqual([[0, '1']]);
    });

    it('compares by the type of the column, not by its text', async () => {
      await using stage = await setStage(makeFixture, [CUSTOMER], ROWS.slice(0, 3));
      expect(await candidates(stage.table, { columns: ['credit'], probes: [['10'], ['10.500']] })).toEqual([
        [0, '1'],
        [1, '2'],
      ]);
      expect(
        await candidates(stage.table, { columns: ['id', 'credit'], caseSensitive: false, probes: [['1', '10']] }),
      ).toEqual([[0, '1']]);
    });

    it('finds nothing with a value that the column cannot hold, and harms no other probe', async () => {
      await using stage = await setStage(makeFixture, [CUSTOMER], ROWS.slice(0, 3));
      expect(await candidates(stage.table, { columns: ['credit'], probes: [['much'], ['10']] })).toEqual([[1, '1']]);
    });

    it('leaves out what is outside the filter', async () => {
      await using stage = await setStage(makeFixture, [CUSTOMER], ROWS);
      const filter = stage.app.filter('active', 'true');
      const table = await stage.store.table(shapeOf(stage.app, CUSTOMER, { filter }));
      expect(await candidates(table, { probes: [['Adatum']] })).toEqual([[0, '1']]);
      expect(await candidates(stage.table, { probes: [['Adatum']] })).toEqual([
        [0, '1'],
        [0, '4'],
      ]);
    });

    it('gives each probe at most as many as asked for, and the records whole', async () => {
      await using stage = await setStage(makeFixture, [CUSTOMER], ROWS);
      const request = { columns: ['name'], caseSensitive: false, probes: [['adatum'], ['contoso']], limitPerProbe: 2 };
      const found = await stage.table.match(request);
      expect(found.map(({ probe }) => probe).sort()).toEqual([0, 0, 1]);
      const contoso = found.find(({ probe }) => probe === 1)!.record;
      expect(contoso).toMatchObject({ key: ['3'], values: ['3', 'C3', 'Contoso', null, null], inFilter: true });
    });

    it('does without probes', async () => {
      await using stage = await setStage(makeFixture, [CUSTOMER], ROWS);
      expect(await candidates(stage.table, { probes: [] })).toEqual([]);
    });
  });

  describe('searching', () => {
    it('finds text in the key and in the columns given, whatever its case', async () => {
      await using stage = await setStage(makeFixture, [CUSTOMER], ROWS);
      const search = async (text: string, columns: readonly string[]): Promise<(string | undefined)[]> =>
        (await stage.table.search(text, columns, 10)).map(({ key }) => key[0]).sort();
      expect(await search('adat', ['name'])).toEqual(['1', '2', '4']);
      expect(await search('3', [])).toEqual(['3']);
      expect(await search('sales@', ['name', 'email'])).toEqual(['2']);
      expect(await search('sales@', ['name'])).toEqual([]);
    });

    it('takes signs that queries know to the letter', async () => {
      await using stage = await setStage(makeFixture, [CUSTOMER], [...ROWS, customer(5, { name: '100%_\\' })]);
      const search = async (text: string): Promise<number> => (await stage.table.search(text, ['name'], 10)).length;
      expect(await search('%')).toBe(1);
      expect(await search('_')).toBe(1);
      expect(await search('\\')).toBe(1);
      expect(await search("'")).toBe(0);
    });

    it('stops at the limit', async () => {
      await using stage = await setStage(makeFixture, [CUSTOMER], ROWS);
      expect(await stage.table.search('a', ['name', 'email'], 2)).toHaveLength(2);
    });
  });
}
