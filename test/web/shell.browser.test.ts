import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeConflict } from '../http/open-test-server.ts';
import { expectAccessible, type OpenPage, openPage, settled } from './open-page.ts';

let open: OpenPage;
let errorId: string;
beforeAll(async () => {
  open = await openPage();
  errorId = await makeConflict(open.here, 'C1');
});
afterAll(async () => {
  await open[Symbol.asyncDispose]();
});

test('filters, order, page and open record are in the address: Back, reload and a link lead to the same', async () => {
  const { page, complaints } = await open.openAnother({});
  await page.goto('/couplings');
  await page.getByRole('grid').waitFor();
  await page.getByRole('search').getByRole('button', { name: 'Status' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Changed in both apps' }).click();
  await page.keyboard.press('Escape');
  await page.getByRole('columnheader').getByRole('button', { name: 'HQ record' }).click();
  await page.getByLabel('Search records').fill('C1');
  await expect.poll(() => page.getByRole('grid').getByRole('row').count()).toBe(2);
  await expect.poll(() => page.url()).toMatch(/status=conflict.*q=C1|q=C1.*status=conflict/);
  const address = page.url();
  const rows = await page.getByRole('grid').textContent();

  await page.reload();
  await page.getByRole('grid').waitFor();
  await expect.poll(() => page.getByRole('grid').textContent()).toBe(rows);
  await expect.poll(() => page.getByLabel('Search records').inputValue()).toBe('C1');

  const { page: another } = await open.openAnother({});
  await another.goto(address);
  await another.getByRole('grid').waitFor();
  await expect.poll(() => another.getByRole('grid').textContent()).toBe(rows);
  await another.context().close();

  await page.getByRole('grid').getByRole('link').first().click();
  await page.getByRole('heading', { level: 1, name: /C1/ }).waitFor();
  const record = page.url();
  await page.goBack();
  await page.getByRole('grid').waitFor();
  expect(page.url()).toBe(address);
  await page.goForward();
  await page.getByRole('heading', { level: 1, name: /C1/ }).waitFor();
  expect(page.url()).toBe(record);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test('a server that is away is told, what was read stays, and the page goes on by itself when it is back', async () => {
  const { page } = await open.openAnother({});
  await page.goto('/errors');
  await page.getByRole('grid').waitFor();
  await page.context().setOffline(true);
  await page.getByRole('link', { name: 'Synchronization Log' }).click();
  await page.getByText('cannot be reached').first().waitFor();
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Coupled Data Synchronization Errors' }).click();
  await page.getByRole('grid').waitFor();
  await expect.poll(() => page.getByRole('grid').textContent()).toContain('C1');
  await page.context().setOffline(false);
  await expect.poll(() => page.locator('.offline').count()).toBe(0);
  await page.getByRole('link', { name: 'Synchronization Log' }).click();
  await page.locator('.timeline-entry').first().waitFor();
  await page.context().close();
});

test('Tell Me finds pages, actions, mappings and records, and does what it names', async () => {
  const { page, complaints } = await open.openAnother({});
  await page.goto('/');
  await settled(page);
  await page.getByRole('button', { name: /Tell me/ }).click();
  await page.locator('dialog input').fill('C1');
  // The error, and the customer himself when he has been looked up as well.
  await page.getByRole('option', { name: /C1 HQ name C1.*Changed in both/ }).click();
  await page.getByRole('heading', { level: 1, name: /C1/ }).waitFor();
  expect(page.url()).toContain(`/errors/${errorId}`);
  // By what somebody knows of a customer, also one that is in step.
  await page.keyboard.press('Control+k');
  await page.locator('dialog input').fill('c3@example.com');
  await page
    .getByRole('option', { name: /C3 Customer 3/ })
    .first()
    .click();
  await page.waitForURL('**/couplings/*');
  await page.keyboard.press('Control+k');
  await page.locator('dialog input').fill('synchronize now');
  await page
    .getByRole('option', { name: /Synchronize now/ })
    .first()
    .waitFor();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  expect(complaints).toEqual([]);
  await page.context().close();
});

test('the security policy runs no inline script and no text as code, and the page needs neither', async () => {
  const { page } = await open.openAnother({});
  const answer = await page.goto('/');
  const policy = answer?.headers()['content-security-policy'] ?? '';
  const scripts = policy.split(';').find((part) => part.trim().startsWith('script-src ')) ?? '';
  expect(scripts.trim()).toBe("script-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  await settled(page);
  const ran = await page.evaluate(`(async () => {
    const script = document.createElement('script');
    script.textContent = 'document.title = "inline script ran"';
    document.body.append(script);
    document.body.insertAdjacentHTML('beforeend', '<img src="/nothing.png" onerror="document.title = \\'handler ran\\'">');
    await new Promise((resolve) => setTimeout(resolve, 300));
    return document.title;
  })()`);
  expect(ran).toBe('Overview · Couplet');
  await page.context().close();
});

test('a link that asks for an e-mail address leads to the page, not to a file', async () => {
  const answer = await open.page.goto('/mappings/customers?tab=records&q=c1@example.com');
  expect(answer?.status()).toBe(200);
  await expect.poll(() => open.page.getByRole('heading', { level: 1 }).textContent()).toBe('Customer');
});

test('an address that no page has is told on a page, to people; programs get the problem', async () => {
  const { page, base } = open;
  for (const address of ['/eror', '/errors/a/b', '/Errors']) {
    const answer = await page.goto(address);
    expect(answer?.status(), address).toBe(address.startsWith('/errors/') ? 200 : 404);
    await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent()).toBe('There is no such page');
  }
  await page.locator('main').getByRole('link').click();
  await expect.poll(() => new URL(page.url()).pathname).toBe('/');
  for (const address of ['/eror', '/assets/none.js', '/api/v1/none']) {
    const html = address === '/eror' ? '*/*' : 'text/html';
    const answer = await fetch(base + address, { headers: { accept: html } });
    expect([answer.status, answer.headers.get('content-type')?.split(';')[0]]).toEqual([
      404,
      'application/problem+json',
    ]);
  }
});
