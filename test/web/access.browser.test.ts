import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Role } from '../../src/domain/terms.ts';
import { expectAccessible, expectFits, type OpenPage, openPage, settled } from './open-page.ts';

let open: OpenPage;
let errorId: string;
let couplingId: string;
let jobId: string;

beforeAll(async () => {
  open = await openPage({ auth: { kind: 'configured', apiKeys: true, oidc: null } });
  const { here } = open;
  const admin = { authorization: `Bearer ${await keyOf('admin', 'setter up')}` };
  here.site.houston.update('shoppers', { cust_num: 'C1' }, { mail: 'till@example.com' });
  here.site.hq.update('customers', { num: 'C1' }, { email: 'hq@example.com' });
  await here.site.run();
  [errorId, couplingId, jobId] = (await Promise.all(
    ['/synchronization-errors', '/couplings?mapping=customers', '/jobs'].map(
      async (path) => (await here.get(path, admin)).body.items[0].id as string,
    ),
  )) as [string, string, string];
});
afterAll(async () => {
  await open[Symbol.asyncDispose]();
});

async function keyOf(role: Role, name: string): Promise<string> {
  const made = await open.here.database.access.createApiKey({
    name,
    role,
    channel: role === 'channel' ? 'houston' : null,
    expiresAt: null,
  });
  if (!made) throw new Error(`the key ${name} was not made`);
  return made.secret;
}

async function signIn(page: Page, secret: string): Promise<void> {
  await page.goto('/');
  await page.getByLabel('Access key').fill(secret);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** Buttons and boxes of the page itself: what stands around it is everybody's. */
async function offered(page: Page, address: string): Promise<readonly string[]> {
  await page.goto(address);
  await settled(page);
  await page.locator('main').getByText(/\w/).first().waitFor();
  const buttons = page.locator('main').getByRole('button');
  return (await buttons.allTextContents()).map((text) => text.trim());
}

const CHANGING =
  /^(?:Retry|Synchronize|Restore|Delete|Remove Coupling|Undo|Pause|Resume|Full run|Dry run|Match and couple|Couple records|Save note|Assign|Check the set-up|Cancel the job|Verify)/;

test('nobody sees anything before signing in; a wrong key is told, a right one opens the page where it was asked for', async () => {
  const { page, complaints } = await open.openAnother({});
  await page.goto(`/errors/${errorId}`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(await page.locator('body').textContent()).not.toContain('C1');
  await expectAccessible(page);
  await page.getByLabel('Access key').fill('cpl_wrong');
  await page.keyboard.press('Enter');
  await page.getByText('This key or token is unknown, expired or revoked.').waitFor();
  await page.getByLabel('Access key').fill(await keyOf('operator', 'olga'));
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Take all from HQ' }).waitFor();

  // The session is a cookie that no script reads, and it outlives a reload.
  expect(await page.context().cookies()).toMatchObject([{ httpOnly: true, sameSite: 'Strict' }]);
  await page.reload();
  await page.getByRole('button', { name: 'Take all from HQ' }).waitFor();
  await page.getByRole('button', { name: /Sign out/ }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(await page.locator('body').textContent()).not.toContain('C1');
  expect(complaints.filter((text) => !text.includes('401'))).toEqual([]);
  await page.context().close();
});

test('a viewer reads every page and is offered nothing that would be refused', async () => {
  const { page, complaints } = await open.openAnother({});
  await signIn(page, await keyOf('viewer', 'vera'));
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  const addresses = [
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
  ];
  for (const address of addresses)
    expect([address, (await offered(page, address)).filter((text) => CHANGING.test(text))]).toEqual([address, []]);
  await page.goto('/errors');
  await page.getByRole('grid').waitFor();
  expect(await page.getByRole('checkbox').count()).toBe(0);
  await page.keyboard.press('Control+k');
  await page.locator('dialog input').fill('synchronize now');
  await page
    .getByRole('status')
    .getByText(/^No|Nothing|results?$/)
    .first()
    .waitFor();
  expect(await page.getByRole('option', { name: /Synchronize now/ }).count()).toBe(0);
  expect(complaints.filter((text) => !text.includes('401'))).toEqual([]);
  await page.context().close();
});

test('an operator acts on errors and runs mappings, but pauses none; an admin does', async () => {
  const operator = (await open.openAnother({})).page;
  await signIn(operator, await keyOf('operator', 'otto'));
  await operator.getByRole('heading', { name: 'Overview' }).waitFor();
  await expect
    .poll(() => offered(operator, `/errors/${errorId}`))
    .toEqual(expect.arrayContaining(['Retry', 'Remove Coupling']));
  const runs = await offered(operator, '/mappings/customers');
  expect(runs).toEqual(expect.arrayContaining(['Synchronize now', 'Full run', 'Dry run']));
  expect(runs).not.toContain('Pause');
  await operator.context().close();

  const admin = (await open.openAnother({})).page;
  await signIn(admin, await keyOf('admin', 'ada'));
  await admin.getByRole('heading', { name: 'Overview' }).waitFor();
  await expect.poll(() => offered(admin, '/mappings/customers')).toContain('Pause');
  await admin.context().close();
});

test('the key of a channel opens no page, and the sign-in fits a narrow window', async () => {
  const { page } = await open.openAnother({ width: 360, height: 740, dark: true });
  await signIn(page, await keyOf('channel', 'till 7'));
  await page.getByText('This key belongs to a channel and opens no page.').waitFor();
  await expectAccessible(page);
  await expectFits(page);
  await page.context().close();
});

test('what a signed-in person does carries their name', async () => {
  const { page } = await open.openAnother({});
  await signIn(page, await keyOf('operator', 'omar'));
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.goto(`/errors/${errorId}`);
  await page.getByRole('button', { name: 'Take all from HQ' }).click();
  await page.getByRole('button', { name: 'Synchronize', exact: true }).click();
  await page.getByText('Synchronize: 1 error resolved.').waitFor();
  await page.getByText('Resolved with Synchronize by omar').waitFor();
  await page.context().close();
});
