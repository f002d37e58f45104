import { readCapacity } from '../admission/read-capacity.ts';
import type { Deps } from '../deps.ts';
import type { Session } from '../lifecycle/session.ts';
import type { Use } from './history.ts';

/** How full the system is, by the limit as it stands. Before the first admission made counters: empty. */
export const measureUse = async (deps: Pick<Deps, 'store' | 'settings' | 'metrics'>): Promise<Use> => {
  const capacity = await readCapacity(deps);
  const active = capacity?.active ?? 0;
  const limit = capacity?.limits.globalLimit ?? deps.settings.globalLimit;
  deps.metrics.count('ActiveSessions', active);
  deps.metrics.count('SessionLimit', limit);
  deps.metrics.count('SessionUsePercent', usePercent(active, limit));
  return { active, limit };
};

/**
 * 0 to 100, above 100 if the limit was lowered below the running sessions. A limit of 0 is full only while something
 * runs.
 */
const usePercent = (active: number, limit: number): number =>
  active === 0 ? 0 : limit === 0 ? 100 : (100 * active) / limit;

/** Of the sessions whose worker reports; 0 if there is none. */
export const measureHeartbeats = (
  deps: Pick<Deps, 'clock' | 'metrics'>,
  holders: readonly Session[],
): void => {
  const now = deps.clock();
  const ages = holders.flatMap(({ state, lastHeartbeatAt }) =>
    state === 'RUNNING' && lastHeartbeatAt !== undefined ? [now - lastHeartbeatAt] : [],
  );
  deps.metrics.count('HeartbeatAge', Math.max(0, ...ages));
};
