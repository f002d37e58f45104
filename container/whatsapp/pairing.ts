/** The pairing code that is shown instead of a QR code. WhatsApp's page renews it by itself, so it is kept here. */
import type { Clock } from '../../contract/clock.ts';

/** `expiresAt` in ms of the control plane's clock. */
export type PairingCode = { readonly value: string; readonly expiresAt: number };

export type Pairing = {
  /** How long a code is good (ms); the page renews it then. */
  readonly lifeMs: number;
  /** A code is being asked for, for this number. */
  ask(phoneNumber: string): void;
  /** The page has a code: the one that was asked for, or a renewed one. */
  shown(value: string): PairingCode;
  /** The code that is good now for this number; undefined if there is none. */
  current(phoneNumber: string): PairingCode | undefined;
  /** No code is good any more: linked, or another client. */
  clear(): void;
};

/** WhatsApp's page gives eight letters; people read, and WAHA gives, two groups of four: `ABCD-EFGH`. */
const grouped = (letters: string): string => letters.replace(/^([A-Z0-9]{4})([A-Z0-9]{4})$/, '$1-$2');

export const createPairing = (options: {
  /** The control plane's clock. */
  readonly now: Clock;
  readonly lifeMs: number;
  readonly onCode: (code: PairingCode) => void;
}): Pairing => {
  const { now, lifeMs } = options;
  let number: string | undefined;
  let code: PairingCode | undefined;
  return {
    lifeMs,
    ask(phoneNumber) {
      number = phoneNumber;
      code = undefined;
    },
    shown(letters) {
      const value = grouped(letters);
      if (value === code?.value) return code;
      code = { value, expiresAt: Math.round(now() + lifeMs) };
      options.onCode(code);
      return code;
    },
    current: (phoneNumber) =>
      phoneNumber === number && code !== undefined && code.expiresAt > now() ? code : undefined,
    clear() {
      number = undefined;
      code = undefined;
    },
  };
};
