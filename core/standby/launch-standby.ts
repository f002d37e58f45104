import type { StandbyDepth } from '../../contract/bodies/standby.ts';
import type { Deps } from '../deps.ts';
import { standbyKey } from '../items.ts';
import { TaskEngineUnavailable } from '../ports.ts';
import { exists } from '../store.ts';

type Needs = Pick<Deps, 'store' | 'tasks' | 'clock' | 'ids' | 'sha256' | 'log'>;

const LAUNCH_MS = 5_000;

/** Standby ids begin with it; the `startedBy` of a standby task is its id. */
export const STANDBY_ID_PREFIX = 'sby_';

/**
 * Launches one standby task. The item comes first, so that a task without an item belongs to no session and is stopped. Undefined: it is launched.
 * Otherwise the engine gave no task, or did not answer, and said why; then a sweep finds the task, or removes the item.
 */
export const launchStandby = async (deps: Needs, depth: StandbyDepth): Promise<string | undefined> => {
  const id = `${STANDBY_ID_PREFIX}${deps.ids
    .secret()
    .replace(/[^A-Za-z0-9]/g, '')
    .slice(0, 20)
    .toLowerCase()}`;
  const standbyToken = deps.ids.secret();
  const key = standbyKey(id);
  await deps.store.write({
    kind: 'put',
    key,
    item: {
      ...key,
      createdAt: deps.clock(),
      revision: deps.tasks.revision,
      tokenHash: deps.sha256(standbyToken),
      depth,
    },
  });
  try {
    const clientToken = deps.sha256(id);
    const result = await deps.tasks.launchStandby(
      { standbyId: id, clientToken, standbyToken, depth },
      LAUNCH_MS,
    );
    if (result.ok) {
      await deps.store.write({
        kind: 'update',
        key,
        condition: exists('pk'),
        set: { taskArn: result.taskArn },
      });
      return undefined;
    }
    deps.log.warn('a standby task was not launched', { standbyId: id, detail: result.detail });
    await deps.store.write({ kind: 'delete', key });
    return result.detail;
  } catch (error) {
    if (!(error instanceof TaskEngineUnavailable)) throw error;
    deps.log.warn('a standby task may not have been launched', { standbyId: id, error: error.message });
    return error.message;
  }
};
