/** The browser of the person who owns the passkey: at WhatsApp Web's origin, with a virtual authenticator that holds it. */
import { type Browser, chromium } from 'playwright-core';
import * as z from 'zod';
import type { PhoneResponse } from '../../contract/phone/api.ts';
import { type PasskeyAssertion, WHATSAPP_ORIGIN } from '../../contract/whatsapp/passkey.ts';
import { chromiumPath, HEADLESS_ARGS } from './chromium.ts';

export type PasskeyBrowser = {
  /**
   * The result of the script when it is pasted into the console of a tab at WhatsApp Web: the assertion's JSON text.
   */
  sign(script: string): Promise<string>;
  close(): Promise<void>;
};

/** @param chromiumArgs the switches that lead web.whatsapp.com to the simulator */
export const openPasskeyBrowser = async (
  chromiumArgs: readonly string[],
  passkey: PhoneResponse<'setPasskey'>['passkey'],
): Promise<PasskeyBrowser> => {
  const browser: Browser = await chromium.launch({
    executablePath: await chromiumPath(),
    args: [...HEADLESS_ARGS.filter((arg) => arg !== '--headless'), ...chromiumArgs],
  });
  const page = await browser.newPage();
  await page.goto(`${WHATSAPP_ORIGIN}/`);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  await devtools.send('WebAuthn.addCredential', {
    authenticatorId,
    credential: {
      credentialId: Buffer.from(passkey.id, 'base64url').toString('base64'),
      isResidentCredential: true,
      rpId: passkey.rpId,
      privateKey: passkey.privateKey,
      userHandle: Buffer.from(passkey.userHandle, 'base64url').toString('base64'),
      signCount: 1,
    },
  });
  return {
    sign: async (script) => z.string().parse(await page.evaluate(script)),
    close: () => browser.close(),
  };
};

/** The assertion as text, as an object. */
export const assertionIn = (text: string): PasskeyAssertion => JSON.parse(text);
