const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** The interval of `rate(5 minutes)` in milliseconds. Cron expressions are not run locally: that is an error. */
export const rateMs = (expression: string): number => {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const ms = UNIT_MS[unit ?? ''];
  if (ms === undefined || Number(count) < 1) {
    throw new Error(`local mode runs rate(…) schedules only, got ${expression}`);
  }
  return Number(count) * ms;
};
