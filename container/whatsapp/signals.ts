/** What a run of a client reports to its host, and the limits of its stages. */
import type { Account } from '../../contract/worker/protocol.ts';
import type { PasskeyStep } from './passkey.ts';

export type Signal =
  /** `expiresAt` (ms, local clock) of a code that was shown before; absent: it was shown just now. */
  | { readonly kind: 'qr'; readonly code: string; readonly expiresAt?: number }
  /** A pairing code: the one asked for, or a renewed one. */
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'authenticated' }
  | { readonly kind: 'passkey'; readonly step: PasskeyStep }
  | { readonly kind: 'ready'; readonly account: Account | undefined }
  /** The account was unlinked: by the phone, by the logout command, or (`duringStart`) while this was offline. */
  | { readonly kind: 'logged_out'; readonly duringStart: boolean }
  /** WhatsApp blocked the account (`state` says how): a fresh client would meet the same. */
  | { readonly kind: 'blocked'; readonly state: string }
  /** `authenticated`: WhatsApp had accepted the account, so it is not the profile that is at fault. */
  | { readonly kind: 'fault'; readonly reason: string; readonly authenticated: boolean };

/** How long WhatsApp shows a code (ms): the first of a page for about 60 s, each later one for about 20 s. */
export const codeLifeMs = (nth: number): number => (nth === 1 ? 60_000 : 20_000);

/** Limits in ms. */
export type RunTimings = {
  readonly launch: number;
  readonly load: number;
  readonly sync: number;
  /** How long the page's address may lag behind a broken start. */
  readonly navigation: number;
  /** For the page to confirm that the account is unlinked. */
  readonly unlink: number;
  /** From a signed passkey or a confirmed code to the next step of linking. WhatsApp Web's own limit is two minutes. */
  readonly passkey: number;
  readonly probeEvery: number;
  readonly probeLimit: number;
  readonly closeLimit: number;
};
export const runTimings = (stageMs: number): RunTimings => ({
  launch: Math.min(stageMs, 35_000),
  load: stageMs,
  sync: stageMs,
  navigation: 3_000,
  unlink: 6_000,
  passkey: 150_000,
  probeEvery: 500,
  probeLimit: 5_000,
  closeLimit: 8_000,
});
