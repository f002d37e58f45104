/**
 * The worker's steps in the page for a passkey. WhatsApp Web shows a screen with a button; the button has it call
 * `navigator.credentials.get({publicKey})`, which no headless browser can answer. Here that call is kept open, its
 * options are read from outside, and an assertion that was signed elsewhere is put in its place.
 *
 * Elements are found by `data-testid`, never by their words. Read from WhatsApp Web's own screens of July 2026
 * (`WAWebShortcakePasskeyScreen` and its parts).
 */
import * as z from 'zod';
import { type PasskeyAssertion, passkeyChallengeSchema } from '../../contract/whatsapp/passkey.ts';
import type { LibraryPage } from './library.ts';

/** The place in which the page keeps the request: no name that a page's script would meet by chance. */
const STATE = `Symbol.for('berth.passkey')`;

/**
 * Runs in the page; repeated, it changes nothing. A call with other options than a public key, or one that only offers
 * passkeys in a form, stays the browser's.
 */
const INSTALL = `(() => {
  if (window[${STATE}] || typeof CredentialsContainer === 'undefined') return;
  const state = { asked: 0, open: undefined };
  Object.defineProperty(window, ${STATE}, { value: state });
  const text = (source) => {
    const bytes = ArrayBuffer.isView(source)
      ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
      : new Uint8Array(source);
    return btoa(String.fromCharCode(...bytes)).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=+$/, '');
  };
  const buffer = (encoded) =>
    Uint8Array.from(atob(encoded.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0)).buffer;
  const own = CredentialsContainer.prototype.get;
  CredentialsContainer.prototype.get = function get(options) {
    const asked = options && options.publicKey;
    if (!asked || options.mediation === 'conditional') return own.call(this, options);
    if (options.signal && options.signal.aborted) return Promise.reject(options.signal.reason);
    return new Promise((resolve, reject) => {
      // Above 24.8 days a timer fires at once.
      const timeout = Math.min(asked.timeout > 0 ? asked.timeout : 300000, 3600000);
      const close = () => {
        clearTimeout(timer);
        if (state.open === open) state.open = undefined;
      };
      const open = {
        id: (state.asked += 1),
        expiresAt: Date.now() + timeout,
        options: {
          challenge: text(asked.challenge),
          rpId: asked.rpId || location.hostname,
          allowCredentials: (asked.allowCredentials || []).map(({ id, type, transports }) =>
            ({ id: text(id), type, ...(transports ? { transports: [...transports] } : {}) })),
          userVerification: asked.userVerification || 'preferred',
          ...(asked.extensions ? { extensions: JSON.parse(JSON.stringify(asked.extensions)) } : {}),
        },
        answer: (assertion) => {
          close();
          const { id, rawId, response } = assertion;
          const part = (prototype, values) => Object.create(prototype, Object.fromEntries(
            Object.entries(values).map(([name, value]) => [name, { value, enumerable: true }])));
          resolve(part(PublicKeyCredential.prototype, {
            id,
            rawId: buffer(rawId),
            type: 'public-key',
            authenticatorAttachment: 'cross-platform',
            response: part(AuthenticatorAssertionResponse.prototype, {
              clientDataJSON: buffer(response.clientDataJSON),
              authenticatorData: buffer(response.authenticatorData),
              signature: buffer(response.signature),
              userHandle: response.userHandle ? buffer(response.userHandle) : null,
            }),
            getClientExtensionResults: () => ({}),
            toJSON: () => ({ ...assertion, authenticatorAttachment: 'cross-platform', clientExtensionResults: {} }),
          }));
        },
      };
      const timer = setTimeout(() => {
        close();
        reject(new DOMException('The operation either timed out or was not allowed.', 'NotAllowedError'));
      }, timeout);
      if (options.signal) options.signal.addEventListener('abort', () => {
        close();
        reject(options.signal.reason);
      });
      state.open = open;
    });
  };
})();`;

const CLICKABLE = `const clickable = (name) => {
  const found = document.querySelector('[data-testid="' + name + '"]');
  const button = found && (found.closest('button') || found.querySelector('button') || found);
  return button && !button.disabled && button.getAttribute('aria-disabled') !== 'true' ? button : undefined;
};`;

const LOOK = `(() => {
  ${INSTALL}
  ${CLICKABLE}
  const { open } = window[${STATE}] || {};
  const shown = document.querySelector('[data-testid="shortcake_verification_code_display"]');
  let code = null;
  if (shown && clickable('shortcake_code_confirm_button')) {
    try {
      code = window.require('WAWebShortcakeLinkingApi').getVerificationCode();
    } catch {}
    code = code || shown.textContent.trim();
  }
  return {
    asked: open ? { id: open.id, lifeMs: open.expiresAt - Date.now(), options: open.options } : null,
    code,
    canContinue: Boolean(clickable('shortcake_passkey_continue_button')),
    screen: Boolean(document.querySelector('[data-testid="shortcake_passkey_screen"]')),
  };
})()`;

const lookSchema = z.object({
  /** The page's open call. */
  asked: z
    .object({
      id: z.int(),
      lifeMs: z.number(),
      options: passkeyChallengeSchema.omit({ timeout: true }),
    })
    .nullable(),
  /** A code that waits to be compared and confirmed. */
  code: z.string().min(1).max(40).nullable(),
  /** The button that makes the page ask is there. */
  canContinue: z.boolean(),
  /** Linking stands at the passkey. */
  screen: z.boolean(),
});
export type PasskeyLook = z.infer<typeof lookSchema>;

/** Ensures that the page's call is intercepted, and returns the step of the linking. */
export const lookAtPasskey = async (page: LibraryPage): Promise<PasskeyLook> =>
  lookSchema.parse(await page.evaluate(LOOK));

const click = (name: string): string => `(() => {
  ${CLICKABLE}
  const button = clickable('${name}');
  if (button) button.click();
  return Boolean(button);
})()`;

/** Has the page ask for the passkey, for the first time or again after a failure. */
export const continueToPasskey = async (page: LibraryPage): Promise<boolean> =>
  z.boolean().parse(await page.evaluate(click('shortcake_passkey_continue_button')));

/** The page's own button below the code. False: there is none. */
export const confirmCode = async (page: LibraryPage): Promise<boolean> =>
  z.boolean().parse(await page.evaluate(click('shortcake_code_confirm_button')));

/** Answers the page's call `id`. False: that call is not open any more. */
export const answerPasskey = async (
  page: LibraryPage,
  id: number,
  assertion: PasskeyAssertion,
): Promise<boolean> =>
  z.boolean().parse(
    await page.evaluate(`(() => {
  const { open } = window[${STATE}] || {};
  if (!open || open.id !== ${id}) return false;
  open.answer(${JSON.stringify(assertion)});
  return true;
})()`),
  );
