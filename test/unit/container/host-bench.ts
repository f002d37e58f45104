/** A client host over a fake library and a fake profile, with time in the test's hand. */
import type { Profile } from '../../../container/auth-state/profile.ts';
import { silentLog } from '../../../container/base/log.ts';
import { createBuildCounter } from '../../../container/whatsapp/build-counter.ts';
import { createClientHost, type HostView } from '../../../container/whatsapp/client-host.ts';
import type { CreateClient } from '../../../container/whatsapp/library.ts';
import { runTimings } from '../../../container/whatsapp/signals.ts';
import { type ManualTime, manualTime } from '../../helpers/manual-time.ts';
import { type FakeLibrary, fakeLibrary } from './fake-library.ts';

export const STAGE_MS = 60_000;

/** `states`: how many saved states can be restored, one after the other. */
export const openHost = (
  options: {
    states?: number;
    restoreFails?: Error;
    maxRestarts?: number;
    mayLink?: boolean;
    time?: ManualTime;
    library?: FakeLibrary;
    /** In place of the library's. */
    createClient?: CreateClient;
  } = {},
) => {
  const { time = manualTime(), library = fakeLibrary() } = options;
  let left = options.states ?? 0;
  const profile = {
    dir: '/profile',
    adopted: false,
    get remaining() {
      return left;
    },
    restored: 0,
    emptied: 0,
    forgotten: 0,
    unlocked: 0,
    async restoreNext() {
      if (options.restoreFails) throw options.restoreFails;
      if (left > 0) {
        left -= 1;
        profile.restored += 1;
        return { origin: 'restored' as const };
      }
      profile.emptied += 1;
      return {
        origin: 'empty' as const,
        because: (options.states ?? 0) > 0 ? ('auth_state_corrupt' as const) : ('never_linked' as const),
      };
    },
    prefer() {},
    async forget() {
      left = 0;
      profile.forgotten += 1;
    },
    async empty() {
      profile.emptied += 1;
    },
    async unlock() {
      profile.unlocked += 1;
    },
  } satisfies Profile & Record<string, unknown>;
  const views: HostView[] = [];
  const steps: string[] = [];
  const codes: string[] = [];
  const ends: { reason: string; detail: string }[] = [];
  const discards: string[] = [];
  const events: { event: string; values: unknown[] }[] = [];
  let kills = 0;

  const builds = createBuildCounter({ isSaved: () => false, onChange: () => {} });
  const host = createClientHost({
    builds,
    createClient: options.createClient ?? library.createClient,
    time,
    log: silentLog,
    random: () => 0.5,
    timings: runTimings(STAGE_MS),
    killTree: async () => {
      kills += 1;
      // The effect of a killed browser on a start that is under way.
      library.clients.at(-1)?.failed(new Error('Target closed'));
      return true;
    },
    forwarded: ['message'],
    profile,
    mayLink: options.mayLink ?? true,
    restoreBy: () => Number.POSITIVE_INFINITY,
    maxRestarts: options.maxRestarts ?? 5,
    onStep: (step) => steps.push(step),
    onChange: (view) => views.push(view),
    onCode: (code) => codes.push(code),
    onEvent: (event, values) => events.push({ event, values }),
    discard: async (reason) => void discards.push(reason),
    onEnd: (reason, detail) => ends.push({ reason, detail }),
  });

  return {
    host,
    time,
    library,
    profile,
    views,
    steps,
    codes,
    ends,
    discards,
    events,
    get kills() {
      return kills;
    },
    statuses: () => views.map(({ status }) => status),
    /** Starts and brings the first client's browser up. */
    async start() {
      host.start();
      await time.advance(0);
      library.client.launched();
      await time.advance(0);
    },
    /** Waits for the client after `count` and brings its browser up. */
    async next(count: number) {
      for (let n = 0; n < 100 && library.clients.length <= count; n += 1) await time.advance(500);
      library.client.launched();
      await time.advance(0);
    },
  };
};
