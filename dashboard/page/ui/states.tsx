import type { ComponentChildren } from 'preact';
import type { Polled } from '../state/polled.ts';
import { Failure } from './problem.tsx';

/** Grey bars where lines will be. */
export const Loading = ({ what, lines = 3 }: { readonly what: string; readonly lines?: number }) => (
  <div class="loading" role="status">
    <span class="visually-hidden">Loading {what}</span>
    {Array.from({ length: lines }, (_, line) => (
      <span class="skeleton" key={line} aria-hidden="true" />
    ))}
  </div>
);

type EmptyProps = {
  readonly title: string;
  /** It is all that the view shows: the title is the view's heading. */
  readonly whole?: boolean;
  readonly children?: ComponentChildren;
};

export const Empty = ({ title, whole, children }: EmptyProps) => (
  <div class="empty">
    {whole ? <h1 class="empty-title">{title}</h1> : <p class="empty-title">{title}</p>}
    {children}
  </div>
);

type LoadedProps<T> = {
  readonly from: Polled<T>;
  /** The subject that is loading, as shown to the user: `the limits`. */
  readonly what: string;
  readonly lines?: number;
  readonly children: (data: T) => ComponentChildren;
};

/** Shows the data, or that it is loading, or the error. After an error the earlier data stays visible. */
export const Loaded = <T,>({ from, what, lines, children }: LoadedProps<T>) => {
  const data = from.data.value;
  const error = from.error.value;
  return (
    <>
      {error !== undefined && <Failure error={error} onRetry={() => void from.refresh()} />}
      {data === undefined
        ? error === undefined && <Loading what={what} lines={lines ?? 3} />
        : children(data)}
    </>
  );
};
