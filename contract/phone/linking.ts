/** Operations of the phone API for accounts and their linked devices. */
import * as z from 'zod';
import {
  accountChoice,
  accountSchema,
  affected,
  correspondent,
  done,
  pendingPageSchema,
  phoneNumber,
  target,
} from './base.ts';

const linked = z.object({
  account: accountSchema,
  /** Absent if WhatsApp asks for the account's passkey first. */
  deviceId: z.string().optional(),
});
const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/);

export const linkingRoutes = {
  pages: {
    method: 'GET',
    path: '/phone/pages',
    request: z.object({}),
    response: z.object({ pages: z.array(pendingPageSchema) }),
  },
  accounts: {
    method: 'GET',
    path: '/phone/accounts',
    request: z.object({}),
    response: z.object({ accounts: z.array(accountSchema) }),
  },
  /** Both ids of a person. `pn` is null if WhatsApp reveals no number. */
  identity: {
    method: 'GET',
    path: '/phone/identity',
    request: z.object({ id: correspondent }),
    response: z.object({ lid: z.string(), pn: z.string().nullable() }),
  },
  /** Scans what the QR shows, or, without looking, the code of the one (or named) pending page. */
  scan: {
    method: 'POST',
    path: '/phone/scan',
    request: z.object({
      code: z.string().min(1).max(1000).optional(),
      page: target.optional(),
      account: accountChoice.optional(),
    }),
    response: linked,
  },
  /** Enters the eight letters that a page shows in place of a QR. */
  enterPairingCode: {
    method: 'POST',
    path: '/phone/pairing-code',
    request: z.object({ code: z.string().min(1).max(20), account: accountChoice.optional() }),
    response: linked,
  },
  /** Renews the QR now instead of at its time. */
  refreshCode: {
    method: 'POST',
    path: '/phone/refresh',
    request: z.object({ page: target.optional() }),
    response: done,
  },
  /**
   * Whether linking this account asks for its passkey, and then for a code to be compared (builds since 2026-07).
   * Makes the account and its passkey if there is none. The private key is given so that a browser's virtual
   * authenticator can hold it.
   */
  setPasskey: {
    method: 'POST',
    path: '/phone/passkey',
    request: z.object({
      account: phoneNumber,
      required: z.boolean(),
      confirm: z.boolean().default(false),
    }),
    response: z.object({
      account: accountSchema,
      passkey: z.object({
        id: base64url,
        /** PKCS #8, base64 */
        privateKey: z.base64(),
        userHandle: base64url,
        rpId: z.string(),
      }),
    }),
  },
  /** Signs a challenge with the passkey of the account that it is for, as the person's browser does. */
  signPasskey: {
    method: 'POST',
    path: '/phone/passkey/sign',
    request: z.object({
      challenge: base64url,
      /** As wrong browsers would have it. */
      origin: z.string().max(200).optional(),
      rpId: z.string().max(200).optional(),
    }),
    response: z.object({
      id: base64url,
      rawId: base64url,
      type: z.literal('public-key'),
      response: z.object({
        clientDataJSON: base64url,
        authenticatorData: base64url,
        signature: base64url,
        userHandle: base64url,
      }),
    }),
  },
  /** The codes that the phone shows, to be compared with those of its pages. */
  passkeyCodes: {
    method: 'GET',
    path: '/phone/passkey/codes',
    request: z.object({ account: target }),
    response: z.object({ codes: z.array(z.string()) }),
  },
  /**
   * Removes the account's linked device(s) on the phone. A connected page is notified at once; one that is offline is
   * rejected at its next connect. With `quiet`, no page is notified: a connected page learns it at its next connect.
   */
  logout: {
    method: 'POST',
    path: '/phone/logout',
    request: z.object({ target, quiet: z.boolean().optional() }),
    response: affected,
  },
} as const;
