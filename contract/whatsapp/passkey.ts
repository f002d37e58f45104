/**
 * Passkeys in linking: WhatsApp may ask for a WebAuthn assertion before it links an account, and may then show a code
 * that a person compares with the phone's. Shapes as WAHA has them, which are WebAuthn's own JSON forms.
 */
import * as z from 'zod';
import { QR_WAIT_SECONDS } from '../timeouts.ts';

/**
 * The page on which the person signs. WebAuthn binds an assertion to the origin that asked for it, and WhatsApp
 * checks it.
 */
export const WHATSAPP_ORIGIN = 'https://web.whatsapp.com';

const base64url = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .regex(/^[A-Za-z0-9_-]+$/, 'must be base64url without padding');

const credentialIdSchema = base64url(1400);

/** `PublicKeyCredentialRequestOptionsJSON`: what is given to `navigator.credentials.get({ publicKey })`, in JSON. */
export const passkeyChallengeSchema = z.object({
  challenge: base64url(2048).describe('Base64url: the challenge to sign.'),
  timeout: z.int().positive().describe('How long the challenge is still valid, in ms.'),
  rpId: z.string().min(1).max(253).describe('The relying party that the passkey belongs to.'),
  allowCredentials: z
    .array(
      z.object({
        id: credentialIdSchema,
        type: z.literal('public-key'),
        transports: z.array(z.string().max(40)).max(10).optional(),
      }),
    )
    .max(100)
    .describe('The passkeys that may sign; empty: any of this account.'),
  userVerification: z.string().max(40),
  extensions: z.record(z.string(), z.unknown()).optional().describe('Requested WebAuthn extensions.'),
});
export type PasskeyChallenge = z.infer<typeof passkeyChallengeSchema>;

/**
 * `AuthenticationResponseJSON`: what `credential.toJSON()` gives. Properties that are not named here are accepted and
 * ignored: browsers add some.
 */
export const passkeyAssertionArgs = z
  .object({
    id: credentialIdSchema.describe("The passkey's id."),
    rawId: credentialIdSchema.describe('The same as `id`.'),
    type: z.literal('public-key'),
    response: z.object({
      clientDataJSON: base64url(8192),
      authenticatorData: base64url(8192),
      signature: base64url(8192),
      userHandle: base64url(1024)
        .nullish()
        .transform((handle) => handle ?? undefined),
    }),
  })
  .refine(({ id, rawId }) => id === rawId, { path: ['rawId'], error: 'must be the same as id' });
export type PasskeyAssertion = z.output<typeof passkeyAssertionArgs>;

/** The code that a person compares with the one on the phone. */
export const passkeyConfirmationSchema = z.object({
  code: z.string().min(1).max(40).describe('Compare it with the code that the phone shows.'),
});

/** The data of a status: the challenge of PASSKEY_REQUIRED, the code of PASSKEY_CONFIRMATION_REQUIRED. */
export const statusDataSchema = z.union([passkeyChallengeSchema, passkeyConfirmationSchema]);
export type StatusData = z.infer<typeof statusDataSchema>;

/** Waits up to `waitSeconds` for the session to ask. */
export const passkeyWaitArgs = z.strictObject({
  waitSeconds: z.number().min(0).max(QR_WAIT_SECONDS).default(0),
});

/**
 * The JavaScript that a person pastes into the console of a tab at web.whatsapp.com. It asks the browser to sign the
 * challenge, and its value (a promise) is the assertion as JSON text, which is also copied if the console can.
 */
export const signingScript = (challenge: PasskeyChallenge): string =>
  `(async (put) => {
  if (location.origin !== ${JSON.stringify(WHATSAPP_ORIGIN)})
    throw new Error('Run this in a tab at ${WHATSAPP_ORIGIN}, not at ' + location.origin);
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=+$/, '');
  const asked = JSON.parse(${scriptLiteral(JSON.stringify(challenge))});
  const { id, rawId, type, response } = await navigator.credentials.get({ publicKey: {
    ...asked,
    challenge: bytes(asked.challenge),
    allowCredentials: asked.allowCredentials.map((one) => ({ ...one, id: bytes(one.id) })),
  } });
  const answer = JSON.stringify({ id, rawId: text(rawId), type, response: {
    clientDataJSON: text(response.clientDataJSON),
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    ...(response.userHandle ? { userHandle: text(response.userHandle) } : {}),
  } });
  if (put) put(answer);
  console.log(answer);
  return answer;
})(typeof copy === 'function' ? copy : undefined)`;

/**
 * A text as a literal of a script, also if the script is written into a page. Data goes through `JSON.parse`: as an
 * object literal, a member `__proto__` would set the prototype.
 */
const scriptLiteral = (text: string): string =>
  JSON.stringify(text)
    .replace(/</g, '\\u003c')
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029');
