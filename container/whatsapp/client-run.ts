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
import { sharePriority } from '../browser/priority.ts';
import type { OwnStep } from '../start-steps.ts';
import type { DialogCount } from './compat/dialogs.ts';
import { idText } from './ids.ts';
import type { CreateClient, LibraryClient, LibraryPage } from './library.ts';
import { readLid } from './page.ts';
import { type Passkey, type PasskeyHistory, watchPasskey } from './passkey.ts';
import type { RunTimings, Signal } from './signals.ts';
import { BLOCKED, untilVersion, watchPage } from './watch-page.ts';

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
  /** The page reported its version. */
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
  let unlinking: Promise<boolean> | undefined;
  let unlinked = false;
  const seen = { ready: false, authenticated: false };
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
    if (!unlinking)
      end({ kind: 'fault', reason: withCause(reason, pageError), authenticated: seen.authenticated });
  };
  const loggedOut = () => {
    unlinked ||= !over;
    end({ kind: 'logged_out', duringStart: !seen.authenticated && !seen.ready });
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
    const pid = client.pupBrowser?.process?.()?.pid;
    if (pid !== undefined) void sharePriority(pid);
    const page = client.pupPage;
    if (page) void reportVersion(page);
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
      if (!seen.ready) fault(reason);
    },
  });
  const reportVersion = async (page: LibraryPage) => {
    const version = await untilVersion(page, { time, timings, signal: watching.signal });
    if (version !== undefined && !over) deps.onVersion(version);
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
    guarded('qr', (code, expiresAt) => {
      cancelStage();
      signal({
        kind: 'qr',
        code: String(code),
        ...(typeof expiresAt === 'number' ? { expiresAt } : {}),
      });
    }),
  );
  client.on(
    'code',
    guarded('code', (code) => signal({ kind: 'code', code: String(code) })),
  );
  client.on(
    'authenticated',
    guarded('authenticated', () => {
      seen.authenticated = true;
      linking.abort();
      stage('syncing', timings.sync);
      signal({ kind: 'authenticated' });
    }),
  );
  client.on(
    'ready',
    guarded('ready', () => {
      cancelStage();
      if (seen.ready) return;
      seen.ready = true;
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
        if (over || seen.ready) return;
        if (step.step === 'answered') stage('linking after the passkey', timings.passkey);
        else cancelStage();
        signal({ kind: 'passkey', step });
      },
    },
    AbortSignal.any([watching.signal, linking.signal]),
  );
  const watch = async () => {
    const found = await watchPage({ ...deps, client, signal: watching.signal, seen });
    if (found?.kind === 'logged_out') loggedOut();
    else if (found?.kind === 'blocked') end(found);
    else if (found) fault(found.reason);
  };

  stage('launching the browser', timings.launch);
  void Promise.resolve()
    .then(() => client.initialize())
    .finally(() => {
      settled = true;
    })
    .then(watch, async (error: unknown) => {
      // An account that was unlinked while offline ends in a navigation under the library's feet. The page's new address
      // comes a moment after this failure: give it time to distinguish an unlinked account from a mere fault.
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
      end({
        kind: 'fault',
        reason: `unlinking was not confirmed: ${reason}`,
        authenticated: seen.authenticated,
      });
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
