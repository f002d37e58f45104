import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openPasskeyBrowser } from '../../helpers/passkey-browser.ts';
import { readPng } from '../../helpers/read-qr.ts';
import { type DashboardSystem, PATIENCE, violationsOf } from './dashboard-system.ts';

export const ACCOUNT = '491700000001';
const OTHER = '491700000002';

const picture = (page: Page) => page.getByRole('img', { name: 'QR code to scan with WhatsApp' });

/** The code that a phone's camera reads from the screen. */
const readScreen = async (page: Page): Promise<string | undefined> =>
  readPng(await picture(page).screenshot({ type: 'png' }));

export const linking = (dashboard: () => DashboardSystem): void => {
  test('creates a session and links it by the code on the screen, which renews itself', async () => {
    const { system } = dashboard();
    const page = await dashboard().visit({ at: '/link' });
    await page.getByRole('button', { name: 'Create and show the code' }).click();
    await page.getByText('must be 1 to 64 letters').waitFor();
    await page.getByLabel('Session name').fill('shop');
    await page.keyboard.press('Enter');

    await picture(page).waitFor();
    expect(await page.getByText(/^New code in/).textContent()).toMatch(/^New code in \d+ s$/);
    expect(await page.getByText(/^The session ends in/).textContent()).toMatch(/\d:\d\d/);
    const first = await readScreen(page);
    expect(first).toBeDefined();

    await system.phone.refreshCode({});
    await expect.poll(() => readScreen(page), { ...PATIENCE, interval: 500 }).not.toBe(first);
    const code = await readScreen(page);
    await system.phone.scan({ code, account: { phoneNumber: ACCOUNT, pushName: 'Harbour Shop' } });
    await page.getByText('Linked as Harbour Shop').waitFor();
    await page.getByText(`+${ACCOUNT}`).waitFor();

    await page.getByRole('link', { name: 'Open the session' }).click();
    await page.getByRole('heading', { name: 'shop', exact: true }).waitFor();
    await page.context().close();
  });

  test('says that no phone scanned the code in time, and tries again; then links by a pairing code', async () => {
    const { system } = dashboard();
    const page = await dashboard().visit({ at: '/link' });
    let expired = true;
    await page.route('**/api/sessions/by-code**', async (route) => {
      if (route.request().method() !== 'GET') expired = false;
      if (!expired) return route.continue();
      const answer = await route.fetch();
      const json = {
        ...(await answer.json()),
        state: 'STOPPED',
        status: 'STOPPED',
        stopReason: 'qr_expired',
      };
      return route.fulfill({ response: answer, json });
    });
    await page.getByLabel('Session name').fill('by-code');
    await page.getByRole('button', { name: 'Create and show the code' }).click();
    await page.getByText('Expired', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();

    await page.getByRole('radio', { name: 'Pairing code' }).check();
    await page.getByRole('button', { name: 'Get a code' }).click();
    await page.getByText('This must be an international phone number').waitFor();
    await page.getByLabel('Phone number of the account').fill('+49 170 000 0002');
    await page.getByRole('button', { name: 'Get a code' }).click();
    const label = await page.getByRole('img', { name: /^Pairing code/ }).getAttribute('aria-label');
    const code = label?.replace(/^Pairing code: /, '').replaceAll(' ', '') ?? '';
    await system.phone.enterPairingCode({ code, account: { phoneNumber: OTHER, pushName: 'Quay Office' } });
    await page.getByText('Linked as Quay Office').waitFor();
    await page.context().close();
  });

  test('an account with a passkey: a person signs by the script that is shown, and compares the code', async () => {
    const { system } = dashboard();
    const account = '491700000003';
    const { passkey } = await system.phone.setPasskey({ account, required: true, confirm: true });
    const person = await openPasskeyBrowser(system.stack.chromiumArgs, passkey);
    const page = await dashboard().visit({ at: '/link' });
    await page.getByLabel('Session name').fill('with-passkey');
    await page.getByRole('button', { name: 'Create and show the code' }).click();
    await picture(page).waitFor();
    const code = await readScreen(page);
    await system.phone.scan({ code, account: { phoneNumber: account, pushName: 'Safe Harbour' } });

    await page.getByText('WhatsApp asks for the passkey of this account.').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.getByLabel('Result of the script').fill('{"id": 1}');
    await page.getByRole('button', { name: 'Continue linking' }).click();
    await page.getByText('This is not the result of the script').waitFor();
    const script = (await page.locator('pre.script').textContent()) ?? '';
    const answer = await person.sign(script);
    await page.getByLabel('Result of the script').fill(answer);
    await page.getByRole('button', { name: 'Continue linking' }).click();

    const label = await page.getByRole('img', { name: /^Code:/ }).getAttribute('aria-label');
    const { codes } = await system.phone.passkeyCodes({ account });
    expect(label?.replace(/^Code: /, '').replaceAll(' ', '')).toBe(codes[0]);
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'The phone shows the same code' }).click();
    await page.getByText('Linked as Safe Harbour').waitFor();
    await page.context().close();
    await person.close();
    await system.berth.sessions.delete('with-passkey');
  });

  test('says why a session can not be created', async () => {
    const page = await dashboard().visit({ at: '/link' });
    await page.getByLabel('Session name').fill('shop');
    await page.getByRole('button', { name: 'Create and show the code' }).click();
    await page.getByRole('alert').getByText('"shop"').waitFor();
    await page.context().close();
  });
};
