import type { Linking } from './use-link.ts';

const STEPS = ['Start', 'Scan', 'Linked'] as const;

const REACHED: Readonly<Record<Linking['phase'], number>> = {
  starting: 0,
  code: 1,
  passkey: 1,
  compare: 1,
  scanned: 1,
  linked: 2,
  ended: -1,
  failed: -1,
};

export const Steps = ({ phase }: { readonly phase: Linking['phase'] }) => (
  <ol class="steps" aria-label="Progress">
    {STEPS.map((step, i) => (
      <li
        key={step}
        class={i < REACHED[phase] || phase === 'linked' ? 'past' : i === REACHED[phase] ? 'present' : 'ahead'}
        aria-current={i === REACHED[phase] ? 'step' : undefined}
      >
        {step}
      </li>
    ))}
  </ol>
);
