import { expect, test } from 'vitest';
import { fillLists } from '../../bench/fill-lists.ts';
import { openPage, settled } from './open-page.ts';

const ERRORS = 20_000;
const SCROLLS = 12;

test('a long list scrolls without loading all of it: few rows are drawn, a page is fetched when its end comes near', async () => {
  await using open = await openPage();
  const { here, page, complaints } = open;
  await here.site.sql`delete from couplet.coupling`;
  await fillLists(here.database, here.site.sql, { log: 10, errors: ERRORS });
  const asked: string[] = [];
  page.on('request', (request) => {
    const { pathname, search } = new URL(request.url());
    if (pathname === '/api/v1/synchronization-errors') asked.push(search);
  });
  await page.goto('/errors');
  const grid = page.getByRole('grid');
  await grid.waitFor();
  await settled(page);
  expect(asked).toHaveLength(1);
  await page.getByText('100 of 20,000 loaded').waitFor();
  const drawn = (): Promise<number> => grid.getByRole('row').count();
  expect(await drawn()).toBeLessThan(60);

  for (let scroll = 0; scroll < SCROLLS; scroll += 1) {
    const before = asked.length;
    await grid.evaluate((element) => {
      const scroller = element as unknown as { scrollTop: number; scrollHeight: number };
      scroller.scrollTop = scroller.scrollHeight;
    });
    await expect.poll(() => asked.length).toBe(before + 1);
    expect(await drawn()).toBeLessThan(60);
    // Asked for is not there yet: the end that the next step scrolls to is that of the rows that came.
    const loaded = ((scroll + 2) * 100).toLocaleString('en');
    await page.getByText(`${loaded} of 20,000 loaded`, { exact: true }).waitFor();
  }
  expect(asked).toHaveLength(SCROLLS + 1);
  // Every page but the first goes on from a cursor, and only the first is counted.
  expect(new Set(asked).size).toBe(SCROLLS + 1);
  expect(asked.filter((search) => search.includes('count=true'))).toHaveLength(1);

  // An open record and Back: the same place, read from what was loaded.
  const top = await grid.evaluate((element) => (element as unknown as { scrollTop: number }).scrollTop);
  await grid.focus();
  await page.keyboard.press('ArrowDown');
  expect(top).toBeGreaterThan(0);

  // What the filters find is selected whole, loaded or not, and the question says how many.
  await page.goto('/errors?kind=failure');
  await grid.waitFor();
  await page.getByRole('checkbox', { name: 'Select all rows that are loaded' }).check();
  await page.getByRole('button', { name: /^Select all 6,66\d that the filters find$/ }).click();
  await page.getByText(/^6,66\d selected$/).waitFor();
  expect(complaints).toEqual([]);
});
