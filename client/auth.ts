import type * as z from 'zod';
import {
  type PairingCodeView,
  pairingCodeSchema,
  QR_LIFE_HEADER,
  qrRawSchema,
} from '../contract/bodies/commands.ts';
import { nothingSchema } from '../contract/operation.ts';
import {
  type PasskeyChallenge,
  type passkeyAssertionArgs,
  passkeyChallengeSchema,
  passkeyConfirmationSchema,
} from '../contract/whatsapp/passkey.ts';
import type { CallOptions } from './sessions.ts';
import { path, type Transport } from './transport.ts';

export type QrOptions = CallOptions & {
  /** How long the API may wait for a code, 0 to 25 s. */
  readonly waitSeconds?: number | undefined;
};

/** What `navigator.credentials.get()` gave, as its `toJSON()` writes it. */
export type PasskeyAssertionInput = z.input<typeof passkeyAssertionArgs>;

/**
 * Where WhatsApp asks for the account's passkey: the session's status is PASSKEY_REQUIRED, then WORKING or
 * PASSKEY_CONFIRMATION_REQUIRED.
 */
export type PasskeyClient = {
  /** The challenge to sign in a browser at https://web.whatsapp.com. 422 where none is asked for. */
  readonly challenge: (name: string, options?: QrOptions) => Promise<PasskeyChallenge>;
  /**
   * Gives the signed challenge to WhatsApp. 409: answered already; 410: expired; 422: for another session or challenge,
   * or signed at another origin. Those change nothing.
   */
  readonly submit: (name: string, assertion: PasskeyAssertionInput, options?: CallOptions) => Promise<void>;
  /** The code that the phone shows too. 422 where there is none. */
  readonly confirmation: (name: string, options?: QrOptions) => Promise<string>;
  /** Says that a person has compared the codes. */
  readonly confirm: (name: string, options?: CallOptions) => Promise<void>;
};

/** Linking an account. Each rejects with 422 and the session's state where it shows no code. */
export type AuthClient = {
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
  ) => Promise<PairingCodeView>;
  readonly passkey: PasskeyClient;
};

export const authClient = (transport: Transport): AuthClient => {
  const qr = (name: string, format: 'raw' | 'image', accept: string, options: QrOptions = {}) =>
    ({
      method: 'GET',
      path: path`/api/${name}/auth/qr`,
      query: { format, wait: options.waitSeconds, userId: options.userId },
      accept,
      waitSeconds: options.waitSeconds ?? 0,
      idempotent: true,
      signal: options.signal,
    }) as const;

  const drawn: AuthClient['qrDrawn'] = async (name, options) => {
    const { body, headers } = await transport.bytes(qr(name, 'image', 'image/svg+xml', options));
    return { svg: new TextDecoder().decode(body), lifeMs: Number(headers.get(QR_LIFE_HEADER) ?? 0) };
  };

  const pairingCode: AuthClient['pairingCode'] = (name, phoneNumber, options = {}) =>
    transport.json(
      {
        method: 'POST',
        path: path`/api/${name}/auth/request-code`,
        query: { userId: options.userId },
        body: { phoneNumber },
        // The code that was just asked for is answered again.
        idempotent: true,
        signal: options.signal,
      },
      pairingCodeSchema,
    );

  return {
    qr: async (name, options) =>
      (await transport.json(qr(name, 'raw', 'application/json', options), qrRawSchema)).value,
    qrPng: async (name, options) => (await transport.bytes(qr(name, 'image', 'image/png', options))).body,
    qrSvg: async (name, options) => (await drawn(name, options)).svg,
    qrDrawn: drawn,
    requestCode: async (...request) => (await pairingCode(...request)).code,
    pairingCode,
    passkey: passkeyClient(transport),
  };
};

const passkeyClient = (transport: Transport): PasskeyClient => {
  const read = (address: string, { waitSeconds = 0, userId, signal }: QrOptions = {}) =>
    ({
      method: 'GET',
      path: address,
      query: { wait: waitSeconds, userId },
      waitSeconds,
      idempotent: true,
      signal,
    }) as const;
  const post = (address: string, { userId, signal }: CallOptions = {}, body?: object) =>
    // Repeated, it would be refused as answered already: whether the first was taken is the caller's to see.
    ({ method: 'POST', path: address, query: { userId }, body, idempotent: false, signal }) as const;
  return {
    challenge: (name, options) =>
      transport.json(read(path`/api/${name}/auth/passkey/challenge`, options), passkeyChallengeSchema),
    submit: async (name, assertion, options) => {
      await transport.json(post(path`/api/${name}/auth/passkey`, options, assertion), nothingSchema);
    },
    confirmation: async (name, options) =>
      (
        await transport.json(
          read(path`/api/${name}/auth/passkey/confirmation`, options),
          passkeyConfirmationSchema,
        )
      ).code,
    confirm: async (name, options) => {
      await transport.json(post(path`/api/${name}/auth/passkey/confirm`, options), nothingSchema);
    },
  };
};
