import type { HealthView } from '../../contract/bodies/admin.ts';
import { readCapacity } from '../admission/read-capacity.ts';
import type { Deps } from '../deps.ts';
import { scheduleKey } from '../items.ts';
import type { StorageProbe } from '../ports.ts';

type Check = { ok: boolean; detail: string };

/** A schedule that has not run for this long is taken for broken; the slowest allowed sweep is every 5 minutes. */
const SCHEDULE_STALE_MS = 11 * 60_000;

/** The database answers a consistent read. */
export const checkDatabase = (deps: Pick<Deps, 'store'>): Promise<Check> =>
  checked(async () => {
    await deps.store.get(scheduleKey('reaper'));
    return 'answers';
  });

/** Each part by name, and how full the system is. `status` is `degraded` if any part fails. */
export const health = async (
  deps: Pick<Deps, 'store' | 'tasks' | 'clock'> & { readonly storage: StorageProbe },
): Promise<HealthView> => {
  const capacity = await readCapacity(deps).catch(() => undefined);
  const [database, storage, taskEngine, reaper, reconciler] = await Promise.all([
    checkDatabase(deps),
    checked(async () => {
      await deps.storage.probe();
      return 'answers';
    }),
    checked(async () => {
      const running = (await deps.tasks.list()).length;
      return running === 1 ? '1 task' : `${running} tasks`;
    }),
    schedule(deps, 'reaper'),
    schedule(deps, 'reconciler'),
  ]);
  const counters = counterCheck(capacity);
  const checks = { database, storage, taskEngine, reaper, reconciler, counters };
  return {
    status: Object.values(checks).every((c) => c.ok) ? 'ok' : 'degraded',
    ...(capacity ? { activeSessions: capacity.active, maxSessions: capacity.limits.globalLimit } : {}),
    checks,
  };
};

/** For keys that are no admin's: the errors of database and AWS name tables, ARNs and addresses. */
export const withoutReasons = (view: HealthView): HealthView => ({
  ...view,
  checks: Object.fromEntries(
    Object.entries(view.checks ?? {}).map(([part, { ok, detail }]) => [
      part,
      { ok, detail: ok ? detail : 'failed; an admin key is shown why' },
    ]),
  ),
});

const counterCheck = (capacity: Awaited<ReturnType<typeof readCapacity>>): Check => {
  if (!capacity) return { ok: true, detail: 'no session was admitted yet' };
  const bad = capacity.shards.find((s) => s.active < 0);
  return bad
    ? { ok: false, detail: `shard ${bad.shard} counts ${bad.active}` }
    : { ok: true, detail: `${capacity.active} of ${capacity.limits.globalLimit}` };
};

const schedule = (deps: Pick<Deps, 'store' | 'clock'>, name: string): Promise<Check> =>
  checked(async () => {
    const lastRunAt = await lastRun(deps, name);
    if (lastRunAt === undefined) return 'has not run yet';
    const age = deps.clock() - lastRunAt;
    if (age > SCHEDULE_STALE_MS) throw new Error(`last ran ${Math.round(age / 60_000)} minutes ago`);
    return `last ran ${Math.round(age / 1000)} s ago`;
  });

const checked = async (check: () => Promise<string>): Promise<Check> => {
  try {
    return { ok: true, detail: await check() };
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : 'failed' };
  }
};

/** When a scheduled function last came to its end, ms; undefined: never. */
const lastRun = async (deps: Pick<Deps, 'store'>, name: string): Promise<number | undefined> => {
  const lastRunAt = (await deps.store.get(scheduleKey(name)))?.lastRunAt;
  return typeof lastRunAt === 'number' ? lastRunAt : undefined;
};

/** Leaves word that a scheduled function ran. */
export const recordRun = async (
  deps: Pick<Deps, 'store' | 'clock'>,
  name: string,
  report: object,
): Promise<void> => {
  const key = scheduleKey(name);
  await deps.store.write({
    kind: 'put',
    key,
    item: { ...key, lastRunAt: deps.clock(), report: JSON.stringify(report) },
  });
};

export type LastRun = {
  /** ms */
  readonly at: number;
  /** As the function left it; undefined if that cannot be read. */
  readonly report: unknown;
};

/** When a scheduled function last came to its end, with its report; undefined: never. */
export const lastRunOf = async (deps: Pick<Deps, 'store'>, name: string): Promise<LastRun | undefined> => {
  const item = await deps.store.get(scheduleKey(name));
  const at = item?.lastRunAt;
  return typeof at === 'number' ? { at, report: parseReport(item?.report) } : undefined;
};

const parseReport = (text: unknown): unknown => {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
};
