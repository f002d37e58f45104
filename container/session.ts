/** One session over what bootstrap found: its parts, how one follows from another, and the order in which they end. */

import type { Status, StopReason } from '../contract/lifecycle.ts';
import type { Dialogs } from '../contract/worker/protocol.ts';
import { createProfile } from './auth-state/profile.ts';
import { createSaver } from './auth-state/saver.ts';
import { createSaves } from './auth-state/saves.ts';
import { saveCode, type Use } from './base/code-cache.ts';
import { describeError, Fenced } from './base/faults.ts';
import { watchHeap } from './base/heap.ts';
import type { Log } from './base/log.ts';
import { sleep, type Time, withDeadline } from './base/time.ts';
import type { Bootstrapped, Prepared } from './bootstrap.ts';
import { type AheadBrowser, driveAhead } from './browser/ahead.ts';
import { killTree } from './browser/process-tree.ts';
import { shownReason } from './browser/proxy-relay.ts';
import { launchForAny, type SpawnedBrowser } from './browser/spawn.ts';
import './commands/account-table.ts';
import { createCollector } from './commands/collect.ts';
import type { EventListener } from './commands/context.ts';
import { createRecipients } from './commands/recipients.ts';
import { createTurns } from './commands/turns.ts';
import { createOutbox } from './control/outbox.ts';
import { createSupervision } from './control/supervision.ts';
import type { Ending } from './ending.ts';
import type { ContainerEnvironment } from './environment.ts';
import { EXIT, type Exit } from './exit.ts';
import { createIncoming } from './media/incoming.ts';
import type { StartTimeLine } from './start-steps.ts';
import { createBuildCounter } from './whatsapp/build-counter.ts';
import { createCalls } from './whatsapp/calls.ts';
import { type ClientHost, createClientHost, type HostView } from './whatsapp/client-host.ts';
import { createEventForwarder } from './whatsapp/event-forwarder.ts';
import { FORWARDED_EVENTS } from './whatsapp/events.ts';
import { withGroup } from './whatsapp/group-events.ts';
import { type ClientSettings, createLibraryClient, launchOf } from './whatsapp/library.ts';
import { watchMemory } from './whatsapp/memory-watch.ts';
import { loadsSamePage, openPageAhead, type PageAhead } from './whatsapp/page-ahead.ts';
import { watchPageHeap } from './whatsapp/page-heap.ts';
import { createPairing } from './whatsapp/pairing.ts';
import { runTimings } from './whatsapp/signals.ts';

const DISCARD_LIMIT_MS = 30_000;
/** After a start, when its caller has been answered. */
const CODE_SETTLES_MS = 1_000;
/** What a start was for, by the status that it ended with. */
const USES: Partial<Record<Status, Use>> = { SCAN_QR_CODE: 'linked', WORKING: 'restored' };
/** Kept of the grace time for the final report, after state and events. */
const LAST_WORD_MS = 5_000;

/** A browser that runs, for whichever session comes. */
export const driveBrowserAhead = (
  spawned: SpawnedBrowser,
  prepared: Pick<Prepared, 'workDir' | 'found'>,
  options: {
    readonly environment: ContainerEnvironment;
    readonly time: Time;
    readonly log: Log;
    readonly onLost: (reason: string) => void;
  },
): AheadBrowser => driveAhead(spawned, launchForAny(prepared, options.environment), options);

/** A browser with WhatsApp Web loaded, for whichever new session comes. */
export const openWhatsAppAhead = (
  spawned: SpawnedBrowser,
  prepared: Pick<Prepared, 'workDir' | 'found'>,
  options: Parameters<typeof driveBrowserAhead>[2],
): PageAhead => {
  const { environment } = options;
  const launch = launchForAny(prepared, environment);
  const timings = runTimings(environment.BERTH_STAGE_SECONDS * 1000);
  return openPageAhead(driveAhead(spawned, launch, options), createLibraryClient(launch), {
    ...options,
    timings,
    profileDir: launch.profileDir,
  });
};

const fitsSession = (ahead: AheadBrowser | PageAhead, client: ClientSettings): boolean =>
  ahead.fits(launchOf(client)) && (!('take' in ahead) || loadsSamePage(client));

/**
 * Starts the session, or ends it at once if that was requested meanwhile. The returned handler receives the library's
 * unhandled rejections, which reach only the process.
 */
