/**
 * What Berth costs, from a price table and from what a session does. An estimate with its parts laid open: good for
 * comparing, no bill. Traffic out of AWS and CloudWatch Container Insights are not in it.
 */
import { COST_DEFAULTS, type CostInput } from './input.ts';
import {
  costOfSessionHour,
  costOfStanding,
  costOfWaiting,
  HOURS_A_MONTH,
  type Parts,
  roomOf,
  totalOf,
} from './parts.ts';
import { PRICES, type Prices } from './prices.ts';

export type Cost = {
  /** Of one session for one hour. */
  readonly sessionHour: Parts;
  /** In a month, whether or not anything runs. */
  readonly standing: Parts;
  readonly sessionHours: number;
  /** A month of the tasks that wait. */
  readonly standby: number;
  /** A month: standing, tasks that wait, and all session-hours. */
  readonly month: number;
  /** Servers that are always on and have room for as many sessions. */
  readonly alwaysOn: { readonly servers: number; readonly month: number };
  /** Hours a day at which both cost the same; undefined: on-demand tasks are cheaper at every hour of the day. */
  readonly evenHours: number | undefined;
};

export const costOf = (given: Partial<CostInput> = {}, prices: Prices = PRICES): Cost => {
  const input = { ...COST_DEFAULTS, ...given };
  const sessionHour = costOfSessionHour(input, prices);
  const standing = costOfStanding(input, prices);
  const sessionHours = input.sessions * input.hours * input.days;
  const servers = Math.max(1, Math.ceil(input.sessions / roomOf(prices.server.gib, input.hostGib)));
  const alwaysOn = servers * serverMonth(prices);
  const standby = input.standby * HOURS_A_MONTH * totalOf(costOfWaiting(input, prices));
  const evenHours =
    (alwaysOn - totalOf(standing) - standby) / (input.sessions * input.days * totalOf(sessionHour));
  return {
    sessionHour,
    standing,
    sessionHours,
    standby,
    month: totalOf(standing) + standby + sessionHours * totalOf(sessionHour),
    alwaysOn: { servers, month: alwaysOn },
    evenHours: evenHours < 24 ? Math.max(0, evenHours) : undefined,
  };
};

/** A server that is always on. */
export const serverMonth = ({ server }: Prices): number => server.hour * HOURS_A_MONTH + server.volumeMonth;
