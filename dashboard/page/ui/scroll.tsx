import type { ComponentChildren } from 'preact';

/** A scrollable container for content that may be wider than the screen. It can get the focus, for the arrow keys. */
export const Scroll = ({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ComponentChildren;
}) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is used by keyboard too
  <section class="scroll-x" aria-label={label} tabIndex={0}>
    {children}
  </section>
);
