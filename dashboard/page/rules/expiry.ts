import type { SessionView } from '../../../contract/bodies/sessions.ts';

type Expiry = {
  /** ms since the epoch */
  readonly at: number;
  readonly why: 'qr' | 'idle' | 'duration';
};

/** The earliest of the session's running deadlines. */
export const nextExpiry = (
  session: Pick<SessionView, 'qrExpiresAt' | 'idleAt' | 'expiresAt'>,
): Expiry | undefined => {
  const known: readonly (readonly [Expiry['why'], string | null])[] = [
    ['qr', session.qrExpiresAt],
    ['idle', session.idleAt],
    ['duration', session.expiresAt],
  ];
  return known
    .flatMap(([why, iso]) => (iso === null ? [] : [{ why, at: Date.parse(iso) }]))
    .sort((a, b) => a.at - b.at)[0];
};

/** From when on a session is marked as expiring, ms. */
const SOON_MS: Readonly<Record<Expiry['why'], number>> = {
  qr: 60_000,
  idle: 120_000,
  duration: 300_000,
};

export const isExpiring = (expiry: Expiry | undefined, now: number): expiry is Expiry =>
  expiry !== undefined && expiry.at - now <= SOON_MS[expiry.why];

export const EXPIRY_WORDS: Readonly<Record<Expiry['why'], string>> = {
  qr: 'QR code not scanned',
  idle: 'idle',
  duration: 'maximum duration',
};
