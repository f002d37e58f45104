/**
 * One session's life in one process: bootstrap, restore, client, commands, and an orderly end. What ends it (a wish of
 * the control plane, a signal, its own deadlines, the client giving up) goes through `end`, once.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Status, StopReason } from '../core/lifecycle.ts';
import { commandAddress } from './address.ts';
import { createProfile } from './auth-state/profile.ts';
import { createSaver } from './auth-state/saver.ts';
import { scheduleSaves } from './auth-state/schedule.ts';
import { describeError, Fenced, NoBrowser, Refused } from './base/faults.ts';
import type { Log } from './base/log.ts';
import { sleep, type Time, withDeadline } from './base/time.ts';
import { type Browser, ensureBrowser } from './browser/find.ts';
import { killTree, treeMemory, whileFrozen } from './browser/process-tree.ts';
import { createCollector } from './commands/collect.ts';
import type { CommandContext } from './commands/context.ts';
import { startCommandServer } from './commands/server.ts';
import { watchDeadlines } from './control/deadline-watch.ts';
import { createOutbox } from './control/outbox.ts';
import { createReporter } from './control/reporter.ts';
import { type BootstrapResponse, createWorkerApi } from './control/worker-api.ts';
import type { Environment } from './environment.ts';
import { createIncoming } from './media/incoming.ts';
import { ownTaskArn } from './metadata.ts';
import { judgeUncaught } from './process-faults.ts';
import { type ClientHost, createClientHost, type HostView } from './whatsapp/client-host.ts';
import { runTimings } from './whatsapp/client-run.ts';
import { FORWARDED_EVENTS, forward } from './whatsapp/events.ts';
import { type ClientSettings, type CreateClient, createLibraryClient } from './whatsapp/library.ts';
import { messagePayload } from './whatsapp/payloads.ts';

/** How the process ends. */
export const EXIT = {
  ok: 0,
  defect: 1,
  environment: 2,
  /** This epoch is over; nothing was saved. */
  fenced: 10,
  /** The bootstrap token was not accepted: somebody else is this task. */
  refused: 11,
  /** The orderly end took longer than its grace time. */
  grace_expired: 12,
} as const;

export type Worker = {
  /** SIGTERM or SIGINT: the first asks for an orderly end, the second kills. */
  signal(name: string): void;
  unhandledRejection(error: unknown): void;
  uncaughtException(error: unknown): void;
  /** The process's exit code. No browser process and no file of the session is left. */
  readonly exitCode: Promise<number>;
};

export type WorkerOptions = {
  readonly environment: Environment;
  readonly time: Time;
  readonly log: Log;
  readonly random?: () => number;
  /** In the library's stead in tests. */
  readonly createClient?: (settings: ClientSettings) => CreateClient;
};

const BOOTSTRAP_LIMIT_MS = 60_000;
const MEMORY_EVERY_MS = 15_000;
const MEMORY_RESTART_EVERY_MS = 10 * 60_000;
const LIVE_SAVE_LIMIT_MS = 60_000;
const DISCARD_LIMIT_MS = 30_000;
/** Kept of the grace time for the last word, after state and events. */
const LAST_WORD_MS = 5_000;
const CLOSING_ECHO_MS = 30_000;
const CLEANUP_LIMIT_MS = 5_000;

const newSecret = () => randomBytes(32).toString('base64url');

