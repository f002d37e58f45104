import { health, history, stats } from '../../state/capacity.ts';
import { isAdmin } from '../../state/identity.ts';
import { useWatched } from '../../state/polled.ts';
import { sessionList } from '../../state/sessions.ts';
import { Loaded } from '../../ui/states.tsx';
import { ByUser } from './by-user.tsx';
import { CapacityGauge } from './capacity-gauge.tsx';
import { EndingSoon } from './ending-soon.tsx';
import { HealthParts } from './health-parts.tsx';
import { LastDay } from './last-day.tsx';
import { Trend } from './trend.tsx';

/** How full, how it came to that, what happened, how well, and what ends next. */
export const Overview = () => {
  useWatched(stats, health, sessionList, ...(isAdmin.value ? [history] : []));
  return (
    <div class="view overview">
      <h1>Capacity</h1>
      <Loaded from={stats} what="capacity" lines={4}>
        {(now) => (
          <div class="overview-grid">
            <CapacityGauge stats={now} />
            {isAdmin.value && <Trend limit={now.limit} />}
            {now.lastDay && <LastDay day={now.lastDay} />}
            {now.byUser && <ByUser users={now.byUser} />}
            <EndingSoon oldest={now.oldest} />
            <HealthParts />
          </div>
        )}
      </Loaded>
    </div>
  );
};