export const startSession = (
  {
    sessionId,
    api,
    clock,
    server,
    workDir,
    browser,
    settings,
    page,
    ahead,
  }: Bootstrapped & {
    /** A browser that waits for its session, or a page in it. */
    readonly ahead?: AheadBrowser | PageAhead | undefined;
  },
  options: {
    readonly environment: ContainerEnvironment;
    readonly time: Time;
    readonly log: Log;
    readonly exit: Exit;
    readonly ending: Ending;
    readonly timeLine: StartTimeLine;
  },
): Pick<ClientHost, 'closedAt' | 'fault'> => {
  const { environment, time, log, exit, ending, timeLine } = options;
  log.info('started', { browser: browser.build, states: settings.authStates.length });

  const outbox = createOutbox({ api, time, now: clock.now, log });
  exit.onShutdown(outbox.close);
  const supervision = createSupervision({
    api,
    time,
    log,
    clock,
    settings,
    timeLine,
    onStop: ending.ask,
    onExpiring: ({ at, reason }) => outbox.add('session.expiring', { reason, at }),
  });
  exit.onShutdown(supervision.stopReports);
  exit.onShutdown(supervision.stopDeadlines);

  const profile = createProfile({
    workDir,
    chromiumBuild: browser.build,
    states: settings.authStates,
    time,
    log,
    ...(ahead === undefined ? {} : { ahead }),
  });
  const saves = createSaves({
    saver: createSaver({
      api,
      time,
      log,
      workDir,
      profileDir: profile.dir,
      chromiumBuild: browser.build,
      onSaved: profile.prefer,
    }),
    time,
    log,
    profileDir: profile.dir,
    intervalMs: settings.snapshotIntervalSeconds * 1000,
    client: () => host,
    holdsBack: () => profile.adopted,
    signal: ending.signal,
  });
  exit.onShutdown(saves.stop);

  const collector = createCollector({ api, server, time, log, signal: ending.signal });
  const incoming = createIncoming({
    api,
    time,
    log,
    maxBytes: settings.media.maxBytes,
    download: async (source) => await host.client?.account.downloadMedia(source),
  });

  const readChat = async (id: string) => await host.client?.account.chat(id);
  const forwarder = createEventForwarder({
    sessionId,
    outbox,
    time,
    now: clock.now,
    log,
    forwarded: settings.told,
    late: settings.late,
    ignore: supervision.ignore,
    withMedia: incoming.withMedia,
    withGroup: (payload) => withGroup({ time, log, readChat }, payload),
    onActivity: supervision.active,
  });

  const pairing = createPairing({
    now: clock.now,
    lifeMs: environment.BERTH_PAIRING_CODE_SECONDS * 1000,
    onCode: ({ value, expiresAt }) => outbox.add('session.code', { code: value, expiresAt }),
  });

  const keepCode = async (use: Use | undefined) => {
    if (use === undefined) return;
    await sleep(time, CODE_SETTLES_MS, ending.signal);
    if (!ending.signal.aborted) await saveCode(use);
  };

  let shown: Status = 'STARTING';
  let nextChange = new AbortController();
  const onChange = (view: HostView) => {
    const before = shown;
    shown = view.status;
    if (shown !== before) log.info('status', { from: before, to: shown });
    if (shown === 'SCAN_QR_CODE') timeLine.reached('codeShown');
    if (shown === 'WORKING') timeLine.reached('working');
    if (before === 'STARTING') void keepCode(USES[shown]);
    if (shown !== 'SCAN_QR_CODE') pairing.clear();
    supervision.show(view);
    saves.follow();
    nextChange.abort();
    nextChange = new AbortController();
    if (shown === 'WORKING' && before !== 'WORKING') {
      collector.look();
      if (host.client) forwarder.works(host.client, view.account?.id ?? '', view.account?.lid);
    }
    if (shown !== 'WORKING') forwarder.pauses();
  };

  const listeners = new Set<EventListener>();
  const calls = createCalls();
  const onEvent = (name: string, values: unknown[]) => {
    if (name === 'call') calls.rang(values[0]);
    let byCommand = false;
    for (const listener of listeners) if (listener(name, values) === true) byCommand = true;
    forwarder.forward(name, values, byCommand);
  };

  const client: ClientSettings = {
    browser,
    profileDir: profile.dir,
    extraSwitches: environment.BERTH_BROWSER_ARGS,
    page,
    locale: environment.BERTH_LOCALE,
    ...settings.client,
  };
  // Of another language, or without the session's proxy or name: it restarts.
  if (ahead && !fitsSession(ahead, client)) void ahead.discard();
  const create = createLibraryClient(client);

  let dialogs: Dialogs = { closed: 0, unknown: 0 };
  const builds = createBuildCounter({
    isSaved: () => page !== undefined,
    onChange: () => supervision.counted(builds),
  });
  const host: ClientHost = createClientHost({
    builds,
    createClient: (hooks) => (ahead && 'take' in ahead ? ahead.take(hooks) : undefined) ?? create(hooks),
    time,
    log,
    random: Math.random,
    timings: runTimings(environment.BERTH_STAGE_SECONDS * 1000),
    killTree: () => killTree(time, profile.dir),
    forwarded: FORWARDED_EVENTS,
    profile,
    mayLink: settings.mayLink,
    restoreBy: () => clock.toLocal(settings.deadlines.startBy),
    maxRestarts: environment.BERTH_MAX_RESTARTS,
    onStep: timeLine.reached,
    onChange,
    onCode: pairing.shown,
    onEvent,
    onDialogs: ({ closed, unknown }) => {
      dialogs = { closed: dialogs.closed + closed, unknown };
      supervision.showDialogs(dialogs);
    },
    discard: async (reason) => {
      saves.discarded();
      forwarder.forget();
      await api.discard({ reason }, { until: time.now() + DISCARD_LIMIT_MS });
    },
    onEnd: ending.ask,
  });
  exit.onShutdown(() => host.stop(false));

  server.serve({
    time,
    log,
    status: () => host.status,
    sent: builds.sent,
    qr: () => host.qr && { value: host.qr.value, expiresAt: clock.fromLocal(host.qr.expiresAt) },
    passkey: () => host.passkey,
    pairing,
    changed: (ms) => sleep(time, ms, nextChange.signal),
    client: () => host.client,
    onEvent: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    recipients: createRecipients({ time, log }),
    sending: createTurns(),
    marksSeen: settings.sendSeen,
    media: settings.media,
    withMedia: incoming.withMedia,
    active: supervision.active,
    rejected: (id, from) => onEvent('call_rejected', [calls.find(id, from)]),
    logout: host.unlink,
  });
  void watchMemory({
    time,
    profileDir: profile.dir,
    limitBytes: environment.BERTH_MEMORY_LIMIT_MB * 1024 * 1024,
    host,
    save: saves.betweenClients,
    onMeasured: supervision.measured,
    signal: ending.signal,
  });
  void watchHeap({ time, signal: ending.signal });
  void watchPageHeap({ time, signal: ending.signal, heap: () => host.client?.pupPage?.heap });

  const graceMs = settings.stopGraceSeconds * 1000;
  const finish = async (reason: StopReason, detail: string | undefined) => {
    const graceUntil = time.now() + graceMs;
    log.info('ending', { reason, detail });
    server.refuse();
    saves.stop();
    supervision.stopDeadlines();
    await host.stop(true);
    forwarder.end();
    if (exit.shuttingDown) return;
    const shownDetail = shownReason(detail, settings.client.proxy !== undefined);
    const notes = shownDetail === undefined ? [] : [shownDetail];
    if (host.savable) {
      try {
        await saves.last(graceUntil - LAST_WORD_MS);
      } catch (error) {
        if (error instanceof Fenced) return;
        log.error('final auth state not saved', { error: describeError(error) });
        notes.push('the final auth state was not saved; the one before is kept');
      }
    }
    await outbox.flush(Math.max(1_000, graceUntil - LAST_WORD_MS - time.now()));
    supervision.stopReports();
    const note = notes.join('; ').slice(0, 500);
    await api.finalReport(
      { reason, builds: [...builds.counts], ...(note === '' ? {} : { detail: note }) },
      { until: graceUntil },
    );
    log.info('ended', { reason });
    await exit.shutDown(EXIT.ok);
  };
  ending.endWith((reason, detail) => {
    withDeadline(time, graceMs + LAST_WORD_MS, 'ending', finish(reason, detail)).catch((error: unknown) => {
      if (error instanceof Fenced) return;
      log.error('orderly end failed', { error: describeError(error) });
      void exit.shutDown(EXIT.grace_expired);
    });
  });

  if (!ending.signal.aborted) {
    supervision.start();
    host.start();
  }
  return host;
};
