/**
 * The commands that link and unlink a session's account. They are apart from all others (commands.ts), so that what sends
 * only these does not load the table of every operation.
 */
import * as z from 'zod';
import { QR_WAIT_SECONDS } from '../timeouts.ts';
import { doneSchema } from '../whatsapp/done.ts';
import {
  passkeyAssertionArgs,
  passkeyChallengeSchema,
  passkeyConfirmationSchema,
  passkeyWaitArgs,
} from '../whatsapp/passkey.ts';

/** The code as drawn into the QR; `expiresAt` when WhatsApp is expected to replace it (ms). */
export const qrResult = z.object({ value: z.string(), expiresAt: z.int() });
/** Waits up to `waitSeconds` for a code. Wrong status: `wrong_status`. */
export const getQrArgs = z.strictObject({ waitSeconds: z.number().min(0).max(QR_WAIT_SECONDS).default(0) });

/** `expiresAt` when WhatsApp is expected to replace it (ms). */
const pairingCodeResult = z.object({ code: z.string(), expiresAt: z.int() });

export const requestCodeArgs = z.strictObject({
  phoneNumber: z
    .string()
    .transform((s) => s.replace(/[\s()+-]/g, ''))
    .pipe(z.string().regex(/^[1-9]\d{6,14}$/, 'must be an international phone number in digits')),
});

/** The commands about the session's account; their operations' requests and responses are not those of the command. */
export const ACCOUNT_COMMANDS = {
  getQr: { args: getQrArgs, result: qrResult },
  requestCode: { args: requestCodeArgs, result: pairingCodeResult },
  getPasskeyChallenge: { args: passkeyWaitArgs, result: passkeyChallengeSchema },
  submitPasskey: { args: passkeyAssertionArgs, result: doneSchema },
  getPasskeyConfirmation: { args: passkeyWaitArgs, result: passkeyConfirmationSchema },
  confirmPasskey: { args: z.strictObject({}), result: doneSchema },
  /** Unlinks at WhatsApp, discards the auth state, then ends the worker for `logged_out`. Answers once accepted. */
  logout: { args: z.strictObject({}), result: z.object({}) },
} as const;
