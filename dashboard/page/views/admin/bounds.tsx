import { useState } from 'preact/hooks';
import type { LimitsView } from '../../../../contract/bodies/admin.ts';
import { BOUND_NAMES, BOUNDS, type BoundName } from '../../../../contract/bounds.ts';
import { count } from '../../rules/format.ts';
import { refreshFigures } from '../../state/capacity.ts';
import { announceDone } from '../../state/notices.ts';
import { berth } from '../../state/server.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Failure } from '../../ui/problem.tsx';
import { useAction } from '../../ui/use-action.ts';

/** Bounds on one user's use of shared resources; one user's own are set by the API and the command line. */
export const BoundsForm = ({ view }: { readonly view: LimitsView }) => {
  const [texts, setTexts] = useState<Partial<Record<BoundName, string>>>({});
  const { busy, error, run } = useAction();
  const typed = (name: BoundName): number | undefined => {
    const text = texts[name] ?? String(view.bounds[name]);
    const { least, most } = BOUNDS[name];
    const value = /^\d{1,6}$/.test(text.trim()) ? Number(text) : undefined;
    return value !== undefined && value >= least && value <= most ? value : undefined;
  };
  const changed = BOUND_NAMES.filter((name) => typed(name) !== view.bounds[name]);
  const valid = BOUND_NAMES.every((name) => typed(name) !== undefined);

  const apply = async () => {
    if (changed.length === 0 || !valid) return;
    await run(async () => {
      await berth.limits.set({ bounds: Object.fromEntries(changed.map((name) => [name, typed(name)])) });
      announceDone('The bounds per user are changed');
      setTexts({});
      refreshFigures();
    });
  };

  return (
    <Panel title="Bounds per user">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void apply();
        }}
      >
        {BOUND_NAMES.map((name) => (
          <Field
            key={name}
            label={`${BOUNDS[name].says[0]?.toUpperCase()}${BOUNDS[name].says.slice(1)}`}
            type="number"
            min={BOUNDS[name].least}
            value={texts[name] ?? String(view.bounds[name])}
            onInput={(text) => setTexts({ ...texts, [name]: text })}
            error={
              typed(name) === undefined
                ? `A whole number from ${count(BOUNDS[name].least)} to ${count(BOUNDS[name].most)}.`
                : undefined
            }
          />
        ))}
        {error !== undefined && <Failure error={error} />}
        <Button kind="primary" submit disabled={changed.length === 0 || !valid} busy={busy}>
          Change
        </Button>
      </form>
    </Panel>
  );
};
