/**
 * The passkey of one client while it is being linked: reads the page's step, makes it ask, gives it the answer.
 *
 *   none ── screen ──▶ asking ── its button pressed ──▶ challenge ── assertion ──▶ answered ──▶ linked
 *                        ▲                                  │                        │  ▲
 *                        └── timed out ─────────────────────┘                        │  └─ confirmed ── confirmation
 *                        └── refused by WhatsApp ────────────────────────────────────┴── code ──────────────▲
 *
 * From each of them back to none once the screen is gone: WhatsApp Web shows a QR code again.
 */
import type { Status } from '../../contract/lifecycle.ts';
import type { PasskeyAssertion, PasskeyChallenge, StatusData } from '../../contract/whatsapp/passkey.ts';
import { describeError } from '../base/faults.ts';
import type { Log } from '../base/log.ts';
import { sleep, type Time, withDeadline } from '../base/time.ts';
import type { LibraryPage } from './library.ts';
import { clientDataOf, faultOf } from './passkey-assertion.ts';
import {
  answerPasskey,
  confirmCode,
  continueToPasskey,
  lookAtPasskey,
  type PasskeyLook,
} from './passkey-page.ts';

export type PasskeyStep =
  | { readonly step: 'none' | 'asking' }
  /** `expiresAt` in ms of the local clock; `id` is the page's number of its call. */
  | {
      readonly step: 'challenge';
      readonly id: number;
      readonly challenge: Omit<PasskeyChallenge, 'timeout'>;
      readonly expiresAt: number;
    }
  | { readonly step: 'answered' }
  | { readonly step: 'confirmation'; readonly code: string };

/** The outcome of an assertion. Only `given` changed anything. */
export type PasskeyOutcome =
  | { readonly kind: 'given' }
  | { readonly kind: 'answered' | 'expired' | 'unknown' | 'none_asked' }
  | { readonly kind: 'invalid' | 'malformed'; readonly detail: string };

/** A session's challenges that have ended, and how: this distinguishes a late assertion from a foreign one. */
export type PasskeyHistory = Map<string, 'answered' | 'expired'>;

export type Passkey = {
  readonly step: PasskeyStep;
  answer(assertion: PasskeyAssertion): Promise<PasskeyOutcome>;
  /** Presses the page's button below the code. False: no code waits. */
  confirm(): Promise<boolean>;
};

/** Pressed so often at most, and not faster: a page that fails at once must not be pressed for ever. */
const MOST_PRESSES = 20;
const PRESS_EVERY_MS = 2_000;
/** How long the screen may be gone before that means something: the page draws again. */
const SCREEN_GONE_MS = 3_000;
const MOST_HISTORY = 100;

type PasskeyDeps = {
  readonly time: Time;
  readonly log: Log;
  readonly page: () => LibraryPage | undefined;
  readonly history: PasskeyHistory;
  /** Looks every so often, each look and action with a deadline; ms. */
  readonly timings: { readonly probeEvery: number; readonly probeLimit: number };
  readonly onStep: (step: PasskeyStep) => void;
};

