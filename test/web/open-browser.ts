/**
 * A browser for tests of the page: the Chromium of an npm package on Linux, an installed Chrome elsewhere. Nothing is
 * downloaded, and the page reaches this machine only.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { makeOnce } from '../support/make-once.ts';

const chromiumPackage = import.meta.resolve('@sparticuz/chromium');
const UNPACK = 'const { default: chromium } = await import(process.argv[1]); await chromium.executablePath();';

/**
 * The package unpacks into the folder for temporary files, and takes a browser that it finds there for a whole one: of two
 * test files that begin together, the second would start what the first has half written.
 */
async function unpackedChromium(): Promise<string> {
  const text = await readFile(new URL('../package.json', chromiumPackage), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  const folder = await makeOnce(join(tmpdir(), `couplet-chromium-${version}-${userInfo().uid}`), (draft) =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', UNPACK, chromiumPackage], {
      env: { ...process.env, TMPDIR: draft },
    }),
  );
  return join(folder, 'chromium');
}

export async function openBrowser(): Promise<Browser> {
  if (process.platform !== 'linux') return chromium.launch({ channel: 'chrome' });
  return chromium.launch({
    executablePath: await unpackedChromium(),
    // To its start: an own limit of the driver is shorter than those of the tests.
    timeout: 120_000,
    // The package's own arguments are for machines that run one function at a time: one process, no web security.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--font-render-hinting=none'],
  });
}

export interface Watched {
  readonly page: Page;
  /** What went wrong in the page: messages of the console, faults of scripts, requests to other hosts. */
  readonly complaints: string[];
}

export interface WindowOptions {
  readonly width?: number;
  readonly height?: number;
  readonly locale?: string;
  readonly dark?: boolean;
}

export async function openWindow(browser: Browser, base: string, options: WindowOptions = {}): Promise<Watched> {
  const context: BrowserContext = await browser.newContext({
    baseURL: base,
    viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
    locale: options.locale ?? 'en',
    timezoneId: 'Europe/Stockholm',
    colorScheme: options.dark === true ? 'dark' : 'light',
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (fault) => complaints.push(`fault: ${fault.message}`));
  page.on('response', (response) => {
    if (response.status() >= 400)
      complaints.push(`${response.status()} ${response.request().method()} ${response.url()}`);
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    const own = url.host === new URL(base).host || url.protocol === 'blob:' || url.protocol === 'data:';
    if (!own) complaints.push(`request to ${url.host}`);
  });
  return { page, complaints };
}
