import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { type DashboardSystem, PATIENCE } from './dashboard-system.ts';

/** As if another tab were brought to the front, or this one again. */
const setHidden = (page: Page, hidden: boolean): Promise<unknown> =>
  page.evaluate(
    `Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${hidden} });
     document.dispatchEvent(new Event('visibilitychange'));`,
  );

export const overview = (dashboard: () => DashboardSystem): void => {
  test('shows how full it is and marks the alarms, and follows without a reload', async () => {
    const { system } = dashboard();
    const page = await dashboard().visit();
    const meter = page.getByRole('meter', { name: 'Share of the limit in use' });
    const valueText = () => meter.getAttribute('aria-valuetext');
    await expect.poll(valueText, PATIENCE).toBe('1 of 50 sessions, 2 percent');
    await page.getByText('Alarms at 40 and 48 sessions.').waitFor({ state: 'attached' });
    await page.getByText('below the first alarm').waitFor();

    await system.berth.limits.set({ global: 1 });
    await expect.poll(valueText, PATIENCE).toBe('1 of 1 sessions, 100 percent');
    await page.getByText('95 % or more').waitFor();
    await system.berth.limits.set({ global: 50 });

    await system.berth.sessions.stop('shop');
    await expect.poll(valueText, PATIENCE).toBe('0 of 50 sessions, 0 percent');
    await page.context().close();
  });

  test('follows nothing while its tab is hidden, and continues when it is shown again', async () => {
    const page = await dashboard().visit();
    const following = page.waitForEvent('websocket');
    await page.reload();
    const connection = await following;
    expect(new URL(connection.url()).pathname).toBe('/ws');
    await page.getByText('Live', { exact: true }).waitFor();
    const ended = connection.waitForEvent('close');
    await setHidden(page, true);
    await ended;
    const again = page.waitForEvent('websocket');
    await setHidden(page, false);
    await again;
    await page.getByText('Live', { exact: true }).waitFor();
    await page.context().close();
  });

  test('shows what happened in a day, by reason, and how every part is', async () => {
    const { system } = dashboard();
    await system.stack.trigger('reaper');
    const page = await dashboard().visit();
    const day = page.getByRole('region', { name: 'Last 24 hours' });
    await day.getByText('logged out').waitFor();
    await day.getByText("a user's limit").waitFor();
    await day.getByText(/^95 % within/).waitFor();
    await day.getByText('counters are correct').waitFor();
    const health = page.getByRole('region', { name: 'Health' });
    await health.getByText('all well').waitFor();
    for (const part of ['Database', 'Task engine', 'Reaper', 'Reconciler', 'Counters'])
      await health.getByText(part).waitFor();
    await page.context().close();
  });

  test('draws the trend, and shows the point under the pointer', async () => {
    const page = await dashboard().visit({ key: null });
    const now = Date.now();
    const points = Array.from({ length: 60 }, (_, i) => ({
      at: new Date(now - (60 - i) * 60_000).toISOString(),
      active: i < 30 ? 11 : 44,
      limit: 50,
      admitted: 1,
      refused: i === 40 ? 3 : 0,
      reaped: 0,
    }));
    await page.route('**/api/stats/history**', (route) => route.fulfill({ json: { points } }));
    await page.getByLabel('API key').fill(dashboard().system.adminKey);
    await page.keyboard.press('Enter');
    const trend = page.getByRole('region', { name: 'Trend' });
    await trend.getByText('At most 44 sessions at once, 3 refusals').first().waitFor();
    const asked = page.waitForRequest((request) => request.url().endsWith('hours=1'));
    await trend.getByRole('radio', { name: '1 h' }).check();
    await asked;
    const chart = trend.getByRole('img', { name: 'Active sessions against the limit over time' });
    const box = await chart.boundingBox();
    await chart.hover({ position: { x: (box?.width ?? 0) - 40, y: 60 } });
    await trend.getByText('44 of 50').waitFor();
    await page.context().close();
  });

  test('says that it has lost the connection, and continues once it is back', async () => {
    const page = await dashboard().visit();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.context().setOffline(true);
    await page.getByText('No connection').waitFor();
    await page.getByRole('alert').getByText('Berth does not respond').first().waitFor();
    await page.context().setOffline(false);
    await page.getByText('Live', { exact: true }).waitFor();
    await expect.poll(() => page.getByText('Berth does not respond').count(), PATIENCE).toBe(0);
    await page.context().close();
  });
};
