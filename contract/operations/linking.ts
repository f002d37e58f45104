import * as z from 'zod';
import {
  pairingCodeSchema,
  passkeyQuerySchema,
  QR_LIFE_HEADER,
  qrImageJsonSchema,
  qrQuerySchema,
  qrRawSchema,
} from '../bodies/commands.ts';
import { sessionNameSchema } from '../bodies/sessions.ts';
import { nothingSchema, operation, ownerQuerySchema } from '../operation.ts';
import {
  passkeyAssertionArgs,
  passkeyChallengeSchema,
  passkeyConfirmationSchema,
} from '../whatsapp/passkey.ts';
import { requestCodeArgs } from '../worker/account-commands.ts';

const session = z.object({ session: sessionNameSchema.describe("The session's name.") });

export const getQr = operation({
  id: 'getQr',
  method: 'GET',
  path: '/api/{session}/auth/qr',
  handler: 'linking',
  auth: 'key',
  scope: 'sessions:write',
  waha: true,
  holds: 'wait',
  tag: 'Linking',
  summary: 'The QR code to scan with the phone',
  description:
    'A PNG; SVG or JSON by `Accept`; the code itself with `format=raw`. `wait` waits for a code. The code ' +
    'is equivalent to a password until it is renewed, and is not stored.',
  params: session,
  query: qrQuerySchema,
  responses: {
    200: {
      description: 'The code.',
      body: z.union([qrImageJsonSchema, qrRawSchema]),
      files: ['image/png', 'image/svg+xml'],
      headers: { [QR_LIFE_HEADER]: 'Milliseconds until WhatsApp is expected to replace the code.' },
    },
  },
  problems: ['unprocessable', 'too_many', 'worker_failed', 'worker_timeout'],
});

export const requestCode = operation({
  id: 'requestCode',
  method: 'POST',
  path: '/api/{session}/auth/request-code',
  handler: 'linking',
  auth: 'key',
  scope: 'sessions:write',
  waha: true,
  repeatable: true,
  tag: 'Linking',
  summary: 'A pairing code to type into the phone, instead of a QR code',
  description:
    'WhatsApp replaces it after about three minutes. The event `session.code` has the new one; a repeated call ' +
    'returns the current code.',
  params: session,
  query: ownerQuerySchema,
  body: requestCodeArgs,
  responses: { 201: { description: 'The code.', body: pairingCodeSchema } },
  problems: ['unprocessable', 'too_many', 'worker_failed', 'worker_timeout'],
});

export const getPasskeyChallenge = operation({
  id: 'getPasskeyChallenge',
  method: 'GET',
  path: '/api/{session}/auth/passkey/challenge',
  handler: 'linking',
  auth: 'key',
  scope: 'sessions:write',
  waha: true,
  client: 'auth.passkey.challenge',
  holds: 'wait',
  tag: 'Linking',
  summary: 'The passkey challenge to sign',
  description:
    'While the session is PASSKEY_REQUIRED. Pass it, with its base64url fields decoded, to ' +
    '`navigator.credentials.get({publicKey})` in a browser at https://web.whatsapp.com that has the passkey of the ' +
    'account; send the result to `POST /api/{session}/auth/passkey`. The challenge is not stored.',
  params: session,
  query: passkeyQuerySchema,
  responses: { 200: { description: 'The challenge.', body: passkeyChallengeSchema } },
  problems: ['unprocessable', 'worker_failed', 'worker_timeout'],
});

export const submitPasskey = operation({
  id: 'submitPasskey',
  method: 'POST',
  path: '/api/{session}/auth/passkey',
  handler: 'linking',
  auth: 'key',
  scope: 'sessions:write',
  waha: true,
  client: 'auth.passkey.submit',
  tag: 'Linking',
  summary: 'The signed passkey challenge',
  description:
    '201 when WhatsApp Web has accepted it. Then the session works, or it asks to compare a code ' +
    '(PASSKEY_CONFIRMATION_REQUIRED), or, when WhatsApp rejects the signature, it is PASSKEY_REQUIRED with a new ' +
    'challenge. 409: the challenge was answered before. 410: it has expired. 422: it is not a challenge of this ' +
    'session, or was signed at another origin or with another passkey. These change nothing.',
  params: session,
  query: ownerQuerySchema,
  body: passkeyAssertionArgs,
  maxBodyBytes: 64 * 1024,
  responses: { 201: { description: 'It was passed to WhatsApp Web.', body: nothingSchema } },
  problems: [
    'unprocessable',
    'challenge_unknown',
    'challenge_answered',
    'challenge_expired',
    'assertion_invalid',
    'worker_failed',
    'worker_timeout',
  ],
});

export const getPasskeyConfirmation = operation({
  id: 'getPasskeyConfirmation',
  method: 'GET',
  path: '/api/{session}/auth/passkey/confirmation',
  handler: 'linking',
  auth: 'key',
  scope: 'sessions:write',
  waha: true,
  holds: 'wait',
  tag: 'Linking',
  summary: 'The code to compare with the one on the phone',
  description:
    'While the session is PASSKEY_CONFIRMATION_REQUIRED. Most linkings need none: WhatsApp continues right after the ' +
    'signature.',
  params: session,
  query: passkeyQuerySchema,
  responses: { 200: { description: 'The code.', body: passkeyConfirmationSchema } },
  problems: ['unprocessable', 'worker_failed', 'worker_timeout'],
});

export const confirmPasskey = operation({
  id: 'confirmPasskey',
  method: 'POST',
  path: '/api/{session}/auth/passkey/confirm',
  handler: 'linking',
  auth: 'key',
  scope: 'sessions:write',
  waha: true,
  client: 'auth.passkey.confirm',
  tag: 'Linking',
  summary: 'Confirm that the phone shows the same code',
  description: 'Only when the session is PASSKEY_CONFIRMATION_REQUIRED and a person has compared the codes.',
  params: session,
  query: ownerQuerySchema,
  responses: { 201: { description: 'It was confirmed to WhatsApp Web.', body: nothingSchema } },
  problems: ['unprocessable', 'worker_failed', 'worker_timeout'],
});
