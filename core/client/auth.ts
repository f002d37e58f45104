import { pairingCodeSchema, QR_LIFE_HEADER, qrRawSchema } from '../api/commands.ts';
import type { CallOptions } from './sessions.ts';
import { path, type Transport } from './transport.ts';

export type QrOptions = CallOptions & {
  /** How long the API may wait for a code, 0 to 25 s. */
  readonly waitSeconds?: number | undefined;
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

  return {
    qr: async (name, options) =>
      (await transport.json(qr(name, 'raw', 'application/json', options), qrRawSchema)).value,
    qrPng: async (name, options) => (await transport.bytes(qr(name, 'image', 'image/png', options))).body,
    qrSvg: async (name, options) => (await drawn(name, options)).svg,
    qrDrawn: drawn,
    requestCode: async (name, phoneNumber, options = {}) => {
      const answer = await transport.json(
        {
          method: 'POST',
          path: path`/api/${name}/auth/request-code`,
          query: { userId: options.userId },
          body: { phoneNumber },
          // A repeat makes the code that was just shown worthless.
          idempotent: false,
          signal: options.signal,
        },
        pairingCodeSchema,
      );
      return answer.code;
    },
  };
};
