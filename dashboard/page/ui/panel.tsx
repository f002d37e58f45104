import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

type PanelProps = {
  readonly title: string;
  /** Beside the title: a choice, a link, a figure. */
  readonly aside?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
};

export const Panel = ({ title, aside, children, class: more }: PanelProps) => {
  const heading = useId();
  return (
    <section class={more ? `panel ${more}` : 'panel'} aria-labelledby={heading}>
      <header class="panel-head">
        <h2 id={heading}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
};

/** Terms and what they are, in two columns. */
export const Facts = ({
  of,
}: {
  readonly of: readonly (readonly [term: string, value: ComponentChildren])[];
}) => (
  <dl class="facts">
    {of.map(([term, value]) => (
      <div key={term}>
        <dt>{term}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);
