import { expect, test } from 'vitest';
import { ApiError } from '../../../client/index.ts';
import { type DashboardSystem, PATIENCE, rowOf } from './dashboard-system.ts';

export const sessions = (dashboard: () => DashboardSystem): void => {
  test('finds sessions by search, status, state and user, and sorts them', async () => {
    const { berth } = dashboard().system;
    for (const name of ['pier', 'quay', 'reef'])
      await berth.sessions.create({ name, start: false }, { userId: 'anna' });
    const page = await dashboard().visit({ at: '/sessions' });
    const names = () =>
      page.getByRole('row').getByRole('link').filter({ hasNotText: 'QR code' }).allTextContents();
    await expect.poll(names, PATIENCE).toHaveLength(5);

    await page.getByRole('searchbox', { name: 'Search' }).fill('harbour');
    await expect.poll(names, PATIENCE).toEqual(['shop']);
    await page.getByRole('searchbox', { name: 'Search' }).fill('no such');
    await page.getByText('No session matches').waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();

    await page.getByLabel('Status').selectOption('Working');
    await expect.poll(names, PATIENCE).toEqual(['by-code', 'shop']);
    await page.getByLabel('Status').selectOption('Any status');
    await page.getByLabel('State').selectOption('Stopped');
    await expect.poll(names, PATIENCE).toEqual(['pier', 'quay', 'reef']);
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByLabel('User').selectOption('anna');
    await expect.poll(names, PATIENCE).toHaveLength(3);

    const byName = page.getByRole('columnheader', { name: 'Session' });
    await byName.getByRole('button').click();
    await byName.getByRole('button').click();
    expect(await byName.getAttribute('aria-sort')).toBe('descending');
    await expect.poll(names, PATIENCE).toEqual(['reef', 'quay', 'pier']);
    await page.context().close();
  });

  test('stops, starts without a code and restarts, and the row follows', async () => {
    const page = await dashboard().visit({ at: '/sessions' });
    const row = rowOf(page, 'by-code');
    await row.getByText('Working').waitFor();
    await row.getByRole('button', { name: 'Stop by-code' }).click();
    await row.getByText('stopped on request').waitFor();
    await row.getByRole('button', { name: 'Start by-code' }).click();
    await row.getByRole('button', { name: 'Restart by-code' }).click();
    await expect
      .poll(() => dashboard().system.berth.sessions.get('by-code'), { ...PATIENCE, interval: 500 })
      .toMatchObject({ epoch: 3, status: 'WORKING', linked: true });
    await row.getByText('Working').waitFor();

    await page.context().close();
  });

  test('logs an account out only after asking', async () => {
    const page = await dashboard().visit({ at: '/sessions' });
    const row = rowOf(page, 'by-code');
    await row.getByRole('button', { name: 'Log out by-code' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Log out by-code' }).click();
    await row.getByText('Scan QR code').waitFor();
    const { sessions } = dashboard().system.berth;
    expect(await sessions.get('by-code')).toMatchObject({ linked: false, epoch: 4 });
    await sessions.stop('by-code');
    await sessions.waitForStatus('by-code', 'STOPPED');
    await page.context().close();
  });

  test('shows the real reason if an action fails, in the row and as a message', async () => {
    const { berth } = dashboard().system;
    await berth.limits.set({ user: { userId: 'anna', limit: 0 } });
    const refusal = await berth.sessions.start('pier', { userId: 'anna' }).catch((error: unknown) => error);
    if (!(refusal instanceof ApiError)) throw new Error('it was not refused');
    const page = await dashboard().visit({ at: '/sessions' });
    const row = rowOf(page, 'pier');
    await row.getByRole('button', { name: 'Start pier' }).click();
    await page.getByRole('alert').getByText(refusal.problem.detail).waitFor();
    await row.getByText(refusal.problem.detail).waitFor();
    await page.getByRole('button', { name: 'Dismiss: Start of pier failed' }).click();
    await row.getByRole('button', { name: 'Dismiss the failure of pier' }).click();
    await row.getByText('never started').waitFor();
    await page.context().close();
  });

  test('marks what is about to expire and counts it down', async () => {
    const { berth } = dashboard().system;
    const { startedAt } = await berth.sessions.get('shop');
    const age = Math.ceil((Date.now() - Date.parse(startedAt ?? '')) / 1000);
    await berth.sessions.update('shop', { config: { maxDurationSeconds: age + 240 } });
    const page = await dashboard().visit({ at: '/sessions' });
    const row = rowOf(page, 'shop');
    await row.getByText('Expiring: maximum duration').waitFor();
    const remaining = () =>
      row
        .getByRole('cell')
        .getByText(/^[1-4]:\d\d$/)
        .textContent();
    const before = await remaining();
    await expect.poll(remaining, PATIENCE).not.toBe(before);
    await berth.sessions.update('shop', { config: {} });
    await page.context().close();
  });

  test('deletes a session only after asking', async () => {
    const { berth } = dashboard().system;
    const page = await dashboard().visit({ at: '/sessions' });
    const row = rowOf(page, 'quay');
    await row.getByRole('button', { name: 'Delete quay' }).click();
    await page.getByRole('dialog', { name: 'Delete quay?' }).waitFor();
    await page.keyboard.press('Escape');
    expect(await row.count()).toBe(1);
    await row.getByRole('button', { name: 'Delete quay' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete quay' }).click();
    await page.getByText('quay is deleted').waitFor();
    expect(await row.count()).toBe(0);
    await expect(berth.sessions.get('quay', { userId: 'anna' })).rejects.toMatchObject({ status: 404 });
    await page.context().close();
  });

  test('is walked through by keyboard: rows by arrows, their actions by Tab', async () => {
    const page = await dashboard().visit({ at: '/sessions' });
    await rowOf(page, 'shop').waitFor();
    const focused = () =>
      page.evaluate('document.activeElement.textContent || document.activeElement.ariaLabel');
    await page.getByRole('row').nth(1).getByRole('link').first().focus();
    await page.keyboard.press('End');
    await expect.poll(focused, PATIENCE).toBe('reef');
    await page.keyboard.press('ArrowUp');
    await expect.poll(focused, PATIENCE).toBe('pier');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Start pier');
    await page.keyboard.press('/');
    await expect.poll(() => page.evaluate('document.activeElement.type'), PATIENCE).toBe('search');
    await page.context().close();
  });
};