export const startWorker = (options: WorkerOptions): Worker => {
  const { environment, time, log, random = Math.random } = options;
  let resolveExit: (code: number) => void = () => {};
  const exitCode = new Promise<number>((resolve) => {
    resolveExit = resolve;
  });

  let workDir: string | undefined;
  let profileDir: string | undefined;
  let exiting = false;
  const cleanups: (() => void | Promise<void>)[] = [];

  /** Kills what is left, removes the session's files, and reports the code. */
  const exit = async (code: number) => {
    if (exiting) return;
    exiting = true;
    for (const cleanup of cleanups.splice(0).reverse())
      await withDeadline(time, CLEANUP_LIMIT_MS, 'cleaning up', Promise.resolve(cleanup())).catch(() => {});
    if (profileDir !== undefined) await killTree(time, profileDir).catch(() => false);
    if (workDir !== undefined)
      await rm(workDir, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
    resolveExit(code);
  };

  /** What asked for the end before there was a session to end. */
  let early: { reason: StopReason; detail?: string | undefined } | undefined;
  let end: (reason: StopReason, detail?: string) => void = (reason, detail) => {
    early ??= { reason, detail };
  };
  let ending = false;
  let host: ClientHost | undefined;

  const start = async () => {
    const epoch = environment.BERTH_EPOCH;
    const sessionId = environment.BERTH_SESSION_ID;
    const workerSecret = newSecret();
    const commandSecret = newSecret();
    for (const secret of [workerSecret, commandSecret, environment.BERTH_BOOTSTRAP_TOKEN]) log.hide(secret);

    const base = environment.BERTH_WORK_DIR ?? tmpdir();
    const makeWorkDir = async () => {
      await mkdir(base, { recursive: true });
      workDir = await mkdtemp(join(base, 'berth-worker-'));
      profileDir = join(workDir, 'profile');
      return { work: workDir, profile: profileDir };
    };
    const openServer = async () => {
      const { listen, reach } = await commandAddress(environment, time);
      const port = environment.BERTH_COMMAND_PORT;
      const opened = await startCommandServer({
        host: listen,
        port,
        secret: commandSecret,
        epoch,
        time,
        log,
      });
      cleanups.push(() => opened.close());
      return { server: opened, reach };
    };
    const findBrowser = (): Promise<Browser | NoBrowser> =>
      ensureBrowser({
        path: environment.CHROMIUM_PATH,
        browserDir: environment.BERTH_BROWSER_DIR,
        onProgress: (message) => log.info(message),
      }).catch((error: unknown) =>
        error instanceof NoBrowser ? error : new NoBrowser(describeError(error)),
      );
    const [dirs, { server, reach }, found, taskArn] = await Promise.all([
      makeWorkDir(),
      openServer(),
      findBrowser(),
      ownTaskArn(environment, time),
    ]);

    const api = createWorkerApi({
      url: environment.BERTH_WORKER_API_URL,
      sessionId,
      epoch,
      workerSecret,
      time,
      random,
      onFenced: () => {
        log.warn('fenced: this epoch is over');
        ending = true;
        void exit(EXIT.fenced);
      },
    });

    const askedAt = time.now();
    let bootstrap: BootstrapResponse;
    try {
      bootstrap = await api.bootstrap(
        {
          sessionId,
          epoch,
          bootstrapToken: environment.BERTH_BOOTSTRAP_TOKEN,
          workerSecret,
          commandSecret,
          address: `http://${reach}:${server.port}`,
          chromiumBuild: found instanceof NoBrowser ? 'none' : found.build,
          ...(taskArn === undefined ? {} : { taskArn }),
        },
        { until: askedAt + BOOTSTRAP_LIMIT_MS },
      );
    } catch (error) {
      if (error instanceof Fenced) return;
      log.error('bootstrap failed', { error: describeError(error) });
      return await exit(error instanceof Refused ? EXIT.refused : EXIT.defect);
    }
    if (exiting) return;

    let offset = bootstrap.now - Math.round((askedAt + time.now()) / 2);
    const controlNow = () => time.now() + offset;
    const toLocal = (at: number) => at - offset;
    const { stopGraceSeconds } = bootstrap;
    const closing = new AbortController();

    if (found instanceof NoBrowser) {
      log.error(found.message);
      await api
        .lastWord(
          { reason: 'crashed', detail: found.message.slice(0, 500) },
          { until: time.now() + stopGraceSeconds * 1000 },
        )
        .catch((error: unknown) => log.error('last word not accepted', { error: describeError(error) }));
      return await exit(EXIT.defect);
    }
    const browser = found;
    log.info('started', { browser: browser.build, states: bootstrap.authStates.length });

    // ---- parts
    const outbox = createOutbox({ api, time, now: controlNow, log });
    cleanups.push(() => outbox.close());
    const reporter = createReporter({
      api,
      time,
      log,
      heartbeatMs: bootstrap.heartbeatSeconds * 1000,
      activityMs: bootstrap.activitySeconds * 1000,
      onAnswer: (answer) => {
        offset = answer.now - time.now();
        deadlines.setDeadlines(answer.deadlines);
        if (answer.stop !== undefined) end(answer.stop);
      },
    });
    cleanups.push(() => reporter.stop());
    const deadlines = watchDeadlines({
      time,
      offset: () => offset,
      deadlines: bootstrap.deadlines,
      onDue: ({ reason }) => end(reason),
      onExpiring: ({ at, reason }) => outbox.add('session.expiring', { reason, at }),
    });
    cleanups.push(() => deadlines.stop());
    const profile = createProfile({
      workDir: dirs.work,
      chromiumBuild: browser.build,
      states: bootstrap.authStates,
      time,
      log,
    });
    const saver = createSaver({
      api,
      time,
      log,
      workDir: dirs.work,
      profileDir: dirs.profile,
      chromiumBuild: browser.build,
      onSaved: (archive) => profile.prefer(archive),
    });

    const collector = createCollector({ api, server, time, log, signal: closing.signal });

    const incoming = createIncoming({
      api,
      time,
      log,
      maxBytes: bootstrap.media.maxBytes,
      download: async (source) => await current.client?.account.downloadMedia(source),
    });

    // ---- activity and change
    const changeListeners = new Set<() => void>();
    const ownMessageListeners = new Set<(message: unknown) => void>();
    const active = () => {
      const now = controlNow();
      deadlines.setMoments({ lastActivityAt: now });
      reporter.update({ lastActivityAt: now });
    };
    let stopSaves = () => {};
    cleanups.push(() => stopSaves());
    let shown: Status = 'STARTING';
    let savingGeneration = 0;

    const onChange = (view: HostView) => {
      const nowWorking = view.status === 'WORKING' && shown !== 'WORKING';
      if (view.status !== shown) {
        log.info('status', { from: shown, to: view.status });
        shown = view.status;
      }
      const { moments } = deadlines;
      deadlines.setMoments({
        phase: view.status === 'WORKING' ? 'working' : view.status === 'SCAN_QR_CODE' ? 'qr' : 'starting',
        qrSince:
          view.status === 'WORKING'
            ? undefined
            : (moments.qrSince ?? (view.status === 'SCAN_QR_CODE' ? controlNow() : undefined)),
        wasUp: moments.wasUp || view.status !== 'STARTING',
        ...(view.status === 'WORKING' && moments.lastActivityAt === undefined
          ? { lastActivityAt: controlNow() }
          : {}),
      });
      reporter.update({
        status: view.status,
        me: view.account,
        qrReason: view.qrReason,
        lastActivityAt: deadlines.moments.lastActivityAt,
      });
      if (view.status !== 'WORKING') stopSaves();
      else if (host && savingGeneration !== host.generation) {
        savingGeneration = host.generation;
        stopSaves();
        stopSaves = scheduleSaves(time, bootstrap.snapshotIntervalSeconds * 1000, saveLive);
      }
      for (const listener of changeListeners) listener();
      if (nowWorking) collector.look();
    };

    let discards = 0;
    /** Whether no account was discarded since: what was copied before is of a dead one. */
    const sameAccount = () => {
      const before = discards;
      return () => discards === before;
    };
    const saveLive = async () => {
      const generation = host?.generation;
      const same = sameAccount();
      const valid = () => same() && !ending && host?.status === 'WORKING' && host.generation === generation;
      if (!valid()) return;
      try {
        await saver.save({
          bounds: { until: time.now() + LIVE_SAVE_LIMIT_MS, signal: closing.signal },
          freeze: (work) => whileFrozen(dirs.profile, work),
          stillValid: valid,
        });
      } catch (error) {
        log.warn('auth state not saved', { error: describeError(error) });
      }
    };
    /** Of a profile that no process writes to. */
    const saveQuiet = async (until: number) =>
      await saver.save({ bounds: { until }, freeze: (work) => work(), stillValid: sameAccount() });

    const current = createClientHost({
      createClient: (options.createClient ?? createLibraryClient)({
        browser,
        profileDir: dirs.profile,
        extraSwitches: environment.BERTH_BROWSER_ARGS,
        ...bootstrap.client,
      }),
      time,
      log,
      random,
      timings: runTimings(environment.BERTH_STAGE_SECONDS * 1000),
      killTree: () => killTree(time, dirs.profile),
      forwarded: FORWARDED_EVENTS,
      profile,
      restoreBy: () => toLocal(bootstrap.deadlines.startBy),
      maxRestarts: environment.BERTH_MAX_RESTARTS,
      onChange,
      onEvent: (name, values) => {
        if (name === 'message_create') for (const listener of ownMessageListeners) listener(values[0]);
        const event = forward(name, values);
        if (!event) return;
        const message = event.media ? messagePayload(values[0]) : undefined;
        if (message?.hasMedia) outbox.addLater(event.event, incoming.withMedia(values[0], message));
        else outbox.add(event.event, event.payload);
        if (event.activity) active();
      },
      discard: async (reason) => {
        discards += 1;
        await api.discard({ reason }, { until: time.now() + DISCARD_LIMIT_MS });
      },
      onEnd: (reason, detail) => end(reason, detail),
    });
    host = current;
    cleanups.push(() => current.stop(false));

    // ---- the end
    const finish = async (reason: StopReason, detail: string | undefined) => {
      const graceUntil = time.now() + stopGraceSeconds * 1000;
      log.info('ending', { reason, detail });
      server.refuse();
      stopSaves();
      deadlines.stop();
      closing.abort();
      await current.stop(true);
      if (exiting) return;
      const notes = detail === undefined ? [] : [detail];
      if (current.savable) {
        try {
          await saveQuiet(graceUntil - LAST_WORD_MS);
        } catch (error) {
          if (error instanceof Fenced) return;
          log.error('final auth state not saved', { error: describeError(error) });
          notes.push('the final auth state was not saved; the one before is kept');
        }
      }
      await outbox.flush(Math.max(1_000, graceUntil - LAST_WORD_MS - time.now()));
      reporter.stop();
      const note = notes.join('; ').slice(0, 500);
      await api.lastWord({ reason, ...(note === '' ? {} : { detail: note }) }, { until: graceUntil });
      log.info('ended', { reason });
      await exit(EXIT.ok);
    };
    end = (reason, detail) => {
      if (ending) return;
      ending = true;
      withDeadline(time, stopGraceSeconds * 1000 + LAST_WORD_MS, 'ending', finish(reason, detail)).catch(
        (error: unknown) => {
          if (error instanceof Fenced) return;
          log.error('orderly end failed', { error: describeError(error) });
          void exit(EXIT.grace_expired);
        },
      );
    };

    // ---- commands
    const context: CommandContext = {
      time,
      log,
      status: () => current.status,
      qr: () => current.qr && { value: current.qr.value, expiresAt: current.qr.expiresAt + offset },
      changed: (ms) =>
        new Promise((resolve) => {
          const done = () => {
            cancel();
            changeListeners.delete(done);
            resolve();
          };
          const cancel = time.after(ms, done);
          changeListeners.add(done);
        }),
      client: () => current.client,
      onOwnMessage: (listener) => {
        ownMessageListeners.add(listener);
        return () => void ownMessageListeners.delete(listener);
      },
      media: bootstrap.media,
      withMedia: incoming.withMedia,
      active,
      logout: () => current.unlink(),
    };
    server.serve(context);

    // ---- memory
    let restartedAt = time.now() - MEMORY_RESTART_EVERY_MS;
    const watchMemory = async () => {
      while (!exiting) {
        await sleep(time, MEMORY_EVERY_MS, closing.signal);
        if (ending) return;
        const bytes = await treeMemory(dirs.profile).catch(() => 0);
        reporter.update({ memoryBytes: bytes });
        const tooMuch = bytes > environment.BERTH_MEMORY_LIMIT_MB * 1024 * 1024;
        if (!tooMuch || current.status !== 'WORKING' || time.now() - restartedAt < MEMORY_RESTART_EVERY_MS)
          continue;
        restartedAt = time.now();
        await current.recycle(`memory: ${Math.round(bytes / 1024 / 1024)} MiB`, async () => {
          await saveQuiet(time.now() + LIVE_SAVE_LIMIT_MS).catch((error: unknown) =>
            log.warn('auth state not saved', { error: describeError(error) }),
          );
        });
      }
    };
    void watchMemory();

    if (early) return end(early.reason, early.detail);
    reporter.update({ status: 'STARTING' });
    current.start();
  };

  start().catch((error: unknown) => {
    log.error('the worker could not start', { error: describeError(error) });
    void exit(EXIT.defect);
  });

  return {
    exitCode,
    signal(name) {
      if (ending || early) {
        log.warn('second signal: killing', { signal: name });
        void exit(EXIT.grace_expired);
      } else {
        log.info('asked to end', { signal: name });
        end('user');
      }
    },
    unhandledRejection(error) {
      const closing = ending || (host !== undefined && time.now() - host.closedAt < CLOSING_ECHO_MS);
      const judged = judgeUncaught(error, closing);
      log.warn('unhandled rejection', { judged, error: describeError(error) });
      if (judged === 'client_fault' && host) host.fault('unhandled rejection in the library');
      else if (judged !== 'ignore') end('crashed', `unhandled rejection: ${describeError(error)}`);
    },
    uncaughtException(error) {
      log.error('uncaught exception', { error: describeError(error) });
      end('crashed', `uncaught exception: ${describeError(error)}`);
    },
  };
};
