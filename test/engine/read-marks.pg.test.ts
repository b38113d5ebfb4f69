/** Several readers of one store on one coupling database. */
import { expect, it } from 'vitest';
import { readMarks } from '../../src/engine/read-marks.ts';
import { smallSite } from './small-site.ts';

it('a reader that is overtaken between its look at the cursor and the answer of the store goes on from there', async () => {
  let overtake = async (): Promise<void> => {};
  await using site = await smallSite({
    wrap: (store) => ({
      ...store,
      readWindow: async (reader, cursor, limit) => {
        const overtaking = overtake;
        overtake = async () => {};
        if (store.side === 'hq') await overtaking();
        return store.readWindow(reader, cursor, limit);
      },
    }),
  });
  await site.run();
  site.hq.insert('customers', { num: 'C1', name: 'Anna', email: null, credit: null });
  overtake = async () => {
    expect(await readMarks(site.site, 'hq', null)).toMatchObject({ marks: 1 });
    site.hq.insert('customers', { num: 'C2', name: 'Bo', email: null, credit: null });
  };
  expect(await readMarks(site.site, 'hq', null)).toMatchObject({ marks: 1 });
  await site.run();
  expect(site.houston.select('shoppers')).toHaveLength(2);
});