/** Looks until `signal` is aborted. Other code handles faults of the page: here they only make one poll fail. */
export const watchPasskey = (deps: PasskeyDeps, signal: AbortSignal): Passkey => {
  const { time, log, history, timings } = deps;
  let step: PasskeyStep = { step: 'none' };
  let presses = 0;
  let pressedAt = Number.NEGATIVE_INFINITY;
  let screenAt = Number.NEGATIVE_INFINITY;
  /** One action at a time: of two answers at once, the second finds the first's. */
  let turn: Promise<unknown> = Promise.resolve();

  const inPage = async <R>(what: string, act: (page: LibraryPage) => Promise<R>): Promise<R | undefined> => {
    const page = deps.page();
    return page && (await withDeadline(time, timings.probeLimit, what, act(page)));
  };
  const inTurn = <R>(act: () => Promise<R>): Promise<R> => {
    const result = turn.then(act);
    turn = result.catch(() => undefined);
    return result;
  };

  const close = (how: 'answered' | 'expired') => {
    if (step.step !== 'challenge') return;
    history.set(step.challenge.challenge, how);
    for (const oldest of history.keys()) if (history.size > MOST_HISTORY) history.delete(oldest);
  };
  const enter = (next: PasskeyStep) => {
    const before = step;
    step = next;
    if (signal.aborted) return;
    if (next.step !== before.step) log.info('passkey', { from: before.step, to: next.step });
    deps.onStep(next);
  };

  const take = ({ asked, code, screen, canContinue }: PasskeyLook) => {
    const now = time.now();
    if (screen) screenAt = now;
    if (asked) {
      const { id, lifeMs, options } = asked;
      // A page that was reloaded counts its calls from one again.
      const open = step.step === 'challenge' ? step : undefined;
      if (open?.id === id && open.challenge.challenge === options.challenge) return;
      close('expired');
      return enter({ step: 'challenge', id, challenge: options, expiresAt: now + lifeMs });
    }
    close('expired');
    if (code !== null) {
      if (step.step !== 'confirmation' || step.code !== code) enter({ step: 'confirmation', code });
    } else if (now - screenAt > SCREEN_GONE_MS) {
      if (step.step !== 'none') enter({ step: 'none' });
    } else if (step.step !== 'asking' && (step.step !== 'answered' || canContinue)) enter({ step: 'asking' });
  };

  const look = () =>
    inTurn(async () => {
      const seen = await inPage('looking at the passkey', lookAtPasskey);
      if (!seen || signal.aborted) return;
      take(seen);
      const mayPress = presses < MOST_PRESSES && time.now() - pressedAt >= PRESS_EVERY_MS;
      if (seen.canContinue && !seen.asked && mayPress) {
        presses += 1;
        pressedAt = time.now();
        await inPage('asking for the passkey', continueToPasskey);
      }
    });

  const watch = async () => {
    while (!signal.aborted) {
      await look().catch((error: unknown) =>
        log.debug('the passkey could not be looked at', { error: describeError(error) }),
      );
      await sleep(time, timings.probeEvery, signal);
    }
  };
  void watch();
  // The request has ended: the account is linked, or this client has ended.
  signal.addEventListener('abort', () => {
    step = { step: 'none' };
  });

  const outcomeOf = async (assertion: PasskeyAssertion): Promise<PasskeyOutcome> => {
    const data = clientDataOf(assertion);
    if (!data)
      return { kind: 'malformed', detail: 'response.clientDataJSON: must be the JSON of client data' };
    if (step.step !== 'challenge' || step.challenge.challenge !== data.challenge) {
      const known = history.get(data.challenge);
      if (known) return { kind: known };
      return { kind: step.step === 'challenge' ? 'unknown' : 'none_asked' };
    }
    if (time.now() >= step.expiresAt) return { kind: 'expired' };
    const detail = faultOf(step.challenge, assertion, data);
    if (detail !== undefined) return { kind: 'invalid', detail };
    const { id } = step;
    if (!(await inPage('answering the passkey', (page) => answerPasskey(page, id, assertion)))) {
      close('expired');
      return { kind: 'expired' };
    }
    close('answered');
    // A page without the known screen has a moment to continue.
    screenAt = time.now();
    enter({ step: 'answered' });
    return { kind: 'given' };
  };

  return {
    get step() {
      return step;
    },
    answer: (assertion) => inTurn(() => outcomeOf(assertion)),
    confirm: () =>
      inTurn(async () => {
        if (step.step !== 'confirmation') return false;
        if (!(await inPage('confirming the code', confirmCode))) return false;
        screenAt = time.now();
        enter({ step: 'answered' });
        return true;
      }),
  };
};

/** The status that a session shows at a step of the passkey; undefined: the step changes nothing that is shown. */
export const viewOf = (
  step: PasskeyStep,
  status: Status,
  now: number,
): { readonly status: Status; readonly statusData: StatusData | undefined } | undefined => {
  switch (step.step) {
    case 'challenge':
      return {
        status: 'PASSKEY_REQUIRED',
        statusData: { ...step.challenge, timeout: Math.max(1, Math.round(step.expiresAt - now)) },
      };
    case 'confirmation':
      return { status: 'PASSKEY_CONFIRMATION_REQUIRED', statusData: { code: step.code } };
    case 'answered':
      return { status: 'STARTING', statusData: undefined };
    case 'asking':
      return undefined;
    case 'none':
      // The passkey is given up, and the page shows a QR code again.
      return status === 'WORKING' ? undefined : { status: 'SCAN_QR_CODE', statusData: undefined };
  }
};
