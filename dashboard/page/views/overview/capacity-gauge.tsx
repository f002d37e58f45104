// biome-ignore-all lint/a11y/useSemanticElements: a <meter> has one bar and no marks

import type { StatsView } from '../../../../contract/bodies/admin.ts';
import { ALARM_SHARES, alarmAt, levelOf, percent } from '../../rules/capacity.ts';
import { count } from '../../rules/format.ts';
import { STATE_WORDS, STATUS_WORDS } from '../../rules/words.ts';

const LEVEL_WORDS = {
  calm: 'below the first alarm',
  warning: '80 % or more: the first alarm is on',
  critical: '95 % or more: almost no session can start',
} as const;

/** Active against the limit, by state, with the marks at which the alarms go off. */
export const CapacityGauge = ({ stats }: { readonly stats: StatsView }) => {
  const { active, limit } = stats;
  const level = levelOf(active, limit);
  const scale = Math.max(limit, active, 1);
  const states = Object.entries(STATE_WORDS).flatMap(([state, words]) => {
    const n = stats.byState[state] ?? 0;
    return n > 0 ? [{ state, words, n }] : [];
  });
  const statuses = Object.entries(STATUS_WORDS).flatMap(([status, words]) => {
    const n = stats.byStatus[status] ?? 0;
    return n > 0 ? [{ status, words, n }] : [];
  });
  return (
    <section class={`panel gauge ${level}`} aria-labelledby="gauge-title">
      <h2 id="gauge-title" class="visually-hidden">
        Active sessions
      </h2>
      <div class="gauge-figures">
        <p class="gauge-active">
          <strong>{count(active)}</strong>
          <span>
            of {count(limit)} {active === 1 && limit === 1 ? 'session' : 'sessions'}
          </span>
        </p>
        <p class="gauge-words">
          <span class="gauge-free">
            {limit >= active ? `${count(limit - active)} free` : `${count(active - limit)} over the limit`}
          </span>
          <span>{LEVEL_WORDS[level]}</span>
        </p>
      </div>
      <div
        class="meter"
        role="meter"
        aria-label="Share of the limit in use"
        aria-valuemin={0}
        aria-valuemax={scale}
        aria-valuenow={active}
        aria-valuetext={`${active} of ${limit} sessions, ${Math.round(percent(active, limit))} percent`}
      >
        {states.map(({ state, n }) => (
          <span
            key={state}
            class={`meter-part ${state.toLowerCase()}`}
            style={{ width: `${(n / scale) * 100}%` }}
          />
        ))}
        {Object.entries(ALARM_SHARES).map(([alarm, share]) => (
          <span
            key={alarm}
            class={`meter-mark ${alarm}`}
            style={{ left: `${((limit * share) / scale) * 100}%` }}
          />
        ))}
      </div>
      <p class="meter-scale" aria-hidden="true">
        <span>0</span>
        {Object.entries(ALARM_SHARES).map(([alarm, share]) => (
          <span key={alarm} class="meter-label" style={{ left: `${((limit * share) / scale) * 100}%` }}>
            {Math.round(share * 100)} %
          </span>
        ))}
      </p>
      <p class="visually-hidden">
        Alarms at {alarmAt(limit, 'warning')} and {alarmAt(limit, 'critical')} sessions.
      </p>
      <ul class="legend" aria-label="By state">
        {states.map(({ state, words, n }) => (
          <li key={state}>
            <span class={`swatch ${state.toLowerCase()}`} aria-hidden="true" />
            {words} <strong>{count(n)}</strong>
          </li>
        ))}
        {statuses.length > 0 && <li class="legend-rule" aria-hidden="true" />}
        {statuses.map(({ status, words, n }) => (
          <li key={status} class="legend-status">
            {words} <strong>{count(n)}</strong>
          </li>
        ))}
        {states.length === 0 && <li>No session runs.</li>}
      </ul>
    </section>
  );
};
