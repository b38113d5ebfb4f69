/**
 * Pictures of every page for `docs/screenshots`, of a Couplet that is running with the demo:
 * `npm start`, then `npm run screenshots [-- http://127.0.0.1:4870]`.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { openBrowser, openWindow } from './open-browser.ts';

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
  const conflict = await firstOf('/synchronization-errors?kind=conflict&limit=1');
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
    ['commerce', '/commerce'],
    ['features', '/commerce?tab=features'],
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

await mkdir(folder, { recursive: true });
const browser = await openBrowser();
try {
  for (const width of [1280, 360]) {
    const { page, complaints } = await openWindow(browser, base, { width, height: width === 360 ? 740 : 800 });
    for (const [name, address] of await places()) {
      await page.goto(address);
      await settle(page);
      if (name === 'conflict') {
        await page
          .getByRole('button', { name: 'Take all from HQ' })
          .first()
          .click({ force: true })
          .catch(() => {});
        await settle(page);
      }
      await page.screenshot({ path: join(folder, `${name}-${width}.png`) });
    }
    await page.keyboard.press('Control+k');
    await page.locator('dialog input').fill('cust');
    await settle(page);
    await page.screenshot({ path: join(folder, `tell-me-${width}.png`) });
    for (const complaint of complaints) console.error(complaint);
    await page.context().close();
  }
  const { page } = await openWindow(browser, base, { dark: true });
  await page.goto('/errors');
  await settle(page);
  await page.screenshot({ path: join(folder, 'errors-dark-1280.png') });
} finally {
  await browser.close();
}
