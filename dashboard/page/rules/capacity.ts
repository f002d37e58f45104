/** The capacity gauge: how much of a limit is used, and the thresholds of its alarms. */

/** The shares of the limit at which the deployed alarms go off (docs/operations.md). */
export const ALARM_SHARES = { warning: 0.8, critical: 0.95 } as const;

type Level = 'calm' | 'warning' | 'critical';

/** Alarms look at the share in use, so a limit of 0 that is used is critical. */
export const levelOf = (active: number, limit: number): Level => {
  if (active === 0) return 'calm';
  const share = limit === 0 ? 1 : active / limit;
  if (share >= ALARM_SHARES.critical) return 'critical';
  return share >= ALARM_SHARES.warning ? 'warning' : 'calm';
};

/** The smallest count at which an alarm goes off. */
export const alarmAt = (limit: number, alarm: keyof typeof ALARM_SHARES): number =>
  Math.max(1, Math.ceil(limit * ALARM_SHARES[alarm]));

/** Of the limit, 0 to 100; more if a limit was lowered below the running sessions. */
export const percent = (active: number, limit: number): number =>
  limit === 0 ? (active === 0 ? 0 : 100) : (active / limit) * 100;
