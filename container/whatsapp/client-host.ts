/**
 * Keeps one WhatsApp account connected when the library fails: starts a client, maps its state to a status, and
 * starts a fresh one if that helps.
 *
 *   restored state → WORKING                          no code is shown
 *   restored state → page asks for a code             that state is unusable: the next older one; none left: QR, and why
 *   restored state → unlinked while this was offline  it is dead: discarded, QR with the reason `revoked`
 *   fault                                             a fresh client over the same profile, after a pause, a few times
 *   two faults in a row before it was accepted        the next older state; none left: crashed. Never a QR code
 *   fault after WhatsApp accepted the account         the same profile again; given up: crashed, and the profile is saved
 *   the page asks for a code after that               the next older state; none left: crashed. Never a QR code
 *   storage fault                                     crashed. Never a QR code
 *   blocked by WhatsApp                               `banned`, its state kept; no fresh client would change it
 *   asked to unlink, and the page does not confirm    a fresh client over the same profile: it works, or it is unlinked
 *   unlinked by the phone                             browser killed at once, discarded, `logged_out`. Never a new QR
 *
 * A restart by the session's policy must not ask to be linked (`mayLink`): if the table says QR, it ends instead.
 */
import { fullJitter } from '../../contract/jitter.ts';
import { isLinkingStatus, type Status, type StopReason } from '../../contract/lifecycle.ts';
import type { StatusData } from '../../contract/whatsapp/passkey.ts';
import type { Account } from '../../contract/worker/protocol.ts';
import type { Profile } from '../auth-state/profile.ts';
import { describeError, Fenced } from '../base/faults.ts';
import { sleep } from '../base/time.ts';
import type { ReportRequest } from '../control/worker-api.ts';
import type { BuildCounter } from './build-counter.ts';
import { type ClientRun, type RunDeps, startClientRun } from './client-run.ts';
import type { LibraryClient } from './library.ts';
import { type Passkey, type PasskeyHistory, type PasskeyStep, viewOf } from './passkey.ts';
import { codeLifeMs, type Signal } from './signals.ts';

type QrReason = NonNullable<ReportRequest['qrReason']>;
/** `expiresAt` in ms of the local clock. */
export type QrCode = { readonly value: string; readonly expiresAt: number };

export type HostView = {
  /** The data of the status: the challenge of a passkey, the code to compare. */
  readonly statusData?: StatusData | undefined;
  readonly status: Status;
  readonly account: Account | undefined;
  readonly qr: QrCode | undefined;
  readonly qrReason: QrReason | undefined;
};

type ClientHostDeps = Pick<
  RunDeps,
  'createClient' | 'time' | 'log' | 'timings' | 'killTree' | 'forwarded' | 'onDialogs' | 'onStep'
> & {
  readonly profile: Profile;
  readonly builds: BuildCounter;
  /** A person started the session, and may link it. */
  readonly mayLink: boolean;
  readonly random: () => number;
  /** Restore gives up on a storage fault at this time (ms, local clock). */
  readonly restoreBy: () => number;
  readonly maxRestarts: number;
  /** A pairing code, asked for or renewed. */
  readonly onCode: (code: string) => void;
  /** Status, account, code or reason changed. */
  readonly onChange: (view: HostView) => void;
  readonly onEvent: (event: string, values: unknown[]) => void;
  /** The account is gone: what is saved must be deleted. */
  readonly discard: (reason: 'logged_out' | 'revoked') => Promise<void>;
  /** Nothing more can be done here; the browser is gone. */
  readonly onEnd: (reason: StopReason, detail: string) => void;
};

export type ClientHost = HostView & {
  /** Starts; ends are reported through onEnd. */
  start(): void;
  /** Of the client as it is now; undefined if there is none. */
  readonly passkey: Passkey | undefined;
  /** The working client, for commands. */
  readonly client: LibraryClient | undefined;
  /** The profile on disk holds a linked account and may be saved. */
  readonly savable: boolean;
  /** Grows with each new client: a copy taken across a change is worthless. */
  readonly generation: number;
  /** When a client was last closed (ms, local clock): what complains of its absence shortly after is no news. */
  readonly closedAt: number;
  /** Closes the client gently, runs `between` while nothing writes, and starts a fresh client. */
  recycle(reason: string, between: () => Promise<void>): Promise<void>;
  /** A fault seen elsewhere (an unhandled rejection in the library). */
  fault(reason: string): void;
  /**
   * Unlinks the account at WhatsApp. True: it is unlinked, and this ends with `logged_out`. False: the page did not
   * confirm it. Then a fresh client over the same profile finds out: it works, or it learns that the account is gone.
   */
  unlink(): Promise<boolean>;
  /** Ends permanently. `gently`: lets the browser write what it holds. */
  stop(gently: boolean): Promise<void>;
};

