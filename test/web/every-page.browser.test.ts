import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeConflict } from '../http/open-test-server.ts';
import { expectAccessible, expectFits, type OpenPage, openPage, settled } from './open-page.ts';

const places = (errorId: string, couplingId: string, jobId: string): readonly string[] => [
  '/',
  '/errors',
  '/errors?view=causes',
  '/errors?kind=deletion',
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

let open: OpenPage;
let addresses: readonly string[];
beforeAll(async () => {
  open = await openPage();
  const { here } = open;
  const errorId = await makeConflict(here);
  const couplingId = (await here.get('/couplings?mapping=customers&limit=1')).body.items[0].id as string;
  const jobId = (await here.get('/jobs?limit=1')).body.items[0].id as string;
  addresses = places(errorId, couplingId, jobId);
});
afterAll(async () => {
  await open[Symbol.asyncDispose]();
});

test.each([
  ['wide and light', {}],
  ['at 360 px and dark', { width: 360, height: 740, dark: true }],
])('every page is accessible %s, fits, and gives no cause for complaint', async (_, options) => {
  const { page, complaints } = await open.openAnother(options);
  for (const address of addresses) {
    await page.goto(address);
    await settled(page);
    await expectAccessible(page);
    await expectFits(page);
  }
  expect(complaints).toEqual([]);
  await page.context().close();
});
