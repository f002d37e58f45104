import type * as z from 'zod';
import { QR_LIFE_HEADER, qrRawSchema } from '../contract/bodies/commands.ts';
import { getPasskeyConfirmation, getQr, requestCode } from '../contract/operations/linking.ts';
import type { passkeyAssertionArgs } from '../contract/whatsapp/passkey.ts';
import { type Needs, type Options, perform, type Result, requestOf } from './derived.ts';
import type { AuthMethods, AuthPasskeyMethods } from './methods.ts';
import type { CallOptions } from './transport.ts';

export type QrOptions = CallOptions & {
  /** How long the API may wait for a code, 0 to 25 s. */
  readonly waitSeconds?: number | undefined;
};

/** What `navigator.credentials.get()` gave, as its `toJSON()` writes it. */
export type PasskeyAssertionInput = z.input<typeof passkeyAssertionArgs>;

/**
 * If WhatsApp asks for the account's passkey: the session's status is PASSKEY_REQUIRED, then WORKING or
 * PASSKEY_CONFIRMATION_REQUIRED.
 */
export type PasskeyClient = AuthPasskeyMethods & {
  /** The code that the phone shows too. 422 if there is none. */
  readonly confirmation: (name: string, options?: Options<'getPasskeyConfirmation'>) => Promise<string>;
};

/** Linking an account. Each rejects with 422 and the session's state if it shows no code. */
export type AuthClient = Omit<AuthMethods, 'passkey'> & {
  /** The code as text, to be drawn by the caller. It is as good as a password until it is renewed. */
  readonly qr: (name: string, options?: QrOptions) => Promise<string>;
  /** The code as a PNG file. */
  readonly qrPng: (name: string, options?: QrOptions) => Promise<Uint8Array>;
  /** The code as an SVG document. */
  readonly qrSvg: (name: string, options?: QrOptions) => Promise<string>;
  /** The code as an SVG document, and how long it still lives. */
  readonly qrDrawn: (name: string, options?: QrOptions) => Promise<{ svg: string; lifeMs: number }>;
  /** The eight letters to type into the phone with this number (international; symbols are dropped). */
  readonly requestCode: (name: string, phoneNumber: string, options?: CallOptions) => Promise<string>;
  /** As `requestCode`, with the time until which the code is good. Asked again, it answers with the one that is good now. */
  readonly pairingCode: (
    name: string,
    phoneNumber: string,
    options?: CallOptions,
  ) => Promise<Result<'requestCode'>>;
  readonly passkey: PasskeyClient;
};

export const authClient = ({ passkey, ...derived }: AuthMethods, needs: Needs): AuthClient => {
  const { transport } = needs;
  const qr = (session: string, format: 'raw' | 'image', accept: string, options: QrOptions = {}) =>
    requestOf(getQr, { params: { session }, query: { format }, accept, options }, needs);

  const qrDrawn: AuthClient['qrDrawn'] = async (name, options) => {
    const { body, headers } = await transport.bytes(qr(name, 'image', 'image/svg+xml', options));
    return { svg: new TextDecoder().decode(body), lifeMs: Number(headers.get(QR_LIFE_HEADER) ?? 0) };
  };

  const pairingCode: AuthClient['pairingCode'] = (session, phoneNumber, options = {}) =>
    perform(requestCode, { params: { session }, body: { phoneNumber }, options }, needs);

  return {
    ...derived,
    qr: async (name, options) =>
      (await transport.json(qr(name, 'raw', 'application/json', options), qrRawSchema)).value,
    qrPng: async (name, options) => (await transport.bytes(qr(name, 'image', 'image/png', options))).body,
    qrSvg: async (name, options) => (await qrDrawn(name, options)).svg,
    qrDrawn,
    requestCode: async (...request) => (await pairingCode(...request)).code,
    pairingCode,
    passkey: {
      ...passkey,
      confirmation: async (session, options = {}) =>
        (await perform(getPasskeyConfirmation, { params: { session }, options }, needs)).code,
    },
  };
};
