/**
 * One client of the library from its start to its end. It turns the library's events, and what the library keeps
 * silent about, into a small set of signals, puts a deadline on every stage, and owns the browser's processes.
 * A run ends once, with `fault` or `logged_out`, or because it was closed; after that it says nothing.
 */
import * as z from 'zod';
import type { Account } from '../../contract/worker/protocol.ts';
import { describeError } from '../base/faults.ts';
import type { Log } from '../base/log.ts';
import { sleep, type Time, withDeadline } from '../base/time.ts';
import type { OwnStep } from '../start-steps.ts';
import { closeAnnouncements, type DialogCount } from './compat/dialogs.ts';
import { idText } from './ids.ts';
import type { CreateClient, LibraryClient, LibraryPage } from './library.ts';
import { announceSynced, probePage, readLid, readVersion } from './page.ts';
import { type Passkey, type PasskeyHistory, type PasskeyStep, watchPasskey } from './passkey.ts';

export type Signal =
  | { readonly kind: 'qr'; readonly code: string }
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

export type RunDeps = {
  readonly createClient: CreateClient;
  readonly time: Time;
  readonly log: Log;
  readonly timings: RunTimings;
  /** Kills every process over the profile; false: some are left. */
  readonly killTree: () => Promise<boolean>;
  readonly onSignal: (signal: Signal) => void;
  /** A step of the start was reached. */
  readonly onStep?: (step: OwnStep) => void;
  /** The page told its version. */
  readonly onVersion: (version: unknown) => void;
  /** The library's other events (messages, calls …). */
  readonly onEvent: (event: string, values: unknown[]) => void;
  readonly forwarded: readonly string[];
  /** Of the session: it outlives this run. */
  readonly passkeyHistory: PasskeyHistory;
  /** A linked page showed dialogs: those closed just now, and those that are open and unknown. */
  readonly onDialogs?: (count: DialogCount) => void;
};

export type ClientRun = {
  readonly client: LibraryClient;
  readonly passkey: Passkey;
  /**
   * Unlinks the account at WhatsApp. True: the page confirmed it, and the run ends with `logged_out`. False: it did not
   * within its time, so the result is unknown; the run ends with a fault, and the next one finds out.
   */
  unlink(): Promise<boolean>;
  /** Ends it; `gently` lets the browser write what it holds. Resolves when no process is left. Never throws. */
  close(gently: boolean): Promise<void>;
};

/** States of the page in which the account itself is blocked. */
const BLOCKED: readonly string[] = ['TOS_BLOCK', 'SMB_TOS_BLOCK'];
/** Probes that must fail or agree in a row before something is concluded from them. */
const IN_A_ROW = 3;
/** A start may fail within a second of the page's load. */
const FIRST_VERSION_READ_MS = 50;
const RELOAD_EVERY_MS = 20_000;
const CONTEXT_GONE = /context was destroyed|cannot find context|frame (was|got) detached/i;

const MODULE = /\b(WA[A-Z]\w+)/;

/** A fault's reason. It names the module of WhatsApp Web that the page lacked, and repeats no other word of the page. */
const withCause = (reason: string, pageError: string | undefined): string => {
  const text = `${reason} ${pageError ?? ''}`;
  const name = /modul|require/i.test(text) ? MODULE.exec(text)?.[1] : undefined;
  return name === undefined ? reason : `${reason}: WhatsApp Web lacks the module ${name}`;
};

const infoSchema = z.looseObject({ wid: z.unknown().optional(), pushname: z.string().optional() });

