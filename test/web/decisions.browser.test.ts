import { afterAll, beforeAll, expect, test } from 'vitest';
import { customer, makeConflict, shopper } from '../http/open-test-server.ts';
import { expectFits, type OpenPage, openPage, settled } from './open-page.ts';

let open: OpenPage;
beforeAll(async () => {
  open = await openPage();
});
afterAll(async () => {
  await open[Symbol.asyncDispose]();
});

const button = (name: string) => open.page.getByRole('button', { name, exact: true });

test('a value of one’s own goes to both apps, and the log takes the whole decision back', async () => {
  const { here, page, complaints } = open;
  const id = await makeConflict(here, 'C1');
  await page.goto(`/errors/${id}`);
  await button('Take all from HQ').click();
  await page
    .getByRole('row', { name: /^email/ })
    .getByRole('button', { name: 'Own value' })
    .click();
  await page.getByLabel('Own value for email').fill('own@example.com');
  await expect.poll(() => page.locator('.write').allTextContents().then(String)).toContain('own@example.com');
  await button('Synchronize').click();
  await page.getByText('Synchronize: 1 error resolved.').waitFor();
  expect(customer(here, 'C1')).toMatchObject({ email: 'own@example.com', name: 'HQ name C1' });
  expect(shopper(here, 'C1')).toMatchObject({ mail: 'own@example.com', full_name: 'HQ name C1' });

  await page.getByRole('link', { name: 'Synchronization Log' }).last().click();
  await settled(page);
  const resolved = page.locator('.timeline-entry', { hasText: 'Resolved: Synchronize' });
  await resolved.getByRole('button', { name: 'Undo' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('.write').first().waitFor();
  await expect.poll(() => dialog.textContent()).toContain('till-C1@example.com');
  await dialog.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('Taken back.').waitFor();
  expect(customer(here, 'C1')).toMatchObject({ email: 'hq-C1@example.com', name: 'HQ name C1' });
  expect(shopper(here, 'C1')).toMatchObject({ mail: 'till-C1@example.com', full_name: 'Till name C1' });
  expect((await here.get(`/synchronization-errors/${id}`)).body.status).toBe('open');
  expect(complaints).toEqual([]);
});

test('what moves while somebody decides is shown at once, beside what they chose by', async () => {
  const { here, page } = open;
  const id = await makeConflict(here, 'C2');
  await page.goto(`/errors/${id}`);
  await page.getByRole('radio', { name: 'email: take the HQ version' }).check();
  await page.locator('.write').waitFor();
  here.site.hq.update('customers', { num: 'C2' }, { email: 'moved@example.com' });
  const alert = page.getByRole('alert').filter({ hasText: 'have moved' });
  await alert.waitFor();
  await expect.poll(() => alert.textContent()).toMatch(/email.*hq-C2@example\.com.*moved@example\.com/s);
  await page.getByRole('radio', { name: 'email: take the channel version' }).check();
  await alert.waitFor({ state: 'detached' });
});

test('a step whose fields have moved since is not taken back, and the dialog shows which', async () => {
  const { here, page } = open;
  here.site.hq.update('customers', { num: 'C3' }, { email: 'first@example.com' });
  await here.site.run();
  await page.goto('/log?mapping=customers&side=hq&key=C3&action=modified');
  await settled(page);
  here.site.houston.update('shoppers', { cust_num: 'C3' }, { mail: 'second@example.com' });
  await page.locator('.timeline-entry').first().getByRole('button', { name: 'Undo' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('row', { name: /email/ }).waitFor();
  await expect.poll(() => dialog.getByRole('row', { name: /email/ }).textContent()).toContain('second@example.com');
  await expect.poll(() => dialog.getByRole('button', { name: 'Undo' }).isDisabled()).toBe(true);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await here.site.run();
});

test('several are chosen and restored at once, after a look at what would be written', async () => {
  const { here, page } = open;
  for (const num of ['C3', 'C4']) here.site.houston.delete('shoppers', { cust_num: num });
  await here.site.run();
  await page.goto('/errors?kind=deletion');
  await page.getByRole('checkbox', { name: 'Select all rows that are loaded' }).check();
  await page.getByText('2 selected').waitFor();
  await button('Restore Records').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Show what would be written' }).click();
  await expect.poll(() => dialog.locator('.write').count()).toBe(2);
  await dialog.getByRole('button', { name: 'Restore Records' }).click();
  await page.getByText('Restore Records: 2 errors resolved.').waitFor();
  expect([shopper(here, 'C3'), shopper(here, 'C4')].map((record) => record?.['full_name'])).toEqual([
    'Customer 3',
    'Customer 4',
  ]);
  await page.getByText('Nothing matches these filters.').waitFor();
});

test('errors of one cause are decided together with one version and one reason, and taken back together', async () => {
  const { here, page } = open;
  await makeConflict(here, 'C3');
  await makeConflict(here, 'C4');
  await page.goto('/errors?view=causes&q=HQ name');
  const row = page.getByRole('row', { name: /changed in both apps/ }).first();
  await row.getByRole('button', { name: 'Synchronize' }).click();
  const dialog = page.getByRole('dialog');
  await expect.poll(() => dialog.getByRole('button', { name: 'Synchronize' }).isDisabled()).toBe(true);
  await dialog.getByRole('radio', { name: 'Channel version' }).check();
  await dialog.getByLabel('Reason').fill('the tills are right');
  await dialog.getByRole('button', { name: 'Synchronize' }).click();
  await page.getByText(/^Synchronize: \d errors? resolved\./).waitFor();
  expect(customer(here, 'C4')).toMatchObject({ email: 'till-C4@example.com' });
  await page.getByRole('region', { name: 'Notices' }).getByRole('button', { name: 'Undo' }).click();
  await page.getByText('Taken back.').waitFor();
  expect(customer(here, 'C4')).toMatchObject({ email: 'hq-C4@example.com' });
});

test('at 360 px a whole record is decided as it is in a wide window', async () => {
  const { here } = open;
  const id = (await here.get('/synchronization-errors?kind=conflict&side=hq&key=C4')).body.items[0].id as string;
  const { page, complaints } = await open.openAnother({ width: 360, height: 740 });
  await page.goto(`/errors/${id}`);
  await page.getByRole('button', { name: 'Take all from the channel' }).click();
  await page.locator('.write').first().waitFor();
  await expectFits(page);
  await page.getByRole('button', { name: 'Synchronize', exact: true }).click();
  await page.getByText('Synchronize: 1 error resolved.').waitFor();
  expect(customer(here, 'C4')).toMatchObject({ email: 'till-C4@example.com' });
  expect(complaints).toEqual([]);
  await page.context().close();
});

test('everything that the filters find is worked as one job, for the count that was asked about and no other', async () => {
  const { here, page } = open;
  const numbers = Array.from({ length: 103 }, (_, at) => `D${at + 1}`);
  for (const num of numbers)
    here.site.hq.insert('customers', { num, name: num, email: `${num}@example.com`, credit: '1.00', group_code: 'G1' });
  await here.site.run();
  const [late = '', ...early] = numbers;
  for (const num of early) here.site.houston.delete('shoppers', { cust_num: num });
  await here.site.run();

  await page.goto('/errors?kind=deletion');
  const removeAll = async (count: number): Promise<void> => {
    await page.getByRole('checkbox', { name: 'Select all rows that are loaded' }).check();
    await button(`Select all ${count} that the filters find`).click();
    await button('Remove Coupling').click();
    await dialog.getByRole('heading', { name: `Remove Coupling: ${count} errors` }).waitFor();
  };
  const dialog = page.getByRole('dialog');
  await removeAll(102);
  here.site.houston.delete('shoppers', { cust_num: late });
  await here.site.run();
  await dialog.getByRole('button', { name: 'Remove Coupling' }).click();
  await dialog.getByRole('alert').getByText(/103/).waitFor();
  const opened = () => here.get('/synchronization-errors?kind=deletion&count=true&limit=1');
  expect((await opened()).body.total).toBe(103);
  await dialog.getByRole('button', { name: 'Cancel' }).click();

  await page.reload();
  await removeAll(103);
  const asked = page.waitForRequest(/synchronization-errors\/bulk/);
  await dialog.getByRole('button', { name: 'Remove Coupling' }).click();
  expect((await asked).postDataJSON()).toEqual({
    action: 'remove-coupling',
    filter: { kind: 'deletion' },
    expect: 103,
  });
  await expect.poll(async () => (await opened()).body.total).toBe(0);
  await page.getByText('Nothing matches these filters.').waitFor();
  const { body } = await here.get('/jobs?kind=bulk&limit=1');
  const done = await here.get(`/jobs/${body.items[0].id}/results?status=succeeded&count=true&limit=1`);
  expect(done.body.total).toBe(103);
});

test('a cause with a long value in it leaves room for what is done about it', async () => {
  const { here, page } = open;
  const long = {
    num: 'C9',
    name: 'W'.repeat(100),
    email: 'c9@example.com',
    credit: '1.00',
    group_code: 'G1',
    note: null,
  };
  here.site.hq.insert('customers', long);
  await here.site.run();
  await page.goto('/errors?view=causes&code=value-too-long');
  await page.getByRole('rowheader').getByText('too long').waitFor();
  await expectFits(page, '.table-scroll');
  await page.setViewportSize({ width: 360, height: 740 });
  await expectFits(page, '.table-scroll');
});
