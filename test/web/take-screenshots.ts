/**
 * Pictures of every page for `docs/screenshots`, of a Couplet that is running with the demo:
 * `npm start`, then `npm run screenshots [-- http://127.0.0.1:4870]`.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { openBrowser, openWindow, type WindowOptions } from './open-browser.ts';

const base = process.argv[2] ?? 'http://127.0.0.1:4870';
const folder = process.argv[3] ?? join(import.meta.dirname, '../../docs/screenshots');

interface Listed {
  readonly items: readonly {
    readonly id: string;
    readonly kind?: string;
    readonly scope?: string;
    readonly status?: string;
  }[];
}

async function firstOf(path: string): Promise<string | null> {
  const answer = await fetch(`${base}/api/v1${path}`);
  if (!answer.ok) return null;
  return ((await answer.json()) as Listed).items[0]?.id ?? null;
}

async function places(): Promise<readonly (readonly [name: string, address: string])[]> {
  const conflict = await firstOf('/synchronization-errors?kind=conflict&sort=firstSeenAt&limit=1');
  const deletion = await firstOf('/synchronization-errors?kind=deletion&limit=1');
  const failure = await firstOf('/synchronization-errors?kind=failure&limit=1');
  const coupling = await firstOf('/couplings?mapping=customers&status=conflict&limit=1');
  const job = await firstOf('/jobs?kind=synchronize&limit=1');
  const operation = await firstOf('/customer-operations?status=failed&limit=1');
  const found: readonly (readonly [string, string | null])[] = [
    ['overview', '/'],
    ['errors', '/errors'],
    ['errors-by-cause', '/errors?view=causes'],
    ['conflict', conflict && `/errors/${conflict}`],
    ['deletion', deletion && `/errors/${deletion}`],
    ['failure', failure && `/errors/${failure}`],
    ['log', '/log'],
    ['jobs', '/jobs'],
    ['job', job && `/jobs/${job}`],
    ['mappings', '/mappings'],
    ['mapping', '/mappings/customers'],
    ['mapping-fields', '/mappings/customers?tab=fields'],
    ['mapping-records', '/mappings/customers?tab=records&coupled=false'],
    ['couplings', '/couplings'],
    ['coupling', coupling && `/couplings/${coupling}`],
    ['customer-operations', '/customer-operations'],
    ['customer-operation', operation && `/customer-operations/${operation}`],
    ['commerce-jobs', '/commerce'],
    ['commerce-sessions', '/commerce?tab=sessions'],
    ['commerce-features', '/commerce?tab=features'],
  ];
  return found.flatMap(([name, address]) => (address === null ? [] : [[name, address] as const]));
}

/** A page stands still when nothing is awaited any more. */
async function settle(page: Page): Promise<void> {
  await page.locator('h1').waitFor();
  await expectNone(page);
  await page.waitForTimeout(150);
}

/** The page's security policy evaluates no text, so what is waited for is asked from outside. */
async function expectNone(page: Page): Promise<void> {
  while ((await page.locator('.waiting, .fui-Spinner').count()) > 0) await page.waitForTimeout(50);
}

/** A conflict is shown while it is decided: one version chosen, what would be written below it. */
async function decide(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Take all from HQ' }).first().click();
  await page.locator('.write').or(page.getByText('Nothing is written')).first().waitFor();
}

async function shoot(options: WindowOptions, suffix: string, only: readonly string[] | null): Promise<void> {
  const { page, complaints } = await openWindow(browser, base, options);
  for (const [name, address] of await places()) {
    if (only !== null && !only.includes(name)) continue;
    await page.goto(address);
    await settle(page);
    if (name === 'conflict') await decide(page);
    await page.screenshot({ path: join(folder, `${name}${suffix}.png`) });
  }
  for (const complaint of complaints) console.error(complaint);
  await page.context().close();
}

async function shootTellMe(): Promise<void> {
  const { page } = await openWindow(browser, base);
  await page.goto('/');
  await settle(page);
  await page.keyboard.press('Control+k');
  await page.locator('dialog input').fill('cust');
  await page.getByRole('option').nth(8).waitFor();
  await page.screenshot({ path: join(folder, 'tell-me.png') });
  await page.context().close();
}

const NARROW = ['overview', 'errors', 'conflict', 'customer-operation'];
const DARK = ['errors', 'conflict'];

await mkdir(folder, { recursive: true });
const browser = await openBrowser();
try {
  await shoot({}, '', null);
  await shoot({ dark: true }, '-dark', DARK);
  await shoot({ width: 360, height: 740 }, '-360', NARROW);
  await shootTellMe();
} finally {
  await browser.close();
}
