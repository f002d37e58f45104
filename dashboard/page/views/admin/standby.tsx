import { useState } from 'preact/hooks';
import type { ChangeStandbyRequest, StandbyDepth, StandbyView } from '../../../../contract/bodies/standby.ts';
import { count } from '../../rules/format.ts';
import { standby } from '../../state/capacity.ts';
import { announceDone } from '../../state/notices.ts';
import { berth } from '../../state/server.ts';
import { Button } from '../../ui/button.tsx';
import { Choice, Field } from '../../ui/field.tsx';
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
  const [chosen, setChosen] = useState<StandbyDepth>();
  const depth = chosen ?? view.plan.depth;
  const more = fits && target !== view.plan.target;
  const changed = fits && (more || depth !== view.plan.depth);

  const apply = (change: ChangeStandbyRequest, done: string) =>
    run(async () => {
      await berth.standby.set(change);
      announceDone(done);
      setText(undefined);
      setChosen(undefined);
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
          if (changed)
            void apply(
              { ...(more ? { target } : {}), ...(depth === view.plan.depth ? {} : { depth }) },
              more
                ? `Standby tasks to keep ready: ${count(view.plan.target)} is now ${count(target)}`
                : `Standby tasks: ${DEPTHS[depth]}`,
            );
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
        <Choice
          label="What they do while they wait"
          value={depth}
          onChange={setChosen}
          options={[
            ['browser', DEPTHS.browser],
            ['page', DEPTHS.page],
          ]}
        />
        {error !== undefined && <Failure error={error} />}
        <Button kind="primary" submit disabled={!changed} busy={busy}>
          {more ? `Change ${count(view.plan.target)} to ${count(target)}` : 'Change'}
        </Button>
        {view.planBy === 'api' && (
          <Button
            kind="quiet"
            onClick={() => void apply({ target: null }, "Standby tasks follow the environment's plan")}
          >
            Use the environment’s plan
          </Button>
        )}
      </form>
    </Panel>
  );
};

const DEPTHS: Readonly<Record<StandbyDepth, string>> = {
  browser: 'The browser is launched',
  page: 'WhatsApp Web is loaded too',
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
