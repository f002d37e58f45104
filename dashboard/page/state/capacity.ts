import { signal } from '@preact/signals';
import { isAdmin } from './identity.ts';
import { polled } from './polled.ts';
import { berth } from './server.ts';

/** How far back the trend looks, hours. */
export const TREND_HOURS = [1, 6, 24] as const;
export const trendHours = signal<(typeof TREND_HOURS)[number]>(6);

export const stats = polled(() => berth.stats(), 5000);
export const history = polled(() => berth.statsHistory({ hours: trendHours.value }), 30_000);
export const health = polled(() => berth.health(), 15_000);
export const limits = polled(() => berth.limits.get(), 15_000);
export const keys = polled(() => berth.keys.list(), 30_000);
export const rollout = polled(() => berth.rollout.get(), 5000);
export const engine = polled(() => berth.engine.get(), 15_000);
export const standby = polled(() => berth.standby.get(), 10_000);
export const audit = polled(() => berth.audit(), 10_000);
export const deadLetters = polled(() => berth.webhooks.dead(), 10_000);

/** After a change that shows in figures. */
export const refreshFigures = (): void => {
  void stats.refresh();
  if (isAdmin.value) void limits.refresh();
};
