import { useEffect, useState } from 'preact/hooks';
import { ApiError, type PasskeyChallenge } from '../../../../client/index.ts';
import type { SessionView } from '../../../../contract/bodies/sessions.ts';
import { isPasskeyStatus, isTerminal, type Status } from '../../../../contract/lifecycle.ts';
import { sleep } from '../../../../contract/poll.ts';
import { serverTime } from '../../state/clock.ts';
import { berth } from '../../state/server.ts';
import { putSession } from '../../state/sessions.ts';
import { type DrawnQr, drawnQr } from './drawn-qr.ts';

/** How a linking stands. */
export type Linking =
  | { readonly phase: 'starting' }
  | { readonly phase: 'code'; readonly qr: DrawnQr | undefined }
  /** WhatsApp asks for the passkey of the account; if the challenge is undefined, it has not arrived yet. */
  | { readonly phase: 'passkey'; readonly challenge: PasskeyChallenge | undefined }
  /** A code is to be compared with the one on the phone. */
  | { readonly phase: 'compare'; readonly code: string }
  /** The phone has scanned; the client is logging in. */
  | { readonly phase: 'scanned' }
  | { readonly phase: 'linked'; readonly session: SessionView }
  | { readonly phase: 'ended'; readonly session: SessionView }
  | { readonly phase: 'failed'; readonly error: unknown };

const PAUSE_MS = 1000;

/** Follows a session to its end: linked, or ended. A new `turn` follows it again, after it was started again. */
export const useLinking = (userId: string, name: string, turn: number): Linking => {
  const [linking, setLinking] = useState<Linking>({ phase: 'starting' });
  useEffect(() => {
    const controller = new AbortController();
    setLinking({ phase: 'starting' });
    void follow({ userId, name, signal: controller.signal, show: setLinking });
    return () => controller.abort();
  }, [userId, name, turn]);
  return linking;
};

type Following = {
  readonly userId: string;
  readonly name: string;
  readonly signal: AbortSignal;
  readonly show: (linking: Linking) => void;
};

const follow = async (following: Following): Promise<void> => {
  const { userId, name, signal, show } = following;
  const about = { userId, signal };
  let codes: AbortController | undefined;
  let hadCode = false;
  try {
    let session = await berth.sessions.get(name, about);
    for (;;) {
      putSession(session);
      if (session.status === 'WORKING') return show({ phase: 'linked', session });
      if (isTerminal(session.state) || session.state === 'STOPPING') {
        if (isTerminal(session.state)) return show({ phase: 'ended', session });
      } else if (session.status === 'SCAN_QR_CODE') {
        hadCode = true;
        if (!codes || codes.signal.aborted) {
          codes = new AbortController();
          show({ phase: 'code', qr: undefined });
          void showCodes({ ...following, signal: AbortSignal.any([signal, codes.signal]) });
        }
      } else if (isPasskeyStatus(session.status)) {
        codes?.abort();
        hadCode = true;
        await showPasskey(following, session.status);
      } else {
        codes?.abort();
        show({ phase: hadCode ? 'scanned' : 'starting' });
      }
      const { status } = session;
      session = await berth.sessions.waitForChange(name, status, 20, about);
      if (session.status === status) await sleep(250);
    }
  } catch (error) {
    if (!signal.aborted) show({ phase: 'failed', error });
  } finally {
    codes?.abort();
  }
};

/** The input that the session asks for; nothing if it has continued meanwhile. */
const showPasskey = async ({ userId, name, signal, show }: Following, status: Status): Promise<void> => {
  const about = { userId, signal, waitSeconds: 5 };
  const { passkey } = berth.auth;
  try {
    if (status === 'PASSKEY_REQUIRED')
      show({ phase: 'passkey', challenge: await passkey.challenge(name, about) });
    else show({ phase: 'compare', code: await passkey.confirmation(name, about) });
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 422)) throw error;
  }
};

/** WhatsApp may replace a code before its time. */
const LOOK_MS = 4000;

/** Shows each code until it is replaced. A code that can't be read is asked for again: the session says when it ends. */
const showCodes = async ({ userId, name, signal, show }: Following): Promise<void> => {
  let shown: DrawnQr | undefined;
  while (!signal.aborted) {
    try {
      const qr = drawnQr(await berth.auth.qrDrawn(name, { userId, signal, waitSeconds: 10 }));
      if (signal.aborted) return;
      if (qr.dark !== shown?.dark) {
        shown = qr;
        show({ phase: 'code', qr });
      }
      await until(Math.min(serverTime() + LOOK_MS, qr.expiresAt), signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError && error.status === 422)) show({ phase: 'code', qr: undefined });
      shown = undefined;
      await sleep(PAUSE_MS);
    }
  }
};

/** Until a time, at least for a moment; sooner if it is aborted. */
const until = (at: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(PAUSE_MS, at - serverTime()));
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
