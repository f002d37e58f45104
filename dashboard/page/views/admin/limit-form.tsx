import { useState } from 'preact/hooks';
import { count } from '../../rules/format.ts';
import type { Effect } from '../../rules/limit-preview.ts';
import { refreshFigures } from '../../state/capacity.ts';
import { announceDone } from '../../state/notices.ts';
import { berth } from '../../state/server.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Failure } from '../../ui/problem.tsx';
import { useAction } from '../../ui/use-action.ts';
import { Effects } from './effects.tsx';

type LimitFormProps = {
  readonly title: string;
  readonly label: string;
  readonly now: number;
  readonly inUse?: number;
  readonly effects: (limit: number) => readonly Effect[];
  readonly change: (limit: number) => Parameters<typeof berth.limits.set>[0];
};

/** A whole number that the API takes as a limit; undefined: it is none. */
export const parseLimit = (text: string): number | undefined =>
  /^\d{1,6}$/.test(text.trim()) && Number(text) <= 100_000 ? Number(text) : undefined;

export const LimitForm = ({ title, label, now, inUse, effects, change }: LimitFormProps) => {
  const [text, setText] = useState<string>();
  const { busy, error, run } = useAction();
  const limit = parseLimit(text ?? String(now));
  const changed = limit !== undefined && limit !== now;

  const apply = async () => {
    if (!changed) return;
    await run(async () => {
      await berth.limits.set(change(limit));
      announceDone(`${title}: ${count(now)} is now ${count(limit)}`);
      setText(undefined);
      refreshFigures();
    });
  };

  return (
    <Panel
      title={title}
      aside={
        <span class="figures">
          {inUse !== undefined && `${count(inUse)} of `}
          {count(now)}
        </span>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void apply();
        }}
      >
        <Field
          label={label}
          type="number"
          min={0}
          value={text ?? String(now)}
          onInput={setText}
          error={limit === undefined ? 'A whole number from 0 to 100,000.' : undefined}
        />
        <Effects of={changed ? effects(limit) : []} />
        {error !== undefined && <Failure error={error} />}
        <Button kind="primary" submit disabled={!changed} busy={busy}>
          {changed ? `Change ${count(now)} to ${count(limit)}` : 'Change'}
        </Button>
      </form>
    </Panel>
  );
};
