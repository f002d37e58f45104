import { useState } from 'preact/hooks';
import type { StandbyView } from '../../../../contract/bodies/standby.ts';
import { count } from '../../rules/format.ts';
import { standby } from '../../state/capacity.ts';
import { announceDone } from '../../state/notices.ts';
import { berth } from '../../state/server.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Failure } from '../../ui/problem.tsx';
import { useAction } from '../../ui/use-action.ts';
import { parseLimit } from './limit-form.tsx';

/** Standby tasks: how many wait for a session, and how many there are to be. */
export const Standby = ({ view }: { readonly view: StandbyView }) => {
  const [text, setText] = useState<string>();
  const { busy, error, run } = useAction();
  const target = parseLimit(text ?? String(view.plan.target));
  const fits = target !== undefined && target <= view.max;
  const changed = fits && target !== view.plan.target;

  const apply = (wanted: number | null) =>
    run(async () => {
      await berth.standby.set({ target: wanted });
      announceDone(
        wanted === null
          ? "Standby tasks follow the environment's plan"
          : `Standby tasks to keep ready: ${count(view.plan.target)} is now ${count(wanted)}`,
      );
      setText(undefined);
      await standby.refresh();
    });

  return (
    <Panel
      title="Standby tasks"
      aside={
        <span class="figures">
          {count(view.ready)} of {count(view.wanted)} ready
        </span>
      }
    >
      <p>{words(view)}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (changed) void apply(target);
        }}
      >
        <Field
          label="Standby tasks to keep ready"
          type="number"
          min={0}
          value={text ?? String(view.plan.target)}
          onInput={setText}
          error={fits ? undefined : `A whole number from 0 to ${count(view.max)}.`}
        />
        {error !== undefined && <Failure error={error} />}
        <Button kind="primary" submit disabled={!changed} busy={busy}>
          {changed ? `Change ${count(view.plan.target)} to ${count(target)}` : 'Change'}
        </Button>
        {view.planBy === 'api' && (
          <Button kind="quiet" onClick={() => void apply(null)}>
            Use the environment’s plan
          </Button>
        )}
      </form>
    </Panel>
  );
};

const words = (view: StandbyView): string =>
  [
    'A session that starts takes one, and its QR code comes at once. They hold no slot.',
    ...(view.starting > 0 ? [`${count(view.starting)} starting.`] : []),
    ...(view.pausedUntil === null
      ? []
      : [`Launches are paused: ${view.failure ?? 'the last ones did not become ready'}.`]),
    ...view.plan.hours.map(({ from, to, target }) => `${from}:00 to ${to}:00 UTC: ${count(target)}.`),
  ].join(' ');
