import type { StatsView } from '../../../../contract/bodies/admin.ts';
import { count, precise } from '../../rules/format.ts';
import { reasonWords } from '../../rules/words.ts';
import { Panel } from '../../ui/panel.tsx';

type Day = NonNullable<StatsView['lastDay']>;

const SCOPE_WORDS: Readonly<Record<string, string>> = {
  global: 'global limit',
  user: "a user's limit",
  rate: 'too many requests',
};

const RESULT_WORDS: Readonly<Record<string, string>> = {
  delivered: 'delivered',
  retry: 'failed, repeated',
  dead: 'given up',
};

/** The events of the last 24 hours, with their reasons. */
export const LastDay = ({ day }: { readonly day: Day }) => (
  <Panel title="Last 24 hours" class="last-day">
    <div class="figures-row">
      <Figure term="Admitted" value={count(day.admitted)} />
      <Figure
        term="Refused"
        value={count(sum(day.refused))}
        by={day.refused}
        words={(s) => SCOPE_WORDS[s] ?? s}
      />
      <Figure term="Reaped" value={count(sum(day.reaped))} by={day.reaped} words={reasonWords} />
      <Figure term="Ended" value={count(sum(day.ended))} by={day.ended} words={reasonWords} />
      <Figure term="Restarted" value={count(sum(day.restarted))} by={day.restarted} words={reasonWords} />
      <Figure
        term="Webhook attempts"
        value={count(sum(day.webhooks.attempts))}
        by={day.webhooks.attempts}
        words={(result) => RESULT_WORDS[result] ?? result}
      />
      <div class="figure">
        <h3>Time to QR code</h3>
        {day.createToQr ? (
          <>
            <p class="figure-value">{precise(day.createToQr.p50Ms)}</p>
            <ul>
              <li>
                half of {count(day.createToQr.count)} within <b>{precise(day.createToQr.p50Ms)}</b>
              </li>
              <li>
                95 % within <b>{precise(day.createToQr.p95Ms)}</b>
              </li>
            </ul>
          </>
        ) : (
          <>
            <p class="figure-value">–</p>
            <p class="faint">no code was shown</p>
          </>
        )}
      </div>
      <div class={day.drift === 0 ? 'figure' : 'figure alarming'}>
        <h3>Counter drift</h3>
        <p class="figure-value">{count(day.drift)}</p>
        <p class="faint">
          {day.drift === 0 ? 'counters are correct' : 'counters were corrected; this should not happen'}
        </p>
      </div>
    </div>
  </Panel>
);

const sum = (by: Readonly<Record<string, number>>): number => Object.values(by).reduce((a, b) => a + b, 0);

type FigureProps = {
  readonly term: string;
  readonly value: string;
  readonly by?: Readonly<Record<string, number>>;
  readonly words?: (key: string) => string;
};

const Figure = ({ term, value, by = {}, words = String }: FigureProps) => (
  <div class="figure">
    <h3>{term}</h3>
    <p class="figure-value">{value}</p>
    {Object.keys(by).length > 0 && (
      <ul>
        {Object.entries(by)
          .sort(([, a], [, b]) => b - a)
          .map(([key, n]) => (
            <li key={key}>
              {words(key)} <b>{count(n)}</b>
            </li>
          ))}
      </ul>
    )}
  </div>
);
