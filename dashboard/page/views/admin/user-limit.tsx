import { useComputed } from '@preact/signals';
import { useState } from 'preact/hooks';
import type { LimitsView } from '../../../../contract/bodies/admin.ts';
import { userIdSchema } from '../../../../contract/bodies/sessions.ts';
import { count } from '../../rules/format.ts';
import { userEffects } from '../../rules/limit-preview.ts';
import { refreshFigures, stats } from '../../state/capacity.ts';
import { announceDone } from '../../state/notices.ts';
import { berth } from '../../state/server.ts';
import { owners } from '../../state/sessions.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Failure } from '../../ui/problem.tsx';
import { useAction } from '../../ui/use-action.ts';
import { Effects } from './effects.tsx';
import { parseLimit } from './limit-form.tsx';

/** One user's own limit: look the user up, then change it or take it away. */
export const UserLimit = () => {
  const [userId, setUserId] = useState('');
  const [view, setView] = useState<LimitsView>();
  const [text, setText] = useState('');
  const { busy, error, run } = useAction();
  const known = useComputed(() => [
    ...new Set([...Object.keys(stats.data.value?.byUser ?? {}), ...owners.value]),
  ]);
  const issue = userId === '' ? undefined : userIdSchema.safeParse(userId).error?.issues[0]?.message;
  const limit = parseLimit(text);
  const changed = view !== undefined && limit !== undefined && (limit !== view.user.limit || !view.user.own);

  const lookUp = () =>
    run(async () => {
      const found = await berth.limits.get({ userId });
      setView(found);
      setText(String(found.user.limit));
    });
  const apply = (next: number | null) =>
    run(async () => {
      const after = await berth.limits.set({ user: { userId, limit: next } }, { userId });
      setView(after);
      setText(String(after.user.limit));
      announceDone(
        next === null
          ? `${userId} has the default again`
          : `${userId} may run ${count(next)} sessions at once`,
      );
      refreshFigures();
    });

  return (
    <Panel title="One user">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (view) {
            if (changed) void apply(limit);
          } else if (userId !== '' && !issue) void lookUp();
        }}
      >
        <Field
          label="User"
          value={userId}
          onInput={(value) => {
            setUserId(value);
            setView(undefined);
          }}
          list={known.value}
          error={issue}
        />
        {view ? (
          <>
            <p class="hint">
              {count(view.user.active)} of {count(view.user.limit)} in use,{' '}
              {view.user.own ? 'an own limit' : 'the default'}.
            </p>
            <Field
              label="Sessions at once for this user"
              type="number"
              min={0}
              value={text}
              onInput={setText}
              error={limit === undefined ? 'A whole number from 0 to 100,000.' : undefined}
            />
            <Effects of={changed ? userEffects(limit, view) : []} />
            <div class="form-actions">
              <Button kind="primary" submit disabled={!changed} busy={busy}>
                Set the limit
              </Button>
              {view.user.own && (
                <Button busy={busy} onClick={() => void apply(null)}>
                  Back to the default of {count(view.userDefault)}
                </Button>
              )}
            </div>
          </>
        ) : (
          <Button submit busy={busy} disabled={userId === '' || issue !== undefined}>
            Look up
          </Button>
        )}
        {error !== undefined && <Failure error={error} />}
      </form>
    </Panel>
  );
};
