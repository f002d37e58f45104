/**
 * Makes docs/screenshots/*.png: each view of the dashboard in light and in dark, in front of a system that runs for it,
 * with real workers and the simulator. Only the trend is made up: the system is minutes old when the pictures are taken.
 *
 *   npm run screenshots
 */
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import type { SessionConfigRequest } from '../contract/bodies/session-config.ts';
import { sleep } from '../contract/poll.ts';
import { type DashboardSystem, openDashboard } from '../test/e2e/dashboard/dashboard-system.ts';

const OUT = resolve(import.meta.dirname, '../docs/screenshots');
const SCHEMES = ['light', 'dark'] as const;
const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

/** The users with their sessions, and the account to which each is linked. */
const LINKED = [
  { userId: 'anna', name: 'bakery', phoneNumber: '491700000102', pushName: 'Anna Berg' },
  { userId: 'anna', name: 'bakery-orders', phoneNumber: '491700000103', pushName: 'Bakery Orders' },
  { userId: 'ben', name: 'repairs', phoneNumber: '491700000104', pushName: 'Ben Olsen' },
];
const UNLINKED = [
  { userId: 'carla', name: 'clinic' },
  { userId: 'carla', name: 'clinic-evenings' },
  { userId: 'dora', name: 'bookshop' },
];
const WAITING = { userId: 'ben', name: 'spare-parts' };
const LIMIT = 5;

const prepare = async ({ system, hooks }: DashboardSystem): Promise<void> => {
  const { berth, phone, stack } = system;
  await berth.limits.set({ global: LIMIT });
  const retries = { policy: 'constant', delaySeconds: 1, attempts: 1 } as const;
  const config = {
    webhooks: [{ url: hooks.url, events: ['*' as const], retries }],
    metadata: { branch: 'Old Town' },
  };
  const configs: Record<string, SessionConfigRequest> = {
    bakery: config,
    repairs: { restart: { policy: 'always' } },
  };
  for (const { userId, name, phoneNumber, pushName } of LINKED) {
    await berth.sessions.create({ name, config: configs[name] ?? {} }, { userId });
    await berth.sessions.waitForStatus(name, 'SCAN_QR_CODE', { userId });
    const code = await berth.auth.qr(name, { userId, waitSeconds: 25 });
    await phone.scan({ code, account: { phoneNumber, pushName } });
    await berth.sessions.waitForStatus(name, 'WORKING', { userId });
  }
  for (const { userId, name } of UNLINKED) await berth.sessions.create({ name, start: false }, { userId });
  await berth.sessions.create({ name: WAITING.name }, { userId: WAITING.userId });
  // One that its endpoint did not take, and one more start.
  hooks.answer(503);
  await berth.sessions.stop('bakery', { userId: 'anna' });
  await berth.sessions.waitForStatus('bakery', 'STOPPED', { userId: 'anna' });
  while ((await berth.webhooks.dead()).length === 0) await sleep(500);
  hooks.answer(200);
  await berth.sessions.start('bakery', { userId: 'anna' });
  await berth.sessions.waitForStatus('bakery', 'WORKING', { userId: 'anna' });
  await berth.sessions.waitForStatus(WAITING.name, 'SCAN_QR_CODE', { userId: WAITING.userId });
  await berth.keys.create({
    userId: 'anna',
    label: 'bakery till',
    scopes: ['sessions:read', 'messages:send'],
  });
  await berth.keys.create({ userId: 'carla', label: 'clinic', expiresInSeconds: 90 * 86_400 });
  await berth.sessions.create({ name: 'old', start: false }, { userId: 'dora' });
  await berth.sessions.delete('old', { userId: 'dora' });
  await berth.standby.set({ target: 1 });
  await stack.deployWorker();
  await berth.rollout.start({ wave: 1, pauseSeconds: 0 });
  await stack.trigger('reaper');
  await stack.trigger('reconciler');
};

/** Six hours of a small system that fills up in the morning. */
const madeUpTrend = () => {
  const now = Date.now();
  return Array.from({ length: 180 }, (_, i) => {
    const wave = 2.4 + 1.7 * Math.sin((i - 70) / 34) + 0.8 * Math.sin(i / 7);
    const active = i > 174 ? 4 : Math.max(0, Math.min(LIMIT, Math.round(wave)));
    return {
      at: new Date(now - (180 - i) * 120_000).toISOString(),
      active,
      limit: LIMIT,
      admitted: i % 9 === 0 ? 1 : 0,
      refused: active === LIMIT && i % 5 === 0 ? 1 : 0,
      reaped: 0,
    };
  });
};

type Shot = {
  readonly name: string;
  readonly at: string;
  readonly viewport?: typeof WIDE;
  readonly signedOut?: boolean;
  /** Brings the view into the state that the picture shows. */
  readonly ready: (page: Page) => Promise<void>;
};

const SHOTS: readonly Shot[] = [
  { name: 'sign-in', at: '/', signedOut: true, ready: (page) => page.getByLabel('API key').waitFor() },
  {
    name: 'overview',
    at: '/',
    viewport: { width: 1280, height: 1130 },
    ready: (page) => page.getByText('all well').waitFor(),
  },
  {
    name: 'overview-phone',
    at: '/',
    viewport: PHONE,
    ready: (page) => page.getByText('At most').first().waitFor(),
  },
  {
    name: 'sessions',
    at: '/sessions',
    ready: (page) => page.getByRole('link', { name: 'bookshop', exact: true }).waitFor(),
  },
  {
    name: 'sessions-phone',
    at: '/sessions',
    viewport: PHONE,
    ready: (page) => page.getByRole('link', { name: 'spare-parts', exact: true }).waitFor(),
  },
  {
    name: 'session',
    at: '/sessions/anna/bakery',
    ready: (page) => page.getByRole('heading', { name: /^\d dead letter/ }).waitFor(),
  },
  {
    name: 'link',
    at: `/link/${WAITING.userId}/${WAITING.name}`,
    ready: (page) => page.getByText('New code in').waitFor(),
  },
  {
    name: 'limits',
    at: '/admin/limits',
    ready: async (page) => {
      await page.getByLabel('Sessions at once, all users').fill('4');
      await page.getByText('Effect').waitFor();
    },
  },
  {
    name: 'cleanup',
    at: '/admin/cleanup',
    ready: async (page) => {
      await page.getByRole('radio', { name: 'Emergency' }).check();
      await page.getByRole('button', { name: 'Show what would end' }).click();
      await page.getByRole('button', { name: /^End \d/ }).waitFor();
    },
  },
  {
    name: 'rollout',
    at: '/admin/rollout',
    ready: (page) => page.getByRole('columnheader', { name: 'Progress' }).waitFor(),
  },
  {
    name: 'erasures',
    at: '/admin/erasures',
    ready: async (page) => {
      await page.getByLabel('User', { exact: true }).fill('dora');
      await page.getByRole('button', { name: 'Show erasures' }).click();
      await page.getByRole('columnheader', { name: 'Objects' }).waitFor();
    },
  },
  { name: 'audit', at: '/admin/audit', ready: (page) => page.getByText('setStandby').first().waitFor() },
  { name: 'keys', at: '/admin/keys', ready: (page) => page.getByText('bakery till').waitFor() },
  {
    name: 'dead-letters',
    at: '/admin/dead-letters',
    ready: (page) => page.getByRole('heading', { name: /^\d dead letter/ }).waitFor(),
  },
];

const take = async (
  dashboard: DashboardSystem,
  { name, at, viewport, signedOut, ready }: Shot,
): Promise<void> => {
  const page = await dashboard.visit({ at, viewport: viewport ?? WIDE, ...(signedOut ? { key: null } : {}) });
  await page.route('**/api/stats/history**', (route) => route.fulfill({ json: { points: madeUpTrend() } }));
  await page.reload();
  await ready(page);
  await page.locator('.skeleton').first().waitFor({ state: 'detached' });
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(OUT, `${name}-${colorScheme}.png`) });
  }
  await page.context().close();
};

const dashboard = await openDashboard();
try {
  await prepare(dashboard);
  await rm(OUT, { recursive: true, force: true });
  await mkdir(OUT, { recursive: true });
  for (const shot of SHOTS) {
    await take(dashboard, shot);
    console.log(shot.name);
  }
} finally {
  await dashboard.close();
}
