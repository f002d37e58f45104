import { expect, test } from 'vitest';
import { ApiError } from '../../../core/client/index.ts';
import { type Desk, PATIENCE, rowOf } from './desk.ts';

export const sessions = (desk: () => Desk): void => {
  test('finds sessions by search, status, state and user, and sorts them', async () => {
    const { berth } = desk().system;
    for (const name of ['pier', 'quay', 'reef'])
      await berth.sessions.create({ name, start: false }, { userId: 'anna' });
    const page = await desk().visit({ at: '/sessions' });
    const names = () =>
      page.getByRole('row').getByRole('link').filter({ hasNotText: 'QR code' }).allTextContents();
    await expect.poll(names, PATIENCE).toHaveLength(5);

    await page.getByRole('searchbox', { name: 'Search' }).fill('harbour');
    await expect.poll(names, PATIENCE).toEqual(['shop']);
    await page.getByRole('searchbox', { name: 'Search' }).fill('no such');
    await page.getByText('No session fits').waitFor();
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
    const page = await desk().visit({ at: '/sessions' });
    const row = rowOf(page, 'by-code');
    await row.getByText('Working').waitFor();
    await row.getByRole('button', { name: 'Stop by-code' }).click();
    await row.getByText('stopped on request').waitFor();
    await row.getByRole('button', { name: 'Start by-code' }).click();
    await row.getByText('Starting').waitFor();
    await row.getByText('Working').waitFor();
    expect(await desk().system.berth.sessions.get('by-code')).toMatchObject({ epoch: 2 });

    await row.getByRole('button', { name: 'Restart by-code' }).click();
    await expect
      .poll(() => desk().system.berth.sessions.get('by-code'), PATIENCE)
      .toMatchObject({ epoch: 3, status: 'WORKING' });
    await row.getByText('Working').waitFor();
    await page.context().close();
  });

  test('logs an account out only after asking', async () => {
    const page = await desk().visit({ at: '/sessions' });
    const row = rowOf(page, 'by-code');
    await row.getByRole('button', { name: 'Log out by-code' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Log out by-code' }).click();
    await row.getByText('logged out').waitFor();
    expect(await desk().system.berth.sessions.get('by-code')).toMatchObject({ linked: false });
    await page.context().close();
  });

  test('shows the real reason where an action fails, in the row and as a message', async () => {
    const { berth } = desk().system;
    await berth.limits.set({ user: { userId: 'anna', limit: 0 } });
    const refusal = await berth.sessions.start('pier', { userId: 'anna' }).catch((error: unknown) => error);
    if (!(refusal instanceof ApiError)) throw new Error('it was not refused');
    const page = await desk().visit({ at: '/sessions' });
    const row = rowOf(page, 'pier');
    await row.getByRole('button', { name: 'Start pier' }).click();
    await page.getByRole('alert').getByText(refusal.problem.detail).waitFor();
    await row.getByText(refusal.problem.detail).waitFor();
    await page.getByRole('button', { name: 'Dismiss: Start of pier failed' }).click();
    await row.getByRole('button', { name: 'Dismiss the failure of pier' }).click();
    await row.getByText('never started').waitFor();
    await page.context().close();
  });

  test('marks what is about to expire, counts it down, and deletes it only after asking', async () => {
    const { berth } = desk().system;
    await berth.sessions.create({ name: 'brief', config: { maxDurationSeconds: 280 } });
    const page = await desk().visit({ at: '/sessions' });
    const row = rowOf(page, 'brief');
    await row.getByText('Expiring: maximum duration').waitFor();
    const remaining = () => row.getByText(/^4:\d\d$|^3:\d\d$/).textContent();
    const before = await remaining();
    await expect.poll(remaining, PATIENCE).not.toBe(before);

    await row.getByRole('button', { name: 'Delete brief' }).click();
    await page.getByRole('dialog', { name: 'Delete brief?' }).waitFor();
    await page.keyboard.press('Escape');
    expect(await row.count()).toBe(1);
    await row.getByRole('button', { name: 'Delete brief' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete brief' }).click();
    await expect.poll(() => row.count(), PATIENCE).toBe(0);
    await expect(berth.sessions.get('brief')).rejects.toMatchObject({ status: 404 });
    await page.context().close();
  });

  test('is walked through by keyboard: rows by arrows, their actions by Tab', async () => {
    const page = await desk().visit({ at: '/sessions' });
    await rowOf(page, 'shop').waitFor();
    const focused = () =>
      page.evaluate('document.activeElement.textContent || document.activeElement.ariaLabel');
    await page.getByRole('row').nth(1).getByRole('link').first().focus();
    await page.keyboard.press('End');
    await expect.poll(focused, PATIENCE).toBe('reef');
    await page.keyboard.press('ArrowUp');
    await expect.poll(focused, PATIENCE).toBe('quay');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Start quay');
    await page.keyboard.press('/');
    await expect.poll(() => page.evaluate('document.activeElement.type'), PATIENCE).toBe('search');
    await page.context().close();
  });
};
