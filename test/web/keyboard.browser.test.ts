import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { customer, makeConflict, shopper } from '../http/open-test-server.ts';
import { openPage, settled } from './open-page.ts';

/** Tab, until what has the focus is named so; what comes by is what somebody without a pointer goes through. */
async function tabTo(page: Page, name: string, most = 40): Promise<void> {
  const focused = page.locator(':focus');
  const named = page
    .getByRole('button', { name, exact: true })
    .or(page.getByRole('link', { name, exact: true }))
    .or(page.getByRole('radio', { name, exact: true }))
    .or(page.getByRole('checkbox', { name, exact: true }))
    .or(page.getByRole('textbox', { name, exact: true }))
    .or(page.getByRole('grid', { name, exact: true }));
  // Nobody goes through a page for what has not come yet.
  await settled(page);
  await named.first().waitFor();
  for (let step = 0; step < most; step += 1) {
    await page.keyboard.press('Tab');
    if ((await focused.and(named).count()) > 0) return;
  }
  throw new Error(`Tab did not reach «${name}»; the focus is on ${await focused.first().innerText()}`);
}

test('a conflict is found, decided field by field, and taken back without a pointer', async () => {
  await using open = await openPage();
  const { here, page, complaints } = open;
  await makeConflict(here, 'C1');
  await makeConflict(here, 'C2');
  await page.goto('/');
  await settled(page);

  // The first stop skips what stands on every page.
  await page.keyboard.press('Tab');
  await expect.poll(() => page.locator(':focus').textContent()).toBe('Skip to the content');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.locator(':focus').getAttribute('id')).toBe('content');

  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.type('coupled data');
  await page.keyboard.press('Enter');
  await page.getByRole('grid').waitFor();
  await expect.poll(() => page.locator(':focus').textContent()).toBe('Coupled Data Synchronization Errors');

  await tabTo(page, 'Kind');
  await page.keyboard.press('Enter');
  await page.getByRole('menuitemcheckbox', { name: 'Changed in both apps' }).waitFor();
  await page.keyboard.press('Enter');
  await expect.poll(() => new URL(page.url()).searchParams.get('kind')).toBe('conflict');
  await page.keyboard.press('Escape');
  await expect.poll(() => page.locator(':focus').getAttribute('aria-haspopup')).toBe('menu');

  await tabTo(page, 'Coupled Data Synchronization Errors');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await settled(page);
  await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent()).toContain('C1');

  await tabTo(page, 'Take all from HQ');
  await page.keyboard.press('Enter');
  await tabTo(page, 'email: take the HQ version');
  await page.keyboard.press('ArrowRight');
  await page.locator('.write').first().waitFor();
  await tabTo(page, 'Reason (kept in the log)');
  await page.keyboard.type('by the keys alone');
  await tabTo(page, 'Synchronize');
  await page.keyboard.press('Enter');
  await page.getByText('Synchronize: 1 error resolved.').waitFor();
  // The button is gone with the error; whoever has no pointer goes on at the heading, and is not thrown to the start.
  await expect.poll(() => page.locator('h1:focus').count()).toBe(1);
  expect(customer(here, 'C1')).toMatchObject({ email: 'till-C1@example.com', name: 'HQ name C1' });

  await tabTo(page, 'Undo');
  await page.keyboard.press('Enter');
  await page.getByText('Taken back.').waitFor();
  await expect.poll(() => page.locator('h1:focus').count()).toBe(1);
  expect(shopper(here, 'C1')).toMatchObject({ mail: 'till-C1@example.com', full_name: 'Till name C1' });

  // Back: the list as it was, with the focus on it and on the row.
  await page.goBack();
  await page.getByRole('grid').waitFor();
  await expect.poll(() => page.locator(':focus').getAttribute('role')).toBe('grid');
  const active = await page.getByRole('grid').getAttribute('aria-activedescendant');
  await expect.poll(() => page.locator(`[id="${active}"]`).textContent()).toContain('C1');
  expect(complaints).toEqual([]);
});

test('a dialog keeps the focus within, gives it back, and Escape changes nothing', async () => {
  await using open = await openPage();
  const { here, page, complaints } = open;
  const id = await makeConflict(here, 'C1');
  await page.goto(`/errors/${id}`);
  await settled(page);
  await tabTo(page, 'Remove Coupling');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  for (let step = 0; step < 8; step += 1) {
    await page.keyboard.press('Tab');
    const outside = await page
      .locator(':focus')
      .evaluateAll((elements) => elements.filter((element) => element.closest('dialog') === null).length);
    expect(outside).toBe(0);
  }
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await expect.poll(() => page.locator(':focus').textContent()).toBe('Remove Coupling');
  expect((await here.get(`/synchronization-errors/${id}`)).body.status).toBe('open');

  // Alt+Q does what Business Central's does; rows are chosen with Space and all of them with Ctrl+A.
  await page.keyboard.press('Alt+q');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.type('C1');
  await page.getByRole('option', { name: /C1/ }).first().waitFor();
  await page.keyboard.press('Escape');
  await page.goto('/errors');
  await page.getByRole('grid').waitFor();
  await page.getByRole('grid').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press(' ');
  await page.getByText('1 selected').waitFor();
  await page.keyboard.press('Control+a');
  expect(complaints).toEqual([]);
});
