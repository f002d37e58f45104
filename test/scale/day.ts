/**
 * A day of a part of the fleet in virtual time. Its counts are multiplied by a weight to get those of the whole
 * fleet.
 */
import { Problem } from '../../contract/errors.ts';
import { createApiKey } from '../../core/access/keys.ts';
import { rateLimiter } from '../../core/access/rate.ts';
import { reap } from '../../core/reaping/reap.ts';
import type { Settings } from '../../core/settings.ts';
import { Agenda, timeOf } from './agenda.ts';
import type { Ledger } from './ledger.ts';
import { BEGIN, type Cloud, countingCloud } from './ports.ts';
import { FleetSession } from './session.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

type DayOptions = {
  /** Sessions of the whole fleet, at once. */
  readonly sessions: number;
  /** The simulated ones. The counts of each are multiplied by sessions / cohort. */
  readonly cohort: number;
  /** Of a session that runs, each hour, sent and received in equal parts. */
  readonly messagesAnHour: number;
  /** Share of the fleet that runs around the clock; the others run from nine to five. */
  readonly alwaysOn: number;
  readonly hours: number;
  readonly settings?: Partial<Settings>;
};

export type Day = {
  readonly ledger: Ledger;
  /** Counts of the ledger times this are those of the fleet. */
  readonly weight: number;
  readonly cohort: number;
  /** Hours that the sessions of the cohort ran. */
  readonly sessionHours: number;
  readonly cloud: Cloud;
};

/** Whether a worker's request was rejected because its epoch has ended. */
const fencedOff = async (act: () => Promise<void>): Promise<boolean> => {
  try {
    await act();
    return false;
  } catch (error) {
    if (error instanceof Problem && error.code === 'fenced') return true;
    throw error;
  }
};

/** The deployment of the day replaces the sessions that run around the clock, so many a minute. */
const DEPLOYMENT_AT = 13 * HOUR;
const DEPLOYMENT_MINUTES = 60;
/** Of the sessions that end in the afternoon, this share goes silent instead: a sweep ends them. */
const SILENT_SHARE = 0.05;

/** Simulates the day. All sessions exist and are linked before it begins; that is not counted. */
export const simulateDay = async (options: DayOptions): Promise<Day> => {
  const { cohort, alwaysOn, messagesAnHour, hours } = options;
  const cloud = countingCloud({
    environment: 'scale',
    // As many counters as the fleet has.
    globalLimit: options.sessions,
    userLimit: options.sessions,
    ...options.settings,
    // A working day; idle sessions end earlier.
    maxDurationSeconds: 12 * 3600,
  });
  const { settings, random, ledger } = cloud;
  const agenda = new Agenda();
  const refusalOf = rateLimiter(cloud.deps);
  const time = timeOf(agenda, () => cloud.now);
  const fleet: FleetSession[] = [];
  const beatMs = settings.heartbeatSeconds * 1000;
  for (let number = 0; number < cohort; number++) {
    // Their heartbeats are spread over the time between two.
    cloud.now = BEGIN - beatMs + Math.floor((beatMs * number) / cohort);
    const userId = `user-${String(Math.floor(number / 5)).padStart(5, '0')}`;
    const { key } = await createApiKey(cloud.deps, { userId, role: 'user' });
    const isAlwaysOn = number < alwaysOn * cohort;
    const session = new FleetSession(cloud, { number, apiKey: key, alwaysOn: isAlwaysOn, refusalOf, time });
    await session.create();
    if (!isAlwaysOn) await session.end('user');
    fleet.push(session);
  }
  ledger.reset();

  /** The actions of a session while it runs; `life` ends the timers of a run that has ended. */
  const lives = new Map<FleetSession, number>();
  const run = (session: FleetSession): void => {
    const life = (lives.get(session) ?? 0) + 1;
    lives.set(session, life);
    const every = (ms: () => number, act: () => Promise<void>): void => {
      const again = (): void =>
        agenda.add(cloud.now + ms(), async () => {
          if (lives.get(session) !== life || !session.isRunning) return;
          // A sweep ended it: it was idle.
          if (await fencedOff(act)) session.vanish();
          else again();
        });
      again();
    };
    every(
      () => settings.snapshotIntervalSeconds * 1000,
      () => session.snapshot(),
    );
    if (messagesAnHour > 0) {
      const gap = () => (2 * HOUR * (0.5 + random.next())) / messagesAnHour;
      every(gap, () => session.receive());
      every(gap, () => session.send());
    }
  };

  for (const [number, session] of fleet.entries()) {
    const jitter = (ms: number) => random.next() * ms;
    if (number < alwaysOn * cohort) {
      agenda.add(BEGIN + jitter(beatMs), async () => run(session));
      agenda.add(BEGIN + DEPLOYMENT_AT + jitter(DEPLOYMENT_MINUTES * MINUTE), async () => {
        await session.lose();
        run(session);
      });
    } else {
      agenda.add(BEGIN + 9 * HOUR + jitter(HOUR), async () => {
        await session.start();
        run(session);
      });
      const isSilent = number % Math.round(1 / SILENT_SHARE) === 0;
      agenda.add(BEGIN + 17 * HOUR + jitter(HOUR), async () => {
        if (isSilent) session.vanish();
        else if (session.isRunning) await session.end('idle');
      });
    }
  }
  // Sweeps are counted at the size of the whole fleet (sweeps.ts); here they act on what is due.
  const isOfSessions = (name: string): boolean =>
    /^(ECS|DynamoDB (Put|Update|Delete|Transact)|write units)/.test(name);
  const sweep = async (): Promise<void> => {
    await ledger.only(isOfSessions, () => reap(cloud.deps));
    agenda.add(cloud.now + MINUTE, sweep);
  };
  agenda.add(BEGIN + MINUTE, sweep);

  const end = BEGIN + hours * HOUR;
  for (let event = agenda.next(); event && event.at < end; event = agenda.next()) {
    cloud.now = Math.max(cloud.now, event.at);
    await event.run();
  }
  cloud.now = end;
  const ranMs = fleet.reduce((sum, session) => sum + session.ranSince(BEGIN), 0);
  return { ledger, weight: options.sessions / cohort, cohort, sessionHours: ranMs / HOUR, cloud };
};
