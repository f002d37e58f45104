/**
 * A client whose page is loaded before it is known for which session: it shows a code already. The session's first
 * client is this one, if it would be started over the same browser and the same page; any other session gets its own.
 *
 *   opened ── code ── waits: codes renew, an idle page is loaded again ── taken by the host's first client
 *                 └── the browser, the page or the library fails ── gone; the standby task ends
 */
import { describeError } from '../base/faults.ts';
import type { Log } from '../base/log.ts';
import { type Time, withDeadline } from '../base/time.ts';
import type { AheadBrowser } from '../browser/ahead.ts';
import { killTree } from '../browser/process-tree.ts';
import type { ClientHooks, ClientSettings, CreateClient, LibraryClient } from './library.ts';
import { codeLifeMs, type RunTimings } from './signals.ts';
import { watchPage } from './watch-page.ts';

export type PageAhead = AheadBrowser & {
  /** The client, with `hooks` from now on; undefined: it was taken before, or is gone. */
  take(hooks: ClientHooks): LibraryClient | undefined;
};

/** Whether a session with these settings would load the page that waits: the live one, under the library's own names. */
export const loadsSamePage = ({ page, proxy, deviceName, browserName }: ClientSettings): boolean =>
  page === undefined && proxy === undefined && deviceName === undefined && browserName === undefined;

/** A page that waits is asked less often than one that starts: it may wait for hours. */
const PROBE_EVERY_MS = 10_000;

/** From the end of a code to the next one, with a new load of a page that shows no more codes. */
const RENEWAL_LIMIT_MS = 90_000;

/** @param create makes a client over the browser that waits */
export const openPageAhead = (
  browser: AheadBrowser,
  create: CreateClient,
  {
    time,
    log,
    timings,
    profileDir,
    onLost,
  }: {
    readonly time: Time;
    readonly log: Log;
    readonly timings: RunTimings;
    readonly profileDir: string;
    /** It is gone while it waited. */
    readonly onLost: (reason: string) => void;
  },
): PageAhead => {
  let state: 'waiting' | 'taken' | 'gone' = 'waiting';
  let owner: ClientHooks | undefined;
  let closedAt = Number.NEGATIVE_INFINITY;
  let discarded: Promise<void> | undefined;
  let missing: readonly string[] = [];
  let codes = 0;
  let cancelRenewal = () => {};
  let shown: { readonly code: unknown; readonly expiresAt: number } | undefined;
  const codeShown = Promise.withResolvers<void>();
  const waiting = new AbortController();
  const stopWaiting = () => {
    waiting.abort();
    cancelRenewal();
  };
  const lost = (reason: string) => {
    codeShown.reject(new Error(reason));
    if (state !== 'waiting') return;
    state = 'gone';
    closedAt = time.now();
    stopWaiting();
    log.warn('the page that waited is gone', { reason });
    onLost(reason);
  };

  const client = create({
    onBrowser() {
      const { pupBrowser, pupPage } = client;
      pupBrowser?.on('disconnected', () => lost('the browser is gone'));
      for (const event of ['error', 'close']) pupPage?.on(event, () => lost('the page is gone'));
      // A page that is loaded again begins with a first code.
      pupPage?.on('load', () => {
        codes = 0;
      });
    },
    onMissingModules(modules) {
      missing = modules;
      owner?.onMissingModules?.(modules);
    },
    onPageEvent: (name, value) => owner?.onPageEvent?.(name, value),
    onStartFailed: (reason) => (owner ? owner.onStartFailed?.(reason) : lost(reason)),
  });
  client.on('qr', (code) => {
    codes += 1;
    const lifeMs = codeLifeMs(codes);
    shown = { code, expiresAt: time.now() + lifeMs };
    codeShown.resolve();
    cancelRenewal();
    if (state === 'waiting')
      cancelRenewal = time.after(lifeMs + RENEWAL_LIMIT_MS, () => lost('the page shows no code any more'));
  });
  for (const event of ['disconnected', 'authenticated'])
    client.on(event, () => lost(`the page that waited reported "${event}"`));

  const started = client.initialize();
  const watch = async () => {
    await started;
    const found = await watchPage({
      client,
      time,
      log,
      timings: { ...timings, probeEvery: PROBE_EVERY_MS },
      signal: waiting.signal,
      seen: { ready: false, authenticated: false },
    });
    if (found) lost(found.kind === 'fault' ? found.reason : found.kind);
  };
  watch().catch((error: unknown) => lost(describeError(error)));
  const up = withDeadline(time, timings.launch + timings.load, 'a code on the page', codeShown.promise);
  up.catch(() => {});

  return {
    up,
    get usable() {
      return state === 'waiting';
    },
    // The browser's own answer is no longer good: the library has it.
    fits: (options) => state === 'waiting' && browser.isFor(options),
    isFor: browser.isFor,
    get closedAt() {
      return closedAt;
    },
    async discard() {
      if (state === 'taken') return;
      state = 'gone';
      closedAt = time.now();
      stopWaiting();
      // Once: a second pass could kill the browser that the session has launched over this profile by then.
      discarded ??= browser.discard().then(async () => void (await killTree(time, profileDir)));
      await discarded;
    },
    take(hooks) {
      if (state !== 'waiting') return undefined;
      state = 'taken';
      owner = hooks;
      stopWaiting();
      if (missing.length > 0) hooks.onMissingModules?.(missing);
      return withCodeShown(client, started, hooks, () =>
        shown && shown.expiresAt > time.now() ? shown : undefined,
      );
    },
  };
};

/** The client for its owner, who listens from now on: what happened before is reported when the owner initializes it. */
const withCodeShown = (
  client: LibraryClient,
  started: Promise<void>,
  hooks: ClientHooks,
  /** Undefined: there is none, or it has expired and is about to be renewed. */
  shown: () => { readonly code: unknown; readonly expiresAt: number } | undefined,
): LibraryClient => {
  const onCode: ((...values: unknown[]) => void)[] = [];
  return {
    on(event, listener) {
      if (event === 'qr') onCode.push(listener);
      return client.on(event, listener);
    },
    async initialize() {
      hooks.onBrowser();
      const last = shown();
      if (last) for (const listener of onCode) listener(last.code, last.expiresAt);
      await started;
    },
    logout: () => client.logout(),
    requestPairingCode: (phoneNumber, renewMs) => client.requestPairingCode(phoneNumber, renewMs),
    sendMessage: (chatId, content, options) => client.sendMessage(chatId, content, options),
    account: client.account,
    get info() {
      return client.info;
    },
    get lastLoggedOut() {
      return client.lastLoggedOut;
    },
    get pupBrowser() {
      return client.pupBrowser;
    },
    get pupPage() {
      return client.pupPage;
    },
  };
};
