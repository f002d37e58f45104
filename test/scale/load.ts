/** From counts of a day and of a pass of the sweeps to what the fleet needs each second, and each month. */

import type { Day } from './day.ts';
import type { Counts } from './ledger.ts';
import type { Load } from './quotas.ts';
import type { Sweeps } from './sweeps.ts';

/** Peaks are of windows this long: the sessions of the cohort are few, and each represents many. */
const WINDOW_MINUTES = 30;

/** How long an execution takes, in seconds: functions that answer at once, and those that wait for a worker or an endpoint. */
const SECONDS: Readonly<Record<string, number>> = { commands: 1, 'worker-call': 1, deliver: 0.3 };
const QUICK_SECONDS = 0.04;

const SHARED = /^table (GLOBAL|SLOT#|OUTBOX#|FEED#|STATS|BUILDHOURS)/;

/** Of the whole fleet, a second: the busiest window of the day. */
export const peakOf = ({ ledger, weight }: Day, matches: (name: string) => boolean): number => {
  const windows = new Map<number, number>();
  for (const [minute, counts] of ledger.minutes) {
    const window = Math.floor(minute / WINDOW_MINUTES);
    windows.set(window, (windows.get(window) ?? 0) + sumOf(counts, matches));
  }
  return (Math.max(0, ...windows.values()) * weight) / (WINDOW_MINUTES * 60);
};

const sumOf = (counts: Counts, matches: (name: string) => boolean): number =>
  [...counts].reduce((sum, [name, count]) => sum + (matches(name) ? count : 0), 0);

/** Of the whole fleet, for one session-hour: sweeps left out. */
export const perSessionHour = ({ ledger, sessionHours }: Day, name: string): number =>
  ledger.get(name) / sessionHours;

export const loadOf = (day: Day, sweeps: Sweeps, sessions: number, sweepMinutes: number): Load => {
  const peak = (...names: readonly string[]) => peakOf(day, (name) => names.includes(name));
  const ofSweeps = (...names: readonly string[]): number =>
    names.reduce((sum, name) => sum + sweeps.ledger.get(name), 0) / (sweepMinutes * 60);
  const busiest = (matches: (name: string) => boolean): number =>
    // Averages of the day are lower than the peak by as much as all writes are.
    (Math.max(0, ...[...day.ledger.partitions].map(([name, units]) => (matches(name) ? units : 0))) *
      peak('write units')) /
    day.ledger.get('write units');
  const due = [...day.ledger.partitions].filter(([name]) => name.startsWith('due '));
  const dueUnits = due.reduce((sum, [, units]) => sum + units, 0) / Math.max(1, due.length);
  const lambdas = [
    ...new Set(
      [...day.ledger.totals.keys()].flatMap((name) => /^Lambda (?!Invoke)(.+)$/.exec(name)?.[1] ?? []),
    ),
  ];
  return {
    sessions,
    workerCalls: peak('API Gateway (workers)'),
    callerCalls: peak('API Gateway (callers)'),
    taskStarts: peak('ECS RunTask'),
    taskWrites: peak('ECS RunTask', 'ECS StopTask'),
    taskReads: peak('ECS ListTasks', 'ECS DescribeTasks') + ofSweeps('ECS ListTasks', 'ECS DescribeTasks'),
    readUnits: peak('read units') + ofSweeps('read units'),
    writeUnits: peak('write units') + ofSweeps('write units'),
    // Buckets are drawn at random: a large fleet fills them evenly.
    dueWriteUnits: (dueUnits * peak('write units')) / day.ledger.get('write units'),
    sharedWriteUnits: busiest((name) => SHARED.test(name)),
    queueCalls: peak('SQS SendMessage'),
    objectWrites: peak('S3 PUT'),
    executions: Object.fromEntries(
      lambdas.map((name) => [name, peak(`Lambda ${name}`) * (SECONDS[name] ?? QUICK_SECONDS)]),
    ),
    reconcilerCalls: sweeps.calls.reconciler,
    reaperCalls: sweeps.calls.reaper,
  };
};
