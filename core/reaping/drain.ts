/**
 * Draining: nothing new starts, and what runs ends, accounts saved. For an environment that is to be taken down:
 * CloudFormation deletes no cluster in which tasks run.
 */
import pMap from 'p-map';
import type { DrainReport } from '../../contract/bodies/admin.ts';
import { listHolders } from '../admission/holders.ts';
import { changeLimits } from '../admission/limits.ts';
import { ensureCapacity } from '../admission/read-capacity.ts';
import type { Deps } from '../deps.ts';
import { stopSession } from '../lifecycle/stop.ts';

type Needs = Pick<
  Deps,
  'store' | 'tasks' | 'events' | 'clock' | 'sleep' | 'ids' | 'sha256' | 'settings' | 'metrics' | 'log'
>;

/** Sessions that one call asks to end: an answer has to come within the API's 30 s. The next call takes the rest. */
const ENDED_BY_A_CALL = 200;

/**
 * One step of draining, to be repeated until it answers `drained`. The first sets the global limit to 0, so that no
 * admission passes any more; each asks sessions to end that were not asked yet; all count what is left. Repeatable, and
 * safe to give up at any time: only the limit has to be set again for sessions to start.
 */
export const drain = async (deps: Needs, { dryRun }: { readonly dryRun: boolean }): Promise<DrainReport> => {
  const { limits } = await ensureCapacity(deps);
  if (!dryRun) await changeLimits(deps, { global: 0 });
  // After the limit: every session that holds a slot by now is in this list, and none can be admitted after it.
  const holders = await listHolders(deps);
  const running = holders.filter(({ state }) => state !== 'STOPPING');
  const failed = dryRun ? 0 : await endSome(deps, running);
  // Tasks outlive their sessions by the time that ECS takes to stop them, and some tasks have no session at all.
  const tasks = await deps.tasks.list();
  const active = dryRun ? holders.length : (await ensureCapacity(deps)).active;
  return {
    dryRun,
    limitBefore: limits.globalLimit,
    active,
    tasks: tasks.length,
    failed,
    drained: !dryRun && active === 0 && tasks.length === 0,
  };
};

/** How many could not be asked to end. */
const endSome = async (deps: Needs, running: Awaited<ReturnType<typeof listHolders>>): Promise<number> => {
  let failed = 0;
  await pMap(
    running.slice(0, ENDED_BY_A_CALL),
    async (session) => {
      try {
        await stopSession(deps, session, 'emergency');
      } catch (error) {
        failed += 1;
        deps.log.warn('a session could not be asked to end', {
          sessionId: session.sessionId,
          error: String(error),
        });
      }
    },
    { concurrency: 8 },
  );
  return failed;
};
