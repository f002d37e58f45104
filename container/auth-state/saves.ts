/**
 * When the auth state is saved, and when it must not be: on schedule while a client works, between two clients, and
 * last of all. A copy of a client that was replaced since, or of an account that was discarded since, is worthless
 * and is not saved.
 */
import type { Status } from '../../contract/lifecycle.ts';
import { describeError } from '../base/faults.ts';
import type { Log } from '../base/log.ts';
import type { Time } from '../base/time.ts';
import { whileFrozen } from '../browser/process-tree.ts';
import type { Saver } from './saver.ts';
import { scheduleSaves } from './schedule.ts';

type Saves = {
  /** Status or client changed: the schedule runs while one works, and begins again with each. */
  follow(): void;
  /** The account is gone: what was copied before is of a dead one. */
  discarded(): void;
  /** Saves while no process writes to the profile; a failure leaves the state before. */
  betweenClients(): Promise<void>;
  /** Saves once no process will write to the profile any more. Throws if it could not. */
  last(until: number): Promise<void>;
  /** Ends the schedule. */
  stop(): void;
};

const SAVE_LIMIT_MS = 60_000;

export const createSaves = (options: {
  readonly saver: Saver;
  readonly time: Time;
  readonly log: Log;
  readonly profileDir: string;
  readonly intervalMs: number;
  /** `generation` grows with each new client. */
  readonly client: () => { readonly status: Status; readonly generation: number };
  /** The browser got a saved account while it ran: it writes a part of it only after some seconds. */
  readonly holdsBack: () => boolean;
  /** From its abort on nothing is saved on schedule. */
  readonly signal: AbortSignal;
}): Saves => {
  const { saver, time, log, client, signal } = options;
  let discards = 0;
  let scheduledFor: number | undefined;
  let stopSchedule = () => {};

  /** Whether no account was discarded since. */
  const sameAccount = () => {
    const before = discards;
    return () => discards === before;
  };

  const orWarn = async (saved: Promise<unknown>): Promise<void> => {
    await saved.catch((error: unknown) => log.warn('auth state not saved', { error: describeError(error) }));
  };

  const saveLive = async () => {
    const { generation } = client();
    const same = sameAccount();
    const stillValid = () =>
      same() && !signal.aborted && client().status === 'WORKING' && client().generation === generation;
    if (!stillValid()) return;
    const bounds = { until: time.now() + SAVE_LIMIT_MS, signal };
    const freeze = <T>(work: () => Promise<T>) => whileFrozen(options.profileDir, work);
    await orWarn(saver.save({ bounds, freeze, stillValid }));
  };

  /** Of a profile that no process writes to. */
  const saveStill = (until: number) =>
    saver.save({ bounds: { until }, freeze: (work) => work(), stillValid: sameAccount() });

  return {
    follow() {
      const { status, generation } = client();
      if (status !== 'WORKING') return stopSchedule();
      if (generation === scheduledFor) return;
      scheduledFor = generation;
      stopSchedule();
      stopSchedule = scheduleSaves(time, options.intervalMs, saveLive, { whole: !options.holdsBack() });
    },
    discarded() {
      discards += 1;
    },
    betweenClients: () => orWarn(saveStill(time.now() + SAVE_LIMIT_MS)),
    async last(until) {
      await saveStill(until);
    },
    stop: () => stopSchedule(),
  };
};
