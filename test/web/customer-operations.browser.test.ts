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
  await page.getByText('Houston: 2 waiting').waitFor();
  await pipeline();

  await page.goto('/customer-operations?status=failed');
  await page.getByRole('grid').waitFor();
  expect((await page.getByRole('columnheader').allTextContents()).filter((text) => text !== '')).toEqual([
    'Channel name',
    'Customer account',
    'Async customer account',
    'Operations timestamp',
    'Customer sync status',
  ]);
  expect(await page.getByRole('grid').textContent()).toContain(guid);
  await page.getByRole('grid').getByRole('link').first().click();
  await page.getByRole('heading', { name: 'Customer attributes' }).waitFor();
  expect(await page.locator('main').textContent()).toMatch(/Last known error.*email/s);

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
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toMatch(/^C\d{6}/);
  expect(await button('Edit').count()).toBe(0);
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

test('operations are found by a customer field; one correction or dismissal goes to many', async () => {
  for (const name of ['Dora East', 'Dora Flint']) await stage.till.create({ full_name: name, mail: 'dora', tel: '4' });
  await pipeline();
  await page.goto('/customer-operations?status=failed');
  await page.getByRole('grid').waitFor();
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
  expect(await feature('Edit customers in asynchronous mode').isChecked()).toBe(false);
  await feature('Performance improvements for customer orders').click();
  await page.getByText('Not everywhere yet').first().waitFor();
  await page
    .getByText(/Houston waits for .*1110/)
    .first()
    .waitFor();
  await expectAccessible(page);
  expect(complaints.filter((text) => !/409|422/.test(text))).toEqual([]);
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