export const startClientRun = (deps: RunDeps): ClientRun => {
  const { time, log, timings } = deps;
  let over = false;
  let closed: Promise<void> | undefined;
  let ready = false;
  let unlinking: Promise<boolean> | undefined;
  let unlinked = false;
  let authenticated = false;
  let settled = false;
  let pageError: string | undefined;
  let cancelStage = () => {};
  const watching = new AbortController();
  const linking = new AbortController();

  const stage = (name: string, ms: number) => {
    cancelStage();
    cancelStage = time.after(ms, () => fault(`${name} took longer than ${Math.round(ms / 1000)} s`));
  };
  const end = (signal: Signal) => {
    if (over) return;
    over = true;
    cancelStage();
    watching.abort();
    deps.onSignal(signal);
  };
  const fault = (reason: string) => {
    // The library closes the browser once the page has confirmed, and before its own answer: that answer decides.
    if (!unlinking) end({ kind: 'fault', reason: withCause(reason, pageError), authenticated });
  };
  const loggedOut = () => {
    unlinked ||= !over;
    end({ kind: 'logged_out', duringStart: !authenticated && !ready });
  };
  const signal = (s: Signal) => {
    if (!over) deps.onSignal(s);
  };

  /** The library swallows what its listeners throw; a fault in ours must be seen. */
  const guarded =
    <A extends unknown[]>(name: string, listener: (...values: A) => void) =>
    (...values: A) => {
      try {
        if (!over) listener(...values);
      } catch (error) {
        log.error('listener failed', { event: name, error: describeError(error) });
      }
    };

  const onBrowser = () => {
    if (over) return;
    stage('loading WhatsApp Web', timings.load);
    deps.onStep?.('browserUp');
    client.pupBrowser?.on('disconnected', () => fault('the browser is gone'));
    const page = client.pupPage;
    if (page) void watchVersion(page);
    page?.on('error', () => fault('the page crashed'));
    page?.on(
      'load',
      guarded('load', () => deps.onStep?.('pageLoaded')),
    );
    // An error of the page's own scripts is often the reason why a stage does not end: a module that this build lacks.
    page?.on(
      'pageerror',
      guarded('pageerror', (error) => {
        pageError = describeError(error);
      }),
    );
    page?.on('close', () => fault('the page is gone'));
    // Before the library's own listener is in place, an unlinked account only shows in the page's address.
    page?.on(
      'framenavigated',
      guarded('framenavigated', () => {
        log.debug('page navigated');
        if (page.url().includes('post_logout=1')) loggedOut();
      }),
    );
  };

  const client = deps.createClient({
    onBrowser,
    onMissingModules: (modules) =>
      log.warn('this build of WhatsApp Web lacks modules that whatsapp-web.js hooks', {
        modules: modules.join(', '),
      }),
    onPageEvent: (name, value) => {
      if (deps.forwarded.includes(name)) guarded(name, () => deps.onEvent(name, [value]))();
    },
    onStartFailed: (reason) => {
      if (!ready) fault(reason);
    },
  });
  /** Read beside the library's start: a build that breaks the start must be known by its version, too. */
  const watchVersion = async (page: LibraryPage) => {
    let wait = FIRST_VERSION_READ_MS;
    while (!over) {
      const version = await withDeadline(
        time,
        timings.probeLimit,
        'reading the version',
        readVersion(page),
      ).catch(() => undefined);
      if (over) return;
      if (version !== undefined && version !== null) return deps.onVersion(version);
      await sleep(time, wait, watching.signal);
      wait = Math.min(wait * 2, timings.probeEvery);
    }
  };

  const readAccount = async (): Promise<Account | undefined> => {
    const info = infoSchema.safeParse(client.info);
    const id = info.success ? idText(info.data.wid) : undefined;
    if (!info.success || id === undefined) return undefined;
    const page = client.pupPage;
    const lid = page
      ? await withDeadline(time, timings.probeLimit, 'reading the account', readLid(page)).catch(
          () => undefined,
        )
      : undefined;
    return {
      id,
      ...(info.data.pushname ? { pushName: info.data.pushname } : {}),
      ...(lid === undefined ? {} : { lid }),
    };
  };

  client.on(
    'qr',
    guarded('qr', (code) => {
      cancelStage();
      signal({ kind: 'qr', code: String(code) });
    }),
  );
  client.on(
    'code',
    guarded('code', (code) => signal({ kind: 'code', code: String(code) })),
  );
  client.on(
    'authenticated',
    guarded('authenticated', () => {
      authenticated = true;
      linking.abort();
      stage('syncing', timings.sync);
      signal({ kind: 'authenticated' });
    }),
  );
  client.on(
    'ready',
    guarded('ready', () => {
      cancelStage();
      if (ready) return;
      ready = true;
      linking.abort();
      void readAccount().then((account) => signal({ kind: 'ready', account }));
    }),
  );
  client.on(
    'disconnected',
    guarded('disconnected', (reason) => {
      // Only this one means that the account is gone; any other state has closed the browser and nothing else.
      if (reason === 'LOGOUT') loggedOut();
      else if (BLOCKED.includes(String(reason))) end({ kind: 'blocked', state: String(reason) });
      else fault(`disconnected: ${String(reason).slice(0, 50)}`);
    }),
  );
  for (const event of deps.forwarded)
    client.on(
      event,
      guarded(event, (...values) => deps.onEvent(event, values)),
    );

  const passkey = watchPasskey(
    {
      time,
      log,
      timings,
      page: () => (settled ? client.pupPage : undefined),
      history: deps.passkeyHistory,
      onStep: (step) => {
        if (over || ready) return;
        if (step.step === 'answered') stage('linking after the passkey', timings.passkey);
        else cancelStage();
        signal({ kind: 'passkey', step });
      },
    },
    AbortSignal.any([watching.signal, linking.signal]),
  );
  let unknownDialogs = 0;
  const lookForDialogs = async (page: LibraryPage) => {
    if (!deps.onDialogs) return;
    const count = await withDeadline(
      time,
      timings.probeLimit,
      'looking for dialogs',
      closeAnnouncements(page),
    );
    if (count.closed === 0 && count.unknown === unknownDialogs) return;
    // Its words may name people and chats: the log says how many there are.
    if (count.unknown > unknownDialogs)
      log.warn('WhatsApp Web shows an unknown dialog', { open: count.unknown });
    if (count.closed > 0) log.info('closed an announcement of WhatsApp Web', { closed: count.closed });
    unknownDialogs = count.unknown;
    deps.onDialogs(count);
  };

  /** Looks after what the library does not notice. */
  const watch = async () => {
    let failures = 0;
    let synced = 0;
    let leaving = 0;
    let deaf = 0;
    let blocked = 0;
    let reloadedAt = Number.NEGATIVE_INFINITY;
    let announced = false;
    while (!over) {
      await sleep(time, ready ? timings.probeEvery * 6 : timings.probeEvery, watching.signal);
      const page = client.pupPage;
      if (over || !page) continue;
      leaving = client.lastLoggedOut ? leaving + 1 : 0;
      if (leaving > IN_A_ROW) return loggedOut();
      try {
        const probe = await withDeadline(time, timings.probeLimit, 'asking the page', probePage(page));
        failures = 0;
        // The page reloaded itself and the library missed the sync after it: it would receive nothing more.
        deaf = ready && !probe.injected ? deaf + 1 : 0;
        if (deaf > IN_A_ROW) return fault('the page was reloaded under the library');
        blocked = BLOCKED.includes(probe.state ?? '') ? blocked + 1 : 0;
        if (blocked >= IN_A_ROW) return end({ kind: 'blocked', state: probe.state ?? '' });
        if (ready) await lookForDialogs(page);
        if (over || ready) continue;
        synced = probe.state === 'CONNECTED' && probe.hasSynced && !authenticated ? synced + 1 : 0;
        if (synced >= IN_A_ROW && !announced) {
          announced = true;
          log.info('sync ended before the library listened: announcing it');
          await withDeadline(time, timings.probeLimit, 'announcing the sync', announceSynced(page));
        }
        if (probe.state === 'UNPAIRED_IDLE' && time.now() - reloadedAt > RELOAD_EVERY_MS) {
          reloadedAt = time.now();
          await withDeadline(time, timings.load, 'reloading', page.reload({ timeout: timings.load }));
        }
      } catch (error) {
        failures += 1;
        log.debug('page did not answer', { failures, error: describeError(error) });
        if (failures >= IN_A_ROW) return fault('the page does not respond');
      }
    }
  };

  stage('launching the browser', timings.launch);
  void Promise.resolve()
    .then(() => client.initialize())
    .finally(() => {
      settled = true;
    })
    .then(watch, async (error: unknown) => {
      // An account that was unlinked while offline ends in a navigation under the library's feet. The page's new address
      // comes a moment after this failure: give it time to tell an unlinked account from a mere fault.
      if (client.pupPage && CONTEXT_GONE.test(describeError(error)))
        await sleep(time, timings.navigation, watching.signal);
      fault(`start failed: ${describeError(error)}`);
    })
    .catch((error: unknown) => fault(describeError(error)));

  const unlink = async (): Promise<boolean> => {
    try {
      await withDeadline(time, timings.unlink, 'unlinking', client.logout());
      loggedOut();
    } catch (error) {
      const reason = describeError(error);
      // A page that is unlinked leaves for another address, which may come a moment after this failure.
      if (!over && CONTEXT_GONE.test(reason)) await sleep(time, timings.navigation, watching.signal);
      log.warn('unlinking was not confirmed', { error: reason });
      end({ kind: 'fault', reason: `unlinking was not confirmed: ${reason}`, authenticated });
    }
    return unlinked;
  };

  const shut = async (gently: boolean) => {
    over = true;
    cancelStage();
    watching.abort();
    const browser = client.pupBrowser;
    if (gently && browser?.isConnected())
      await withDeadline(time, timings.closeLimit, 'closing the browser', browser.close()).catch(() => {});
    // A launch that is under way can't be called back: kill until it has come to its end.
    const giveUpAt = time.now() + timings.launch;
    do {
      await deps.killTree();
      if (!settled) await sleep(time, 50);
    } while (!settled && time.now() < giveUpAt);
    if (!(await deps.killTree())) log.error('browser processes are left');
  };

  return {
    client,
    passkey,
    // Set before the library is asked: it may close the browser at once.
    unlink: () => (unlinking ??= Promise.resolve().then(unlink)),
    close(gently) {
      closed ??= shut(gently);
      return closed;
    },
  };
};
