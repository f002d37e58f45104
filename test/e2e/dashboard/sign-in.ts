import { expect, test } from 'vitest';
import { type DashboardSystem, PATIENCE } from './dashboard-system.ts';

export const signIn = (dashboard: () => DashboardSystem): void => {
  test('refuses a wrong key in the words of the API', async () => {
    const page = await dashboard().visit({ key: null });
    await page.getByLabel('API key').fill('not-a-key');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('Missing or invalid API key').waitFor();
    expect(await page.getByRole('navigation').count()).toBe(0);
    await page.context().close();
  });

  test('takes a key by keyboard alone, keeps it nowhere, and knows its visitor after a reload', async () => {
    const { system } = dashboard();
    const page = await dashboard().visit({ key: null });
    await page.getByLabel('API key').waitFor();
    await expect.poll(() => page.evaluate('document.activeElement.type'), PATIENCE).toBe('password');
    await page.keyboard.type(system.adminKey);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Capacity' }).waitFor();

    await page.reload();
    await page.getByRole('heading', { name: 'Capacity' }).waitFor();
    const kept = await page.evaluate(
      '({ local: { ...localStorage }, session: { ...sessionStorage }, cookie: document.cookie, url: location.href, html: document.documentElement.outerHTML })',
    );
    expect(kept).toMatchObject({ local: {}, session: {} });
    expect(JSON.stringify(kept)).not.toContain(system.adminKey);

    const [cookie] = (await page.context().cookies()).filter(({ httpOnly }) => httpOnly);
    expect(cookie).toMatchObject({ sameSite: 'Strict', path: '/' });
    expect(JSON.stringify(kept)).not.toContain(cookie?.value);

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();
    await page.reload();
    await page.getByLabel('API key').waitFor();
    await page.context().close();
  });

  test('remembers the colors that were chosen, and tells the API nothing of it', async () => {
    const page = await dashboard().visit();
    await page.getByRole('button', { name: /^Colors/ }).click();
    await page.getByRole('button', { name: 'Colors: light. Change to dark' }).click();
    const sent = page.waitForRequest((request) => request.url().endsWith('/api/stats'));
    await page.reload();
    await page.getByRole('button', { name: 'Colors: dark.' }).waitFor();
    expect(await page.evaluate('getComputedStyle(document.documentElement).colorScheme')).toBe('dark');
    const headers = await (await sent).allHeaders();
    expect(headers.cookie).not.toContain('theme');
    await page.context().close();
  });
};
