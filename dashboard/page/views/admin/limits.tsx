import type { LimitsView } from '../../../../contract/bodies/admin.ts';
import { defaultEffects, globalEffects } from '../../rules/limit-preview.ts';
import { limits, standby, stats } from '../../state/capacity.ts';
import { useWatched } from '../../state/polled.ts';
import { Loaded } from '../../ui/states.tsx';
import { AdminView } from './admin-nav.tsx';
import { BoundsForm } from './bounds.tsx';
import { LimitForm } from './limit-form.tsx';
import { Standby } from './standby.tsx';
import { UserLimit } from './user-limit.tsx';

/** Limits change at run time. Each form shows what its change would do before it is made. */
export const Limits = () => {
  useWatched(limits, stats, standby);
  return (
    <AdminView view="limits">
      <p class="lead">
        Limits take effect at once. A lower limit rejects new starts; running sessions continue.
      </p>
      <Loaded from={limits} what="the limits" lines={4}>
        {(view) => <Forms view={view} />}
      </Loaded>
      <Loaded from={standby} what="the standby tasks" lines={3}>
        {(view) => <Standby view={view} />}
      </Loaded>
    </AdminView>
  );
};

const Forms = ({ view }: { readonly view: LimitsView }) => {
  const users = stats.data.value?.byUser ?? {};
  return (
    <div class="admin-grid">
      <LimitForm
        title="All sessions"
        label="Sessions at once, all users"
        now={view.global.limit}
        inUse={view.global.active}
        effects={(limit) => globalEffects(limit, view)}
        change={(limit) => ({ global: limit })}
      />
      <LimitForm
        title="Each user"
        label="Sessions at once for a user without their own limit"
        now={view.userDefault}
        effects={(limit) => defaultEffects(limit, view, users)}
        change={(limit) => ({ userDefault: limit })}
      />
      <UserLimit />
      <BoundsForm view={view} />
    </div>
  );
};
