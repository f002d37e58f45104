import { useState } from 'preact/hooks';
import { count, moment, plural } from '../../rules/format.ts';
import { history, TREND_HOURS, trendHours } from '../../state/capacity.ts';
import { serverTime } from '../../state/clock.ts';
import { Segments } from '../../ui/field.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { TrendChart, type TrendPoint } from './trend-chart.tsx';

export const Trend = ({ limit }: { readonly limit: number }) => {
  const [shown, setShown] = useState<TrendPoint>();
  return (
    <Panel
      title="Trend"
      class="trend"
      aside={
        <Segments
          label="How far back"
          value={String(trendHours.value)}
          options={TREND_HOURS.map((hours) => [String(hours), `${hours} h`] as const)}
          onChange={(value) => {
            trendHours.value = TREND_HOURS.find((hours) => String(hours) === value) ?? 6;
            void history.refresh();
          }}
        />
      }
    >
      <Loaded from={history} what="the trend" lines={5}>
        {({ points }) => {
          const known = points.map((point) => ({ ...point, at: Date.parse(point.at) }));
          if (known.length < 2)
            return (
              <Empty title="No trend yet">
                <p>A sample is taken every minute; the line begins with the second.</p>
              </Empty>
            );
          return (
            <>
              <TrendChart points={known} limit={limit} hours={trendHours.value} onPoint={setShown} />
              <p class="trend-readout" aria-hidden="true">
                {shown ? (
                  <>
                    <strong>{moment(shown.at, serverTime())}</strong> {count(shown.active)} of{' '}
                    {count(shown.limit)}
                    <span>{shown.admitted} admitted</span>
                    <span>{shown.refused} refused</span>
                    <span>{shown.reaped} reaped</span>
                  </>
                ) : (
                  summary(known)
                )}
              </p>
              <p class="visually-hidden">{summary(known)}</p>
            </>
          );
        }}
      </Loaded>
    </Panel>
  );
};

const summary = (points: readonly TrendPoint[]): string => {
  const peak = points.reduce((most, { active }) => Math.max(most, active), 0);
  const refused = points.reduce((sum, point) => sum + point.refused, 0);
  return `At most ${plural(peak, 'session')} at once, ${plural(refused, 'refusal')} in this time.`;
};
