import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import * as z from 'zod';
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
    // The proof: without the cookie, which no script can read, it has no effect.
    expect(kept).toMatchObject({ local: { 'berth-sign-in-proof': expect.any(String) }, session: {} });
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

  test('gives nothing to another server of this machine, which a browser sends the same cookie', async () => {
    const { system } = dashboard();
    const cookies: string[] = [];
    const other = createServer((request, response) => {
      cookies.push(request.headers.cookie ?? '');
      response.end('hello');
    });
    await once(other.listen(0, '127.0.0.1'), 'listening');
    const page = await dashboard().visit();
    try {
      await page.getByRole('heading', { name: 'Capacity' }).waitFor();
      const { port } = z.object({ port: z.int() }).parse(other.address());
      const elsewhere = await page.context().newPage();
      await elsewhere.goto(`http://127.0.0.1:${port}/`);
      expect(await elsewhere.evaluate('JSON.stringify({ ...localStorage })')).toBe('{}');
      const [cookie = ''] = cookies;
      expect(cookie).toMatch(/(^|; )berth=[\w-]{43}/);
      const asks = async (method: string, path: string, mark?: string) => {
        const headers = { cookie, ...(mark === undefined ? {} : { 'x-berth-dashboard': mark }) };
        return (await system.call(method, path, { key: '', headers })).status;
      };
      expect(await asks('GET', '/api/me')).toBe(401);
      expect(await asks('GET', '/api/me', '1')).toBe(401);
      expect(await asks('GET', '/api/me', 'x'.repeat(43))).toBe(401);
      expect(await asks('DELETE', '/api/sessions/any')).toBe(403);
      expect(await asks('DELETE', '/api/sessions/any', '1')).toBe(401);
      expect(await asks('POST', '/dashboard/sign-out', 'x'.repeat(43))).toBe(204);
      // The user is still signed in.
      await page.goto(`${system.stack.url}/dashboard`);
      await page.getByRole('heading', { name: 'Capacity' }).waitFor();
    } finally {
      await page.context().close();
      other.close();
    }
  });

  test('remembers the colors that were chosen, and sends nothing of it to the API', async () => {
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
