import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ALARM_SHARES } from '../../rules/capacity.ts';
import { areaUnder, lineThrough, nearest, runsOf, scaleOf } from '../../rules/chart.ts';
import { serverTime } from '../../state/clock.ts';

/** One of the samples that the system takes each minute, summed up if there are too many to draw. */
export type TrendPoint = {
  readonly at: number;
  readonly active: number;
  readonly limit: number;
  readonly admitted: number;
  readonly refused: number;
  readonly reaped: number;
};

type TrendChartProps = {
  readonly points: readonly TrendPoint[];
  readonly limit: number;
  readonly hours: number;
  /** The one under the pointer. */
  readonly onPoint: (point: TrendPoint | undefined) => void;
};

const HEIGHT = 168;
const LEFT = 34;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 20;

const hourAndMinute = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

export const TrendChart = ({ points, limit, hours, onPoint }: TrendChartProps) => {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const [pointed, setPointed] = useState<TrendPoint>();
  const to = serverTime();
  const from = to - hours * 3_600_000;
  const box = { width: Math.max(50, width - LEFT - RIGHT), height: HEIGHT - TOP - BOTTOM };
  const highest = Math.max(limit, ...points.map((point) => Math.max(point.active, point.limit)));
  const { x, y, ticks } = scaleOf(highest, from, to, box);
  const runs = useMemo(() => runsOf(points), [points]);
  const most = Math.max(1, ...points.map(({ refused }) => refused));

  const point = (event: PointerEvent) => {
    const left = frame.current?.getBoundingClientRect().left ?? 0;
    const time = from + ((event.clientX - left - LEFT) / box.width) * (to - from);
    const found = nearest(points, time);
    setPointed(found);
    onPoint(found);
  };
  const leave = () => {
    setPointed(undefined);
    onPoint(undefined);
  };

  return (
    <div class="chart" ref={frame} onPointerMove={point} onPointerLeave={leave}>
      <svg width={width} height={HEIGHT} role="img" aria-label="Active sessions against the limit over time">
        <g transform={`translate(${LEFT} ${TOP})`}>
          {ticks.map((tick) => (
            <g key={tick}>
              <line class="chart-grid" x1={0} x2={box.width} y1={y(tick)} y2={y(tick)} />
              <text class="chart-label" x={-8} y={y(tick)} dy="0.32em" text-anchor="end">
                {tick}
              </text>
            </g>
          ))}
          {Object.entries(ALARM_SHARES).map(([alarm, share]) => (
            <line
              key={alarm}
              class={`chart-alarm ${alarm}`}
              x1={0}
              x2={box.width}
              y1={y(limit * share)}
              y2={y(limit * share)}
            />
          ))}
          {timesBetween(from, to, box.width).map((time) => (
            <text key={time} class="chart-label" x={x(time)} y={box.height + 15} text-anchor="middle">
              {hourAndMinute.format(time)}
            </text>
          ))}
          {points.map(({ at, refused }) =>
            refused > 0 ? (
              <line
                key={at}
                class="chart-refused"
                x1={x(at)}
                x2={x(at)}
                y1={box.height}
                y2={box.height - 4 - (refused / most) * 16}
              />
            ) : null,
          )}
          {runs.map((run) => {
            const active = run.map((p) => ({ x: x(p.at), y: y(p.active) }));
            return (
              <g key={run[0]?.at}>
                <path class="chart-area" d={areaUnder(active, box.height)} />
                <path class="chart-line" d={lineThrough(active)} />
                <path class="chart-limit" d={lineThrough(run.map((p) => ({ x: x(p.at), y: y(p.limit) })))} />
              </g>
            );
          })}
          {pointed && (
            <g>
              <line class="chart-cursor" x1={x(pointed.at)} x2={x(pointed.at)} y1={0} y2={box.height} />
              <circle class="chart-dot" cx={x(pointed.at)} cy={y(pointed.active)} r={3.5} />
            </g>
          )}
        </g>
      </svg>
    </div>
  );
};

/** Whole steps of the clock, as many as fit without touching. */
const timesBetween = (from: number, to: number, width: number): readonly number[] => {
  const least = ((to - from) / width) * 64;
  const minutes = [5, 10, 15, 30, 60, 120, 180, 360, 720].find((step) => step * 60_000 >= least) ?? 720;
  const step = minutes * 60_000;
  const zone = new Date(to).getTimezoneOffset() * 60_000;
  const first = Math.ceil((from - zone) / step) * step + zone;
  const margin = (to - from) * (20 / width);
  return Array.from({ length: Math.ceil((to - first) / step) }, (_, i) => first + i * step).filter(
    (time) => time - from > margin && to - time > margin,
  );
};

const useWidth = (element: { readonly current: HTMLElement | null }): number => {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    if (!element.current) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return width;
};