/** A client that was up so long sets its count of restarts to zero. */
const STABLE_MS = 10 * 60_000;
const FAULTS_PER_STATE = 2;
const NO_ACCOUNT_RESTORED =
  'After a restart no saved auth state of the account could be used. Start the session to link it again.';
const STARTING = { status: 'STARTING', statusData: undefined } as const;

export const createClientHost = (deps: ClientHostDeps): ClientHost => {
  const { time, log, profile } = deps;
  let run: ClientRun | undefined;
  const passkeyHistory: PasskeyHistory = new Map();
  let generation = 0;
  let closedAt = Number.NEGATIVE_INFINITY;
  let stopped = false;
  const stopping = new AbortController();

  /** The profile on disk holds an account, as far as is known. */
  let linked = false;
  /** WhatsApp accepted the account in this worker. Another code would link another device to the phone. */
  let accepted = false;
  /** The owner asked for the account to be unlinked, and the page has not confirmed it (yet). */
  let unlinkAsked = false;
  let restarts = 0;
  let faultsBeforeUp = 0;
  let upSince: number | undefined;
  let codes = 0;
  let view: HostView = { status: 'STARTING', account: undefined, qr: undefined, qrReason: undefined };
  /** All replacements of the client, one after the other. */
  let turns: Promise<void> = Promise.resolve();

  const close = async (which: ClientRun | undefined, gently: boolean) => {
    closedAt = time.now();
    await which?.close(gently);
    closedAt = time.now();
  };

  const show = (change: Partial<HostView>) => {
    view = { ...view, ...change };
    if (!stopped) deps.onChange(view);
  };

  const finish = (reason: StopReason, detail: string) => {
    if (stopped) return;
    stopped = true;
    stopping.abort();
    deps.onEnd(reason, detail);
  };

  const inTurn = (work: () => Promise<void>) => {
    turns = turns.then(async () => {
      if (stopped) return;
      try {
        await work();
      } catch (error) {
        if (error instanceof Fenced) return;
        await close(run, false);
        finish('crashed', describeError(error));
      }
    });
    return turns;
  };

  const launch = async () => {
    await profile.unlock();
    if (stopped) return;
    generation += 1;
    const startedGeneration = generation;
    codes = 0;
    upSince = undefined;
    deps.builds.started();
    const started = startClientRun({
      ...deps,
      onVersion: (version) => {
        if (startedGeneration === generation) deps.builds.loaded(version);
      },
      passkeyHistory,
      onSignal: (signal) => {
        if (startedGeneration === generation && !stopped) handle(signal, started);
      },
      onEvent: (event, values) => {
        if (startedGeneration === generation && !stopped) deps.onEvent(event, values);
      },
    });
    run = started;
  };

  /** Puts the next saved state in place, or an empty profile, and returns why it came to that. */
  const restore = async (mayShowQr: boolean): Promise<boolean> => {
    const restored = await profile.restoreNext({ until: deps.restoreBy(), signal: stopping.signal });
    faultsBeforeUp = 0;
    linked = restored.origin === 'restored';
    if (linked) {
      deps.onStep?.('accountRestored');
      return true;
    }
    // Without a code, too: the control plane must receive that the saved state is useless.
    if (mayShowQr || !deps.mayLink) show({ qrReason: view.qrReason ?? restored.because });
    return mayShowQr;
  };

  const handle = (signal: Signal, from: ClientRun): void => {
    if (signal.kind === 'fault') void inTurn(() => afterFault(signal.reason, from, signal.authenticated));
    else if (signal.kind === 'blocked') void inTurn(() => afterBlock(signal.state, from));
    else if (signal.kind === 'logged_out') onLoggedOut(signal.duringStart, from);
    else if (signal.kind === 'qr') onQr(signal, from);
    else if (signal.kind === 'ready') onReady(signal.account);
    else if (signal.kind === 'passkey') onPasskey(signal.step);
    else if (signal.kind === 'code') deps.onCode(signal.code);
    else onAuthenticated();
  };

  const onPasskey = (step: PasskeyStep) => {
    const next = viewOf(step, view.status, time.now());
    if (next && !linked) show(next);
  };

  const onQr = ({ code, expiresAt }: Extract<Signal, { kind: 'qr' }>, from: ClientRun) => {
    if (linked) {
      void inTurn(() => tryOlderState(from));
      return;
    }
    codes += 1;
    deps.builds.showedCode();
    const qr = { value: code, expiresAt: expiresAt ?? time.now() + codeLifeMs(codes) };
    // Renewed behind the screen of the passkey, it is not what is shown.
    if (from.passkey.step.step !== 'none') return show({ qr });
    show({ status: 'SCAN_QR_CODE', account: undefined, qr });
  };

  const onAuthenticated = () => {
    if (!linked) deps.builds.linked();
    linked = true;
    accepted = true;
    show({ qr: undefined, statusData: undefined, ...(isLinkingStatus(view.status) ? STARTING : {}) });
  };

  const onReady = (account: Account | undefined) => {
    deps.builds.ready();
    linked = true;
    unlinkAsked = false;
    faultsBeforeUp = 0;
    upSince = time.now();
    show({
      status: 'WORKING',
      account: account ?? view.account,
      qr: undefined,
      qrReason: undefined,
      statusData: undefined,
    });
  };

  const onLoggedOut = (duringStart: boolean, from: ClientRun) => {
    const wasLinked = linked;
    linked = false;
    accepted = false;
    // Begun at once: the library is about to show a new code over a profile that it thinks deleted.
    const gone = close(from, false);
    void inTurn(async () => {
      await gone;
      await accountGone(duringStart, wasLinked);
    });
  };

  /** The page asks for a code although a state was restored. */
  const tryOlderState = async (from: ClientRun) => {
    if (run !== from) return;
    log.warn('restored auth state was not accepted, trying the next');
    await close(from, false);
    if (!(await restore(!accepted && deps.mayLink)))
      return finish(
        'crashed',
        !accepted
          ? NO_ACCOUNT_RESTORED
          : 'WhatsApp accepted the account and then asked for a code again. Berth shows no other code, because it would ' +
              'link a second device. Start the session again; if it shows a code, remove the device on the phone first.',
      );
    await launch();
  };

  const accountGone = async (duringStart: boolean, wasLinked: boolean) => {
    if (duringStart && !wasLinked) return await afterFault('logged out before it was linked', undefined);
    await profile.forget();
    if (!duringStart || unlinkAsked) {
      await deps.discard('logged_out');
      return finish('logged_out', unlinkAsked ? 'unlinked on request' : 'unlinked by the phone');
    }
    log.warn('the account was unlinked while the session was not running');
    await deps.discard('revoked');
    if (!deps.mayLink) return finish('logged_out', 'the phone unlinked this session while it was down');
    show({ ...STARTING, account: undefined, qr: undefined, qrReason: 'revoked' });
    await launch();
  };

  /** The account stays saved: a block may be lifted, and the session can be started again then. */
  const afterBlock = async (state: string, from: ClientRun) => {
    if (run !== from) return;
    // The library is closing the browser as well: two orderly ends at once trip over each other.
    await close(from, false);
    finish('banned', `WhatsApp blocked this account (${state})`);
  };

  const afterFault = async (reason: string, from: ClientRun | undefined, authenticated = false) => {
    if (from && run !== from) return;
    log.warn('client failed', { reason, restarts });
    deps.builds.failed(reason);
    if (upSince !== undefined && time.now() - upSince > STABLE_MS) restarts = 0;
    // No network is no fault of the saved state.
    else if (upSince === undefined && !authenticated && !reason.includes('net::ERR_')) faultsBeforeUp += 1;
    show({ ...STARTING, qr: undefined });
    // A link that was made a moment ago may not be on disk yet.
    await close(run, authenticated);
    restarts += 1;
    if (restarts > deps.maxRestarts)
      return finish('crashed', `gave up after ${deps.maxRestarts} restarts: ${reason}`);
    await sleep(time, fullJitter(restarts, deps.random(), 250, 15_000), stopping.signal);
    if (stopped) return;
    if (!linked) await profile.empty();
    else if (
      faultsBeforeUp >= FAULTS_PER_STATE &&
      !(accepted && profile.remaining === 0) &&
      !(await restore(false))
    )
      return finish('crashed', `no saved account starts: ${reason}`);
    await launch();
  };

  return {
    get status() {
      return view.status;
    },
    get account() {
      return view.account;
    },
    get qr() {
      return view.qr;
    },
    get qrReason() {
      return view.qrReason;
    },
    get statusData() {
      return view.statusData;
    },
    get passkey() {
      return run?.passkey;
    },
    get client() {
      return view.status === 'STARTING' ? undefined : run?.client;
    },
    get savable() {
      return linked && (accepted || view.account !== undefined || view.status === 'WORKING');
    },
    get generation() {
      return generation;
    },
    get closedAt() {
      return closedAt;
    },
    start() {
      void inTurn(async () => {
        if (!(await restore(deps.mayLink))) return finish('crashed', NO_ACCOUNT_RESTORED);
        await launch();
      });
    },
    recycle: (reason, between) =>
      inTurn(async () => {
        log.info('restarting the client', { reason });
        generation += 1;
        show({ ...STARTING, qr: undefined });
        await close(run, true);
        await between();
        await launch();
      }),
    fault(reason) {
      const from = run;
      if (from && !stopped) void inTurn(() => afterFault(reason, from, accepted));
    },
    async unlink() {
      if (!run || stopped) return false;
      unlinkAsked = true;
      return await run.unlink();
    },
    async stop(gently) {
      stopped = true;
      stopping.abort();
      await close(run, gently);
      await turns;
      // A turn that was under way may have started another meanwhile.
      await close(run, gently);
    },
  };
};
