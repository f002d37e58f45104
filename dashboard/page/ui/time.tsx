import { useComputed } from '@preact/signals';
import { countdown, moment, span } from '../rules/format.ts';
import { now } from '../state/clock.ts';

/** Counts down to a time, by the second; only its own text changes. */
export const Countdown = ({ to }: { readonly to: number }) => {
  const text = useComputed(() => countdown(to - now.value));
  return (
    <time class="figures" dateTime={new Date(to).toISOString()}>
      {text}
    </time>
  );
};

/** How long ago. */
export const Age = ({ since }: { readonly since: number }) => {
  const text = useComputed(() => span(now.value - since));
  return (
    <time
      class="figures"
      dateTime={new Date(since).toISOString()}
      title={new Date(since).toLocaleString('en-GB')}
    >
      {text}
    </time>
  );
};

export const Moment = ({ at }: { readonly at: number }) => (
  <time class="figures" dateTime={new Date(at).toISOString()}>
    {moment(at, now.peek())}
  </time>
);
