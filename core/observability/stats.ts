import type { StatsView } from '../../contract/bodies/admin.ts';
import { shownStatus } from '../../contract/lifecycle.ts';
import { counterSchema } from '../admission/capacity.ts';
import { listHolders } from '../admission/holders.ts';
import { limitsView } from '../admission/limits.ts';
import type { Deps } from '../deps.ts';
import { STATS_PARTITION, userQuotaKey } from '../items.ts';
import { nameOf, type Session, userOf } from '../lifecycle/session.ts';
import { lastDay, STATS_HOURS } from './hourly-stats.ts';

type Needs = Pick<Deps, 'store' | 'clock' | 'sleep' | 'ids' | 'settings'>;

/**
 * The running sessions. For an admin: the sessions of all users, and the recent totals. Otherwise the user's own, and
 * of these only the sessions that the key is for.
 */
export const stats = async (
  deps: Needs,
  userId: string,
  allUsers: boolean,
  names?: readonly string[],
): Promise<StatsView> => {
  const [limits, holders, hours] = await Promise.all([
    limitsView(deps, userId),
    listHolders(deps),
    allUsers
      ? deps.store.query({ partition: STATS_PARTITION, descending: true, limit: STATS_HOURS })
      : undefined,
  ]);
  const sessions = allUsers
    ? holders
    : holders.filter((s) => userOf(s) === userId && (names?.includes(nameOf(s)) ?? true));
  const { limit, active } = allUsers ? limits.global : limits.user;
  const oldest = sessions.reduce<Session | undefined>(
    (a, b) => ((b.startedAt ?? 0) < (a?.startedAt ?? Number.POSITIVE_INFINITY) ? b : a),
    undefined,
  );
  return {
    active,
    limit,
    byState: countBy(sessions, (s) => s.state),
    byStatus: countBy(sessions, shownStatus),
    ...(allUsers ? { byUser: await users(deps, sessions, limits.userDefault) } : {}),
    oldest: oldest
      ? {
          userId: userOf(oldest),
          name: nameOf(oldest),
          startedAt: new Date(oldest.startedAt ?? 0).toISOString(),
        }
      : null,
    ...(hours ? { lastDay: lastDay(hours.items, deps.clock()) } : {}),
  };
};

const users = async (
  { store }: Needs,
  sessions: readonly Session[],
  userDefault: number,
): Promise<NonNullable<StatsView['byUser']>> => {
  const names = [...new Set(sessions.map(userOf))].sort();
  const counters = new Map(
    (await store.getMany(names.map(userQuotaKey))).map((item) => [item.pk, counterSchema.parse(item)]),
  );
  return Object.fromEntries(
    names.map((name) => {
      const counter = counters.get(userQuotaKey(name).pk);
      return [name, { active: counter?.active ?? 0, limit: counter?.limit ?? userDefault }];
    }),
  );
};

const countBy = (sessions: readonly Session[], of: (session: Session) => string): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const session of sessions) counts[of(session)] = (counts[of(session)] ?? 0) + 1;
  return counts;
};
