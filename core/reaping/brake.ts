/**
 * Limits how many sessions one pass may end. A single bad reading, or a fault that stops all heartbeats, must not end
 * the fleet.
 */

/** The number of sessions that one pass may end: 5, or a quarter of `sessions`. */
export const passCap = (sessions: number): number => Math.max(5, Math.floor(sessions / 4));

type Reporting = { readonly lastHeartbeatAt?: number | undefined };

/**
 * Whether a worker has missed two heartbeats in a row. A worker that has never called is not late: it has no
 * heartbeat to miss, and its start has its own deadline.
 */
export const isLate = ({ lastHeartbeatAt }: Reporting, heartbeatSeconds: number, now: number): boolean =>
  lastHeartbeatAt !== undefined && now - lastHeartbeatAt >= 2 * heartbeatSeconds * 1000;

/**
 * Whether the reaper stops no session for its silence: too many workers are late at once, and their tasks run. One
 * cause is then more likely than many: a flood, a throttle, the network or the API itself keeps heartbeats away.
 *
 * Late workers count, not only those past their time-out. An outage makes the heartbeats of a fleet time out one after
 * the other, and a sweep in the middle of it would otherwise see only the first few:
 *
 *   outage ── 70 s: the first time out ── sweep ── 90 s: all have
 *
 * @param late workers that are late while their task runs
 * @param sessions sessions that hold a slot
 */
export const isBraked = (late: number, sessions: number): boolean => late > passCap(sessions);
