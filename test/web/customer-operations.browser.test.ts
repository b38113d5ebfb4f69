import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensurePageBuilt } from '../../src/web-build/ensure-page-built.ts';
import { type Api, openApi } from '../commerce/ask-api.ts';
import { type CommerceStage, openCommerceStage } from '../commerce/commerce-stage.ts';
import { openBrowser, openWindow, type WindowOptions } from './open-browser.ts';
import { expectAccessible, expectFits, settled } from './open-page.ts';

let stage: CommerceStage;
let api: Api;
let browser: Browser;
let base: string;
let page: Page;
let complaints: string[];

const open = (options: WindowOptions = {}) => openWindow(browser, base, options);
const button = (name: string) => page.getByRole('button', { name, exact: true });

async function pipeline(): Promise<void> {
  for (const job of ['p-job', 'synchronize-customers', '1010'] as const) await stage.job(job);
}

async function operationOf(guid: string): Promise<string> {
  const { body } = await api.get(`/customer-operations?asyncAccount=${guid}`);
  return body.items[0].id as string;
}

beforeAll(async () => {
  const pageFolder = await ensurePageBuilt(() => {});
  stage = await openCommerceStage();
  api = await openApi(stage.couplet, { kind: 'local' }, { pageFolder });
  base = await api.listen();
  browser = await openBrowser();
  ({ page, complaints } = await open());
});
afterAll(async () => {
  await browser.close();
  await api[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

test('a failed operation is found, opened, corrected, saved, and synchronized', async () => {
  const guid = await stage.till.create({ full_name: 'Ann Baker', mail: 'ann.example.com', tel: '1' });
  await stage.till.create({ full_name: 'Ben Carter', mail: 'ben@example.com', tel: '2' });
  await page.goto('/customer-operations');
  await settled(page);
  // What the channel still holds can be looked at, not acted upon.
  await page.getByText('Houston: 2 waiting').click();
  await page.getByRole('grid').getByRole('link').first().click();
  await page.getByRole('heading', { name: 'Customer attributes' }).waitFor();
  await expect.poll(() => page.locator('main').textContent()).toMatch(/Still in the channel/);
  expect(await button('Edit').count()).toBe(0);
  await pipeline();

  // Nobody has a number yet by which to find this customer.
  await page.keyboard.press('Control+k');
  await page.locator('dialog input').fill('ann.example.com');
  await page.getByRole('option', { name: /Pending sync · Create customer Failed/ }).waitFor();
  await page.keyboard.press('Escape');

  await page.goto('/customer-operations?status=failed');
  await page.getByRole('grid').waitFor();
  expect((await page.getByRole('columnheader').allTextContents()).filter((text) => text !== '')).toEqual([
    'Channel name',
    'Customer account',
    'Async customer account',
    'Operations timestamp',
    'Customer sync status',
  ]);
  await expect.poll(() => page.getByRole('grid').textContent()).toContain(guid);
  await page.getByRole('grid').getByRole('link').first().click();
  await page.getByRole('heading', { name: 'Customer attributes' }).waitFor();
  await expect.poll(() => page.locator('main').textContent()).toMatch(/Last known error.*email/s);

  // Edit takes the operation: the jobs leave it alone, and another window says who has it.
  await button('Edit').click();
  await page.getByLabel('New value for email').fill('still wrong');
  await button('Save').click();
  await page
    .getByRole('region', { name: 'Notices' })
    .getByText(/customer_email_check/)
    .waitFor();
  expect(await page.getByRole('button', { name: 'Synchronize', exact: true }).count()).toBe(0);
  await expectAccessible(page);
  // What only comes from HQ is shown and not asked for.
  expect(await page.locator('.attributes tbody th').allTextContents()).toEqual(['number', 'name', 'email', 'phone']);
  expect(await page.locator('.attributes input').count()).toBe(3);
  expect(await page.getByLabel('New value for number').count()).toBe(0);
  await page.getByLabel('New value for email').fill('ann@example.com');
  await button('Save').click();
  await page.getByText('Saved. Not synchronized yet.').waitFor();
  expect(await stage.hq`select 1 from customer where email = 'ann@example.com'`).toHaveLength(0);
  await page.getByText('the channel sent ann.example.com').waitFor();

  await button('Synchronize').click();
  await page.getByText('Synchronized.', { exact: true }).waitFor();
  expect(await stage.hq`select name, cust_account_async from customer where email = 'ann@example.com'`).toEqual([
    { name: 'Ann Baker', cust_account_async: guid },
  ]);
  await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent()).toMatch(/^C\d{6}/);
  await expect.poll(() => button('Edit').count()).toBe(0);
  expect(complaints.filter((text) => !/422/.test(text))).toEqual([]);
});

test('what somebody took to edit stays theirs over a reload, and Save and synchronize does both at once', async () => {
  const guid = await stage.till.create({ full_name: 'Cleo Dunn', mail: 'cleo', tel: '3' });
  await pipeline();
  await page.goto(`/customer-operations/${await operationOf(guid)}`);
  await button('Edit').click();
  await page.getByText(/^You are editing this operation until/).waitFor();
  await page.reload();
  await page.getByText(/^You are editing this operation until/).waitFor();
  await page.getByLabel('New value for email').fill('cleo@example.com');
  await button('Save and synchronize').click();
  await page.getByText('Synchronized.', { exact: true }).waitFor();
  expect(await stage.hq`select name from customer where email = 'cleo@example.com'`).toEqual([{ name: 'Cleo Dunn' }]);
});

test('what HQ refuses stays readable: the value is beside what is said of it, which is said once', async () => {
  const guid = await stage.till.create({ full_name: 'Carl Dean', mail: 'carl', tel: '3' });
  await pipeline();
  const id = await operationOf(guid);
  for (const locale of ['en', 'fr'] as const) {
    const window = await open({ locale });
    const [edit, save] = locale === 'en' ? ['Edit', 'Save'] : ['Modifier', 'Enregistrer'];
    await window.page.goto(`/customer-operations/${id}`);
    await window.page.getByRole('button', { name: edit, exact: true }).click();
    const name = window.page.locator('.attributes tr', { hasText: 'name' }).locator('input');
    await name.fill('');
    await window.page.getByRole('button', { name: save, exact: true }).click();
    const said = (await window.page.locator('.attribute-refusal').textContent()) ?? '';
    expect((await name.boundingBox())?.width).toBeGreaterThan(120);
    const notice = window.page.locator('.notice-bad');
    expect((await notice.textContent())?.trim()).toBe(said);
    await api.ask('DELETE', `/customer-operations/${id}/edit`);
    await window.page.context().close();
  }
});

test('leaving with corrections that are not saved is asked about first, and gives the operation back', async () => {
  const guid = await stage.till.create({ full_name: 'Cora Ek', mail: 'cora', tel: '3' });
  await pipeline();
  const id = await operationOf(guid);
  const status = async () => (await api.get(`/customer-operations/${id}`)).body.status as string;
  const question = page.getByRole('dialog', { name: 'Leave without saving?' });
  const phone = page.getByLabel('New value for phone');
  const backToList = page.locator('main').getByRole('link', { name: 'Customer Synchronization Status' });
  await page.goto('/');
  await settled(page);
  await page.getByRole('link', { name: 'Customer Synchronization Status' }).first().click();
  await page.getByRole('grid').getByRole('link').first().waitFor();
  await page.goto(`/customer-operations?asyncAccount=${guid}`);
  await page.getByRole('grid').getByRole('link').first().click();
  await button('Edit').click();
  await phone.fill('33');

  // Staying keeps everything: by a link, by Back, and by Stop editing.
  for (const leave of [
    () => backToList.first().click(),
    () => page.goBack(),
    () => button('Stop editing').click(),
    () => page.getByRole('link', { name: 'Couplet' }).click(),
  ]) {
    await leave();
    await question.waitFor();
    await question.getByRole('button', { name: 'Stay' }).click();
    await question.waitFor({ state: 'detached' });
    // Back has moved before anybody is asked, and the browser takes its time to put it back.
    await expect.poll(() => new URL(page.url()).pathname).toBe(`/customer-operations/${id}`);
    expect(await phone.inputValue()).toBe('33');
  }
  expect(await status()).toBe('editing');

  await page.goBack();
  await question.waitFor();
  await expectAccessible(page);
  await question.getByRole('button', { name: 'Leave', exact: true }).click();
  await page.waitForURL(`**/customer-operations?asyncAccount=${guid}`);
  await expect.poll(status).toBe('failed');
  await page.goForward();
  await button('Edit').click();
  await phone.waitFor();
  expect(await phone.inputValue()).toBe('3');

  // Without corrections nobody is asked, and it is given back all the same.
  await backToList.first().click();
  await page.getByRole('grid').waitFor();
  await expect.poll(status).toBe('failed');

  // What goes beyond this page, a reload, is the browser's to ask about.
  await page.getByRole('grid').getByRole('link').first().click();
  await button('Edit').click();
  await phone.fill('34');
  const asked: string[] = [];
  page.once('dialog', (dialog) => {
    asked.push(dialog.type());
    void dialog.accept();
  });
  await page.reload();
  expect(asked).toEqual(['beforeunload']);
  await expect.poll(status).toBe('failed');
});

test('a create that is opened again tells what was dismissed along with it, and opens that too', async () => {
  const guid = await stage.till.create({ full_name: 'Reopened Rita', mail: 'no address' });
  await stage.till.update(guid, { tel: '1' });
  await stage.till.address(guid, '1', 'Main 1');
  await pipeline();
  const { body } = await api.get(`/customer-operations?asyncAccount=${guid}&operation=createCustomer`);
  await api.post(`/customer-operations/${body.items[0].id}/dismiss`, { reason: 'a test' });
  await page.goto(`/customer-operations/${body.items[0].id}`);
  await button('Reopen').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('2 operations are still dismissed').waitFor();
  await dialog.getByRole('link', { name: 'Create address' }).waitFor();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Reopen them too' }).click();
  await page.getByText('2 operations are being worked.').waitFor();
  await expect.poll(() => dialog.count()).toBe(0);
  const statuses = async (): Promise<string[]> =>
    (await api.get(`/customer-operations?asyncAccount=${guid}`)).body.items.map(
      ({ status }: { status: string }) => status,
    );
  await expect.poll(statuses).not.toContain('dismissed');
});

test('operations are found by a customer field; one correction or dismissal goes to many', async () => {
  for (const name of ['Dora East', 'Dora Flint']) await stage.till.create({ full_name: name, mail: 'dora', tel: '4' });
  // The same is missing of two tables, so what both have in common is a whole sentence.
  await stage.till.create({ full_name: null, mail: 'nobody@example.com', tel: '4' });
  const guid = await stage.till.create({ full_name: 'Ed Gray', mail: 'ed@example.com', tel: '4' });
  await stage.houston`insert into commerce.retailasyncaddressv2 (custaccountasync, operation, line_no)
    values (${guid}, 1, '1')`;
  await pipeline();
  await page.goto('/customer-operations?status=failed');
  await page.getByRole('grid').waitFor();
  const causes = page.getByRole('list', { name: 'Failures by cause' }).getByRole('link');
  await expect
    .poll(() => causes.allTextContents())
    .toContain('The target column must have a value and the record has none for it: 2');
  await button('Filter by a customer field').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Customer field').selectOption('name');
  await dialog.getByLabel(/^Value/).fill('dora*');
  await dialog.getByRole('button', { name: 'Apply' }).click();
  await expect.poll(() => page.getByRole('grid').getByRole('row').count()).toBe(3);
  expect(new URL(page.url()).searchParams.get('field.name')).toBe('dora*');
  await page.getByRole('checkbox', { name: 'Select all rows that are loaded' }).check();
  await button('Dismiss').click();
  await dialog.getByLabel('Why is it dismissed?').fill('a test of the till');
  await dialog.getByRole('button', { name: 'Dismiss' }).click();
  await page.getByText('2 operations are being worked.').waitFor();
  await page.goto('/customer-operations?status=dismissed');
  await expect.poll(() => page.getByRole('grid').getByRole('row').count()).toBe(3);
  await page.getByRole('grid').getByRole('link').first().click();
  await page.getByText('Dismissed by local: a test of the till').waitFor();
  await button('Reopen').click();
  await page.getByText('Reopened.').waitFor();
});

test('the five jobs run from their page, their sessions are listed, and features ask for what they need', async () => {
  await stage.till.create({ full_name: 'Gus Hill', mail: 'gus@example.com', tel: '5' });
  await page.goto('/commerce');
  await settled(page);
  await page.getByText('(Synchronize customers and business partners from async mode)').waitFor();
  await page.getByRole('button', { name: 'Run P-job now' }).click();
  await page.getByText('P-job: started.').waitFor();
  await page.getByRole('tab', { name: 'Sessions' }).click();
  await page
    .getByRole('row', { name: /P-job.*Upload.*Houston.*Applied/s })
    .first()
    .waitFor();
  await expectAccessible(page);

  await page.getByRole('tab', { name: 'Features' }).click();
  const feature = (name: string) => page.getByRole('switch', { name });
  await feature('Edit customers in asynchronous mode').click();
  await page.getByText(/^First switch on: .*Performance improvements/).waitFor();
  await expect.poll(() => feature('Edit customers in asynchronous mode').isChecked()).toBe(false);
  await feature('Performance improvements for customer orders').click();
  await page.getByText('Not everywhere yet').first().waitFor();
  await page
    .getByText(/Houston waits for .*1110/)
    .first()
    .waitFor();
  await expectAccessible(page);

  // Whatever was switched is on its way until these three have run.
  await page.getByRole('tab', { name: 'Jobs' }).click();
  for (const job of ['1110 Global configuration', '1010 Customers', '1070 Channel configuration']) {
    await page.getByRole('button', { name: `Run ${job} now` }).click();
    await page.getByText(`${job}: started.`).waitFor();
  }
  await page.getByRole('tab', { name: 'Features' }).click();
  await page.getByText('Houston: On').waitFor();
  await page.getByText('Not everywhere yet').first().waitFor({ state: 'detached' });
  expect(complaints.filter((text) => !/409|422/.test(text))).toEqual([]);
});

test('a session that failed is cancelled, and run again once what it met is cured', async () => {
  const guid = await stage.till.create({ full_name: 'Hugo Ives', mail: 'hugo@example.com', tel: '7' });
  await stage.job('p-job');
  const rename = (name: string) =>
    stage.houston`update commerce.retailasynccustomerv2 set full_name = ${name} where custaccountasync = ${guid}`;
  await rename('Another person');
  await stage.job('p-job');
  await page.goto('/commerce?tab=sessions&all=true');
  const session = page.getByRole('row', { name: /P-job.*Upload.*Houston/s }).first();
  await session.getByText('Failed', { exact: true }).waitFor();
  await session.getByRole('button', { name: /^Cancel session/ }).click();
  await session.getByText('Cancelled', { exact: true }).waitFor();
  await rename('Hugo Ives');
  await session.getByRole('button', { name: /^Rerun/ }).click();
  await session.getByText(/^rerun of …\w{6}$/).waitFor();
  await session.getByText(/^(Applied|No data)$/).waitFor();
});

test('a conflict of an operation is decided in the error list, which ends both', async () => {
  const guid = await stage.till.create({ full_name: 'Ida Jones', mail: 'ida@example.com', tel: '8' });
  await pipeline();
  await stage.hq`update customer set phone = 'by HQ' where email = 'ida@example.com'`;
  await stage.till.update(guid, { tel: 'by the till' });
  await pipeline();
  await page.goto(`/customer-operations?status=conflict&asyncAccount=${guid}`);
  await page.getByRole('grid').getByRole('link').first().click();
  await page.getByRole('link', { name: 'Decide in Coupled Data Synchronization Errors' }).click();
  await page.getByRole('radio', { name: 'phone: take the channel version' }).check();
  await expect.poll(() => page.locator('.write').allTextContents().then(String)).toContain('by the till');
  await button('Synchronize').click();
  await page.getByText('Synchronize: 1 error resolved.').waitFor();
  expect(await stage.hq`select phone from customer where email = 'ida@example.com'`).toEqual([
    { phone: 'by the till' },
  ]);
  await page.goto(`/customer-operations?status=synchronized&asyncAccount=${guid}`);
  await expect.poll(() => page.getByRole('grid').getByRole('row').count()).toBe(3);
});

test('somebody else is editing: that is said, and nothing that would be refused is offered', async () => {
  const guid = await stage.till.create({ full_name: 'Jan Kok', mail: 'jan', tel: '9' });
  await pipeline();
  const id = await operationOf(guid);
  await api.post(`/customer-operations/${id}/edit`, {});
  const lease = (minutes: number) =>
    stage.coupling`update couplet.customer_operation set status = 'editing', editing_by = 'berta',
      editing_until = now() + ${minutes}::float8 * interval '1 minute' where id = ${id}`;
  await lease(10);
  await page.goto(`/customer-operations/${id}`);
  await page.getByText(/^berta is editing this operation until/).waitFor();
  for (const name of ['Edit', 'Save', 'Synchronize', 'Dismiss']) expect(await button(name).count()).toBe(0);

  // Her time is over; then she is faster by a moment than whoever presses Edit.
  await lease(-1);
  await page.reload();
  await button('Edit').waitFor();
  await lease(10);
  await button('Edit').click();
  await page.getByRole('region', { name: 'Notices' }).getByText(/berta/).waitFor();
  expect(await page.getByLabel('New value for email').count()).toBe(0);
});

test('its pages are accessible and fit, light and dark, wide and at 360 px, and a name of markup is text', async () => {
  const markup = '<img src=x onerror=alert(1)>';
  const guid = await stage.till.create({ full_name: markup, mail: 'markup', tel: '6' });
  await pipeline();
  const id = await operationOf(guid);
  for (const options of [{}, { width: 360, height: 740, dark: true }]) {
    const window = await open(options);
    for (const address of [
      '/customer-operations',
      `/customer-operations/${id}`,
      '/commerce',
      '/commerce?tab=sessions&all=true',
      '/commerce?tab=features',
    ]) {
      await window.page.goto(address);
      await settled(window.page);
      await expectAccessible(window.page);
      await expectFits(window.page);
      expect(await window.page.locator('img').count()).toBe(0);
      if (address.endsWith(id)) await window.page.getByText(markup).first().waitFor();
    }
    expect(window.complaints).toEqual([]);
    await window.page.context().close();
  }
});
