/** A running system with real workers, and a browser in front of its dashboard. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import * as z from 'zod';
import { chromiumPath, HEADLESS_ARGS } from '../../helpers/chromium.ts';
import { type System, startSystem } from '../../helpers/system.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../helpers/webhook-receiver.ts';

/** Polls without a bound on how long things take, short of the machine's being stuck. */
export const PATIENCE = { timeout: 120_000, interval: 100 } as const;

type VisitOptions = {
  /** An API key to be signed in with; the admin's by default; `null` for signed out. */
  readonly key?: string | null;
  /** The view: what follows the `#`. */
  readonly at?: string;
  readonly colorScheme?: 'light' | 'dark';
  readonly viewport?: { readonly width: number; readonly height: number };
};

export type Visits = {
  /** A page in its own browser context. */
  visit(options?: VisitOptions): Promise<Page>;
  /** Violations by any page: errors, breaches of its policy, requests to elsewhere. */
  readonly faults: readonly string[];
  close(): Promise<void>;
};

export type DashboardSystem = Visits & { readonly system: System; readonly hooks: WebhookReceiver };

/** A browser that visits the dashboard at `url` and keeps what its pages must not do. */
export const openBrowser = async (url: string, adminKey: string): Promise<Visits> => {
  const browser: Browser = await chromium.launch({
    executablePath: await chromiumPath(),
    args: HEADLESS_ARGS.filter((arg) => arg !== '--headless'),
  });
  const faults: string[] = [];
  return {
    faults,
    visit: async ({ key = adminKey, at = '/', colorScheme = 'light', viewport } = {}) => {
      const context = await browser.newContext({
        colorScheme,
        viewport: viewport ?? { width: 1280, height: 800 },
        reducedMotion: 'reduce',
        locale: 'en-GB',
      });
      context.setDefaultTimeout(PATIENCE.timeout);
      if (key !== null) await signInQuietly(context, url, key);
      const page = await context.newPage();
      watch(page, url, faults);
      await page.goto(`${url}/dashboard#${at}`);
      return page;
    },
    close: () => browser.close(),
  };
};

const signInQuietly = async (context: BrowserContext, url: string, key: string): Promise<void> => {
  const answer = await context.request.post(`${url}/dashboard/sign-in`, { data: { key } });
  if (answer.status() !== 204) throw new Error(`the sign-in answered ${answer.status()}`);
  const proof = JSON.stringify(answer.headers()['x-berth-dashboard']);
  const { port } = new URL(url);
  // On the dashboard's own origin only, as its page keeps it.
  await context.addInitScript(
    `location.port === '${port}' && localStorage.setItem('berth-sign-in-proof', ${proof})`,
  );
};

const watch = (page: Page, url: string, faults: string[]): void => {
  const { origin } = new URL(url);
  page.on('pageerror', (error) => faults.push(`error: ${error.stack ?? error.message}`));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) faults.push(`request to ${request.url()}`);
  });
  page.on('console', (message) => {
    // A refusal of the API is the API's to make; the page shows it.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(`console: ${message.text()}`);
  });
};

/** @param options of the local system; schedules run only when a test triggers them */
export const openDashboard = async (): Promise<DashboardSystem> => {
  const hooks = await startWebhookReceiver();
  const system = await startSystem();
  const visits = await openBrowser(system.stack.url, system.adminKey);
  return {
    ...visits,
    system,
    hooks,
    close: async () => {
      await visits.close();
      await system.stop();
      await hooks.close();
    },
  };
};

const axeSource = readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

/** The findings of axe on the present page: each rule with the elements that break it. */
export const violationsOf = async (page: Page): Promise<readonly string[]> => {
  // Stays through a change of view, which is none of the document.
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(await axeSource);
  const found = await page.evaluate(
    'axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + " at " + target.join(" ") + ": " + failureSummary)))',
  );
  return z.array(z.string()).parse(found);
};

/** The row of a session in the table of sessions. */
export const rowOf = (page: Page, name: string) =>
  page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });
