import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { type DashboardSystem, PATIENCE, violationsOf } from './dashboard-system.ts';

/** Each view, and what shows that it has loaded. */
const VIEWS: readonly (readonly [at: string, loaded: (page: Page) => Promise<void>])[] = [
  [
    '/',
    (page) =>
      page.getByText('Running longest').or(page.getByText('No session is about to end')).first().waitFor(),
  ],
  ['/sessions', (page) => page.getByRole('link', { name: 'shop', exact: true }).waitFor()],
  ['/sessions/admin/shop', (page) => page.getByText('session.stopped').first().waitFor()],
  ['/link', (page) => page.getByLabel('Session name').waitFor()],
  ['/admin/limits', (page) => page.getByLabel('Sessions at once, all users').waitFor()],
  ['/admin/cleanup', (page) => page.getByRole('button', { name: 'Show what would end' }).waitFor()],
  ['/admin/keys', (page) => page.getByText('first admin key').waitFor()],
  ['/admin/rollout', (page) => page.getByRole('button', { name: 'Show what would move' }).waitFor()],
  ['/admin/builds', (page) => page.getByText('Build for new starts').waitFor()],
  [
    '/admin/dead-letters',
    (page) =>
      page
        .getByText('Every event has arrived')
        .or(page.getByText('never', { exact: true }))
        .first()
        .waitFor(),
  ],
  ['/nowhere', (page) => page.getByRole('heading', { name: 'No such page' }).waitFor()],
];

const PHONE = { width: 390, height: 844 };

export const accessibility = (dashboard: () => DashboardSystem): void => {
  test('no view breaks a rule of axe, in light and in dark', async () => {
    const broken: string[] = [];
    const look = async (page: Page, where: string) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        broken.push(
          ...(await violationsOf(page)).map((violation) => `${where}, ${colorScheme}: ${violation}`),
        );
      }
    };
    const out = await dashboard().visit({ key: null });
    await out.getByLabel('API key').waitFor();
    await look(out, 'sign-in');
    await out.context().close();

    const page = await dashboard().visit();
    for (const [at, loaded] of VIEWS) {
      await page.goto(`${dashboard().system.stack.url}/dashboard#${at}`);
      await loaded(page);
      await look(page, at);
    }
    await page.goto(`${dashboard().system.stack.url}/dashboard#/sessions/admin/shop`);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').waitFor();
    await look(page, 'a dialog');
    await page.context().close();
    expect(broken).toEqual([]);
  });

  test('every view fits a phone, and breaks no rule there either', async () => {
    const broken: string[] = [];
    const page = await dashboard().visit({ viewport: PHONE });
    for (const [at, loaded] of VIEWS) {
      await page.goto(`${dashboard().system.stack.url}/dashboard#${at}`);
      await loaded(page);
      if ((await page.evaluate('document.documentElement.scrollWidth')) !== PHONE.width)
        broken.push(`${at} is too wide`);
      broken.push(...(await violationsOf(page)).map((violation) => `${at}: ${violation}`));
    }
    await page.context().close();
    expect(broken).toEqual([]);
  });

  test('leads past the navigation, names the view and puts the focus into it', async () => {
    const page = await dashboard().visit();
    await page.getByRole('heading', { name: 'Capacity' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.getByRole('link', { name: 'Sessions' }).first().click();
    await page.getByRole('heading', { name: 'Sessions' }).waitFor();
    await expect.poll(() => page.title(), PATIENCE).toBe('Sessions · Berth');
    await expect.poll(() => page.evaluate('document.activeElement.id'), PATIENCE).toBe('main');
    await page.context().close();
  });
};
