/** What the library does not notice of its page: found by asking the page every now and then. */
import { describeError } from '../base/faults.ts';
import type { Log } from '../base/log.ts';
import { sleep, type Time, withDeadline } from '../base/time.ts';
import { closeAnnouncements, type DialogCount } from './compat/dialogs.ts';
import type { LibraryClient, LibraryPage } from './library.ts';
import { announceSynced, probePage, readVersion } from './page.ts';
import type { RunTimings } from './signals.ts';

/** States of the page in which the account itself is blocked. */
export const BLOCKED: readonly string[] = ['TOS_BLOCK', 'SMB_TOS_BLOCK'];
/** Probes that must fail or agree in a row before something is concluded from them. */
const IN_A_ROW = 3;
/** A start may fail within a second of the page's load. */
const FIRST_VERSION_READ_MS = 50;
const RELOAD_EVERY_MS = 20_000;

type Found =
  | { readonly kind: 'logged_out' }
  | { readonly kind: 'blocked'; readonly state: string }
  | { readonly kind: 'fault'; readonly reason: string };

type Watching = {
  readonly time: Time;
  readonly timings: RunTimings;
  /** Aborted when the run has ended. */
  readonly signal: AbortSignal;
};

/** The page's version once it has one; undefined: the run ended before. A build that breaks the start is known by it, too. */
export const untilVersion = async (
  page: LibraryPage,
  { time, timings, signal }: Watching,
): Promise<unknown> => {
  let wait = FIRST_VERSION_READ_MS;
  while (!signal.aborted) {
    const reading = withDeadline(time, timings.probeLimit, 'reading the version', readVersion(page));
    const version = await reading.catch(() => undefined);
    if (version !== undefined && version !== null) return version;
    await sleep(time, wait, signal);
    wait = Math.min(wait * 2, timings.probeEvery);
  }
  return undefined;
};

/** Resolves with what ends the run; undefined: the run ended before. */
export const watchPage = async (
  options: Watching & {
    readonly client: LibraryClient;
    readonly log: Log;
    /** The events of the library so far, as they are now. */
    readonly seen: { readonly ready: boolean; readonly authenticated: boolean };
    /** A linked page showed dialogs: those closed just now, and those that are open and unknown. */
    readonly onDialogs?: (count: DialogCount) => void;
  },
): Promise<Found | undefined> => {
  const { client, time, log, timings, signal, seen } = options;
  const lookForDialogs = dialogWatch(options);
  let failures = 0;
  let synced = 0;
  let leaving = 0;
  let deaf = 0;
  let blocked = 0;
  let reloadedAt = Number.NEGATIVE_INFINITY;
  let announced = false;
  while (!signal.aborted) {
    await sleep(time, seen.ready ? timings.probeEvery * 6 : timings.probeEvery, signal);
    const page = client.pupPage;
    if (signal.aborted || !page) continue;
    leaving = client.lastLoggedOut ? leaving + 1 : 0;
    if (leaving > IN_A_ROW) return { kind: 'logged_out' };
    try {
      const probe = await withDeadline(time, timings.probeLimit, 'asking the page', probePage(page));
      failures = 0;
      // The page reloaded itself and the library missed the sync after it: it would receive nothing more.
      deaf = seen.ready && !probe.injected ? deaf + 1 : 0;
      if (deaf > IN_A_ROW) return { kind: 'fault', reason: 'the page was reloaded under the library' };
      blocked = BLOCKED.includes(probe.state ?? '') ? blocked + 1 : 0;
      if (blocked >= IN_A_ROW) return { kind: 'blocked', state: probe.state ?? '' };
      if (seen.ready) await lookForDialogs(page);
      if (signal.aborted || seen.ready) continue;
      synced = probe.state === 'CONNECTED' && probe.hasSynced && !seen.authenticated ? synced + 1 : 0;
      if (synced >= IN_A_ROW && !announced) {
        announced = true;
        log.info('sync ended before the library listened: announcing it');
        await withDeadline(time, timings.probeLimit, 'announcing the sync', announceSynced(page));
      }
      if (probe.state === 'UNPAIRED_IDLE' && time.now() - reloadedAt > RELOAD_EVERY_MS) {
        reloadedAt = time.now();
        log.debug('the page shows no more codes, and is loaded again');
        await withDeadline(time, timings.load, 'reloading', page.reload({ timeout: timings.load }));
      }
    } catch (error) {
      failures += 1;
      log.debug('page did not answer', { failures, error: describeError(error) });
      if (failures >= IN_A_ROW) return { kind: 'fault', reason: 'the page does not respond' };
    }
  }
  return undefined;
};

/** Closes announcements, and reports how many dialogs are open when that changes. */
const dialogWatch = ({
  time,
  log,
  timings,
  onDialogs,
}: Pick<Parameters<typeof watchPage>[0], 'time' | 'log' | 'timings' | 'onDialogs'>) => {
  let unknown = 0;
  return async (page: LibraryPage): Promise<void> => {
    if (!onDialogs) return;
    const looking = closeAnnouncements(page);
    const count = await withDeadline(time, timings.probeLimit, 'looking for dialogs', looking);
    if (count.closed === 0 && count.unknown === unknown) return;
    // Its words may name people and chats: the log says how many there are.
    if (count.unknown > unknown) log.warn('WhatsApp Web shows an unknown dialog', { open: count.unknown });
    if (count.closed > 0) log.info('closed an announcement of WhatsApp Web', { closed: count.closed });
    unknown = count.unknown;
    onDialogs(count);
  };
};
