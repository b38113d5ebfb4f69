import { expect, test } from 'vitest';
import { customer, makeConflict, shopper } from '../http/open-test-server.ts';
import { openPage, settled } from './open-page.ts';

test('a conflict is found, compared, previewed, decided field by field, and taken back from the toast', async () => {
  await using open = await openPage();
  const { here, page, complaints } = open;
  await makeConflict(here);
  await page.goto('/errors');
  await page.getByRole('grid').getByRole('link', { name: 'C1 HQ name C1' }).click();
  await settled(page);
  await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent()).toContain('C1');
  await page.getByRole('button', { name: 'Take all from HQ' }).click();
  await page.getByRole('radio', { name: 'email: take the channel version' }).check();
  const writes = page.locator('.write');
  await expect.poll(() => writes.allTextContents().then((all) => all.join(' '))).toContain('till-C1@example.com');
  await page.getByLabel('Reason (kept in the log)').fill('the till knows the address');
  await page.getByRole('button', { name: 'Synchronize', exact: true }).click();
  await page.getByText('Synchronize: 1 error resolved.').waitFor();
  expect(customer(here, 'C1')).toMatchObject({ email: 'till-C1@example.com', name: 'HQ name C1' });
  expect(shopper(here, 'C1')).toMatchObject({ mail: 'till-C1@example.com', full_name: 'HQ name C1' });

  await page.getByRole('region', { name: 'Notices' }).getByRole('button', { name: 'Undo' }).click();
  await page.getByText('Taken back.').waitFor();
  expect(customer(here, 'C1')).toMatchObject({ email: 'hq-C1@example.com' });
  expect(shopper(here, 'C1')).toMatchObject({ mail: 'till-C1@example.com' });
  expect(complaints).toEqual([]);
});

test('a decision about what has moved shows what moved, and writes nothing', async () => {
  await using open = await openPage();
  const { here, page } = open;
  const id = await makeConflict(here);
  await page.goto(`/errors/${id}`);
  await settled(page);
  here.site.hq.update('customers', { num: 'C1' }, { email: 'later@example.com' });
  await page.getByRole('button', { name: 'Take all from HQ' }).click();
  const alert = page.getByRole('alert').filter({ hasText: 'have moved' });
  await alert.waitFor();
  await expect.poll(() => alert.textContent()).toContain('later@example.com');
  expect(shopper(here, 'C1')).toMatchObject({ mail: 'till-C1@example.com' });
});

test('a deleted record is restored with a preview, from the list, and that is taken back', async () => {
  await using open = await openPage();
  const { here, page, complaints } = open;
  here.site.houston.delete('shoppers', { cust_num: 'C2' });
  await here.site.run();
  await page.goto('/errors');
  await page.getByRole('grid').waitFor();
  await page.getByRole('checkbox', { name: /^Select C2/ }).check();
  await page.getByRole('button', { name: 'Restore Records' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('.write').getByText('Create in channel').or(dialog.getByText('Restore in channel')).waitFor();
  await dialog.getByRole('button', { name: 'Restore Records' }).click();
  await page.getByText('Restore Records: 1 error resolved.').waitFor();
  expect(shopper(here, 'C2')).toMatchObject({ full_name: 'Customer 2' });

  const undo = page.getByRole('region', { name: 'Notices' }).getByRole('button', { name: 'Undo' });
  await undo.click();
  await page.getByText('Taken back.').waitFor();
  expect(shopper(here, 'C2')).toBeUndefined();
  await page.getByRole('checkbox', { name: /^Select C2/ }).check();
  await page.getByRole('button', { name: 'Remove Coupling' }).click();
  await dialog.getByRole('button', { name: 'Remove Coupling' }).click();
  await page.getByText('Remove Coupling: 1 error resolved.').waitFor();
  await undo.last().click();
  await page.getByRole('checkbox', { name: /^Select C2/ }).waitFor();
  expect(complaints).toEqual([]);
});

test('a record or mapping whose name is markup is text everywhere', async () => {
  const name = '<img src=x onerror=alert(1)>';
  await using open = await openPage({
    configuration: (text) => text.replace('label: Customer\n', `label: "${name}"\n`),
  });
  const { here, page, complaints } = open;
  here.site.hq.update('customers', { num: 'C3' }, { name });
  await here.site.run();
  here.site.hq.update('customers', { num: 'C4' }, { name: `${name}1` });
  here.site.houston.update('shoppers', { cust_num: 'C4' }, { full_name: `${name}2` });
  await here.site.run();
  const [error] = (await here.get('/synchronization-errors')).body.items;
  const tried = { action: 'synchronize', winner: 'hq', ids: [error.id], dryRun: true };
  const { body: job } = await here.post('/synchronization-errors/bulk', tried, { prefer: 'wait=30' });
  const [coupling] = (await here.get('/couplings?mapping=customers')).body.items;
  const addresses = [
    '/',
    '/errors',
    '/errors?view=causes',
    `/errors/${error.id}`,
    '/couplings',
    `/couplings/${coupling.id}`,
    '/log',
    '/jobs',
    `/jobs/${job.id}`,
    '/mappings',
    '/mappings/customers',
    '/mappings/customers?tab=records',
  ];
  for (const address of addresses) {
    await page.goto(address);
    await settled(page);
    await page.getByText(name).first().waitFor();
    expect(await page.locator('img').count()).toBe(0);
  }
  await page.keyboard.press('Control+k');
  await page.locator('dialog input').fill('img');
  for (const found of [`Synchronize now: ${name}`, `C3 ${name}`, `C4 ${name}1`])
    await page.getByRole('option').filter({ hasText: found }).first().waitFor();
  expect(await page.locator('img').count()).toBe(0);
  expect(complaints).toEqual([]);
});

test('an impatient second press of Retry is none: one try, one notice, and the focus stays', async () => {
  await using open = await openPage();
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
  const [error] = (await here.get('/synchronization-errors?code=value-too-long')).body.items;
  // The network is slow: nothing is answered before both presses are made.
  const pressed = Promise.withResolvers<void>();
  const tries: string[] = [];
  await page.route('**/retry', async (route) => {
    tries.push(route.request().url());
    await pressed.promise;
    await route.continue();
  });
  await page.goto(`/errors/${error.id}`);
  await settled(page);
  await page.getByRole('button', { name: 'Retry', exact: true }).press('Enter');
  await page.keyboard.press('Enter');
  pressed.resolve();
  await page.getByText('Retry: the error is still open.').waitFor();
  await expect.poll(() => page.locator('button:focus').allTextContents()).toEqual(['Retry']);
  expect(tries).toHaveLength(1);
  expect((await here.get(`/synchronization-errors/${error.id}`)).body.attempts).toBe(error.attempts + 1);
});
