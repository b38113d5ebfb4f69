/** Records whose app gives them another key at a bad moment: while they are being coupled, or one that another had. */
import { expect, it } from 'vitest';
import { readMarks } from '../../src/engine/run/read-marks.ts';
import { openErrors, smallSite } from './small-site.ts';

const withoutMatch = (text: string): string => text.replace('    match: [[number], [email]]\n', '');

it('a record that is renumbered between its creation in the other app and its coupling is coupled under its new key', async () => {
  let renumber: (() => Promise<void>) | null = null;
  await using site = await smallSite({
    configuration: withoutMatch,
    reach: async (point, lane) => {
      if (point !== 'channel-written' || lane?.mapping !== 'customers') return;
      const now = renumber;
      renumber = null;
      await now?.();
    },
  });
  site.hq.insert('customers', { num: 'C0', name: 'Before' });
  await site.run();
  for (let n = 1; n <= 3; n += 1) site.hq.insert('customers', { num: `T${n}`, name: `Customer ${n}` });
  renumber = async () => {
    for (let n = 1; n <= 3; n += 1) site.hq.update('customers', { num: `T${n}` }, { num: `N${n}` });
    await readMarks(site.site, 'hq', null);
  };
  await site.run();
  expect(renumber).toBeNull();
  await site.run();
  expect(
    site.houston
      .select('shoppers')
      .map((row) => row['cust_num'])
      .toSorted(),
  ).toEqual(['C0', 'N1', 'N2', 'N3']);
  expect(await openErrors(site)).toEqual([]);
  const keys = await site.sql<{ hq_key: string }[]>`select hq_key from couplet.coupling where ended_at is null`;
  expect(keys.map(({ hq_key }) => hq_key).toSorted()).toEqual(['["C0"]', '["N1"]', '["N2"]', '["N3"]']);
});

it('of a key that was taken over from a deleted record both pairs are asked about', async () => {
  await using site = await smallSite({ configuration: withoutMatch });
  site.hq.insert('customers', { num: 'Q1', name: 'Anna' });
  site.hq.insert('customers', { num: 'Q2', name: 'Bert' });
  await site.run();
  await site.run();
  site.hq.delete('customers', { num: 'Q2' });
  site.hq.update('customers', { num: 'Q1' }, { num: 'Q2' });
  await site.run();
  const errors = await openErrors(site);
  expect(errors.map(({ code }) => code).toSorted()).toEqual(['deleted-in-hq', 'record-replaced']);
  expect(
    site.houston
      .select('shoppers')
      .map((row) => row['full_name'])
      .toSorted(),
  ).toEqual(['Anna', 'Bert']);
});
