/** The built page over the test server, in a browser: what a person meets. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { expect, vi } from 'vitest';
import { ensurePageBuilt } from '../../src/web-build/ensure-page-built.ts';
import { openServerInStep, type TestServer, type TestServerOptions } from '../http/open-test-server.ts';
import { openBrowser, openWindow, type Watched, type WindowOptions } from './open-browser.ts';

// A machine that does much else is slow, and that is no fault of the page.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000, expect: { poll: { timeout: 30_000 } } });

export interface OpenPage extends AsyncDisposable {
  readonly here: TestServer;
  readonly page: Page;
  readonly base: string;
  /** Empty when nothing went wrong in the page. */
  readonly complaints: string[];
  openAnother(options: WindowOptions): Promise<Watched>;
}

export async function openPage(options: TestServerOptions & WindowOptions = {}): Promise<OpenPage> {
  const pageFolder = await ensurePageBuilt(() => {});
  const here = await openServerInStep({ ...options, deps: { ...options.deps, pageFolder } });
  const base = await here.server.listen({ host: '127.0.0.1', port: 0 });
  const browser: Browser = await openBrowser();
  const watched = await openWindow(browser, base, options);
  return {
    here,
    base,
    ...watched,
    openAnother: (more) => openWindow(browser, base, more),
    async [Symbol.asyncDispose]() {
      await browser.close();
      await here[Symbol.asyncDispose]();
    },
  };
}

const axeSource = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** No serious or critical finding. Fluent's focus guards are focusable and hidden by design. */
export async function expectAccessible(page: Page): Promise<void> {
  // A separate world: the page's security policy lets no foreign script in, and need not for this.
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send('Page.getFrameTree');
  const world = await session.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id, worldName: 'axe' });
  const evaluate = async (expression: string): Promise<unknown> => {
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
      expression,
      contextId: world.executionContextId,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  await evaluate(await axeSource);
  const found = (await evaluate(
    `axe.run({ exclude: [['[data-tabster-dummy]']] }, { runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice'] }).then((r) => r.violations)`,
  )) as readonly Violation[];
  await session.detach();
  const grave = found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect(
    grave.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ''}`).join(' | ')}`,
    ),
  ).toEqual([]);
}

/** Nothing is cut off or scrolls sideways. */
export async function expectFits(page: Page, part = 'main'): Promise<void> {
  const { scrollWidth, clientWidth } = await page.locator(part).evaluate((main) => ({
    scrollWidth: (main as unknown as { scrollWidth: number }).scrollWidth,
    clientWidth: (main as unknown as { clientWidth: number }).clientWidth,
  }));
  expect(scrollWidth, page.url()).toBeLessThanOrEqual(clientWidth);
}

export async function settled(page: Page): Promise<void> {
  await page.locator('h1').waitFor();
  await expect.poll(() => page.locator('.waiting, .fui-Spinner').count()).toBe(0);
}
