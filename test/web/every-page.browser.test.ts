import { expect, test } from 'vitest';
import { makeConflict } from '../http/open-test-server.ts';
import { expectAccessible, expectFits, openPage, settled } from './open-page.ts';

const places = (errorId: string, couplingId: string, jobId: string): readonly string[] => [
  '/',
  '/errors',
  '/errors?view=causes',
  `/errors/${errorId}`,
  '/couplings',
  `/couplings/${couplingId}`,
  '/log',
  '/jobs',
  `/jobs/${jobId}`,
  '/mappings',
  '/mappings/customers',
  '/mappings/customers?tab=fields',
  '/mappings/customers?tab=records',
  '/mappings/customers?tab=history',
  '/errors/one/too/many',
];

test('every page is accessible, light and dark, wide and at 360 px, without a complaint', async () => {
  await using open = await openPage();
  const { here } = open;
  const errorId = await makeConflict(here);
  const couplingId = (await here.get('/couplings?mapping=customers&limit=1')).body.items[0].id as string;
  const jobId = (await here.get('/jobs?limit=1')).body.items[0].id as string;
  for (const options of [{}, { width: 360, height: 740, dark: true }]) {
    const { page, complaints } = await open.openAnother(options);
    for (const address of places(errorId, couplingId, jobId)) {
      await page.goto(address);
      await settled(page);
      await expectAccessible(page);
      await expectFits(page);
    }
    expect(complaints).toEqual([]);
    await page.context().close();
  }
});
