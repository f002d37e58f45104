type Box = { readonly width: number; readonly height: number };

type Scale = {
  readonly x: (at: number) => number;
  readonly y: (value: number) => number;
  /** Where lines across are drawn: at most five whole numbers from 0 on. */
  readonly ticks: readonly number[];
  readonly top: number;
};

/** From `from` to `to` (ms) across, from 0 to a little above the highest value upwards. */
export const scaleOf = (highest: number, from: number, to: number, { width, height }: Box): Scale => {
  const step = niceStep(Math.max(1, highest) / 4);
  const top = Math.max(step, Math.ceil((highest * 1.04) / step) * step);
  return {
    x: (at) => ((at - from) / Math.max(1, to - from)) * width,
    y: (value) => height - (value / top) * height,
    ticks: Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => i * step),
    top,
  };
};

/** 1, 2 or 5 times a power of ten, not below `least`; whole. */
const niceStep = (least: number): number => {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((f) => f * power >= least) ?? 10;
  return Math.max(1, factor * power);
};

/** A gap between two samples longer than this is a gap in the line, ms. */
const GAP_FACTOR = 4;

/** Runs of points without a gap: no line is drawn across a gap in the measurements. */
export const runsOf = <P extends { readonly at: number }>(
  points: readonly P[],
): readonly (readonly P[])[] => {
  const steps = points.slice(1).map((point, i) => point.at - (points[i]?.at ?? point.at));
  const usual = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  const runs: P[][] = [];
  points.forEach((point, i) => {
    const step = steps[i - 1] ?? Number.POSITIVE_INFINITY;
    if (step > usual * GAP_FACTOR) runs.push([point]);
    else runs.at(-1)?.push(point);
  });
  return runs;
};

const at = (n: number): string => n.toFixed(1);

export const lineThrough = (points: readonly { readonly x: number; readonly y: number }[]): string =>
  points.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${at(x)} ${at(y)}`).join('');

export const areaUnder = (
  points: readonly { readonly x: number; readonly y: number }[],
  floor: number,
): string => {
  const [first] = points;
  const last = points.at(-1);
  return first && last
    ? `${lineThrough(points)}L${at(last.x)} ${at(floor)}L${at(first.x)} ${at(floor)}Z`
    : '';
};

/** The point nearest in time. */
export const nearest = <P extends { readonly at: number }>(
  points: readonly P[],
  time: number,
): P | undefined =>
  points.reduce<P | undefined>(
    (best, point) => (best && Math.abs(best.at - time) <= Math.abs(point.at - time) ? best : point),
    undefined,
  );
