import * as z from 'zod';
import type { Clock } from '../../contract/clock.ts';

/** One line of CloudWatch's embedded metric format: which of its fields are metrics and dimensions. */
const embeddedSchema = z
  .object({
    _aws: z.object({
      Timestamp: z.number(),
      CloudWatchMetrics: z.array(
        z.object({
          Namespace: z.string(),
          Dimensions: z.array(z.array(z.string())),
          Metrics: z.array(z.object({ Name: z.string(), Unit: z.string().optional() })),
        }),
      ),
    }),
  })
  .loose();

type Sample = {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** ms since the epoch */
  readonly at: number;
  readonly value: number;
};

const values = z.union([z.number().transform((value) => [value]), z.array(z.number())]);

/** The samples that a log line carries; none unless it is of the embedded metric format. */
export const samplesOf = (entry: unknown): Sample[] => {
  const parsed = embeddedSchema.safeParse(entry);
  if (!parsed.success) {
    return [];
  }
  const line = parsed.data;
  return line._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    (Dimensions.length === 0 ? [[]] : Dimensions).flatMap((names) => {
      const dimensions = Object.fromEntries(names.map((name) => [name, String(line[name])]));
      return Metrics.flatMap(({ Name }) =>
        (values.safeParse(line[Name]).data ?? []).map((value) => ({
          namespace: Namespace,
          name: Name,
          dimensions,
          at: line._aws.Timestamp,
          value,
        })),
      );
    }),
  );
};

type MetricQuery = {
  readonly name: string;
  /** Those that the sample must have; others do not matter. */
  readonly dimensions?: Readonly<Record<string, string>>;
  /** ms since the epoch */
  readonly since?: number;
};

const KEPT_MS = 6 * 60 * 60_000;
const KEPT_SAMPLES = 100_000;

/** Metrics of the last six hours, in memory. */
export class MetricStore {
  readonly #clock: Clock;
  #samples: Sample[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(samples: readonly Sample[]): void {
    this.#samples.push(...samples);
    if (this.#samples.length > KEPT_SAMPLES) {
      const oldest = this.#clock() - KEPT_MS;
      this.#samples = this.#samples.filter(({ at }) => at >= oldest).slice(-KEPT_SAMPLES / 2);
    }
  }

  query({ name, dimensions = {}, since = 0 }: MetricQuery): readonly Sample[] {
    return this.#samples.filter(
      (sample) =>
        sample.name === name &&
        sample.at >= since &&
        Object.entries(dimensions).every(([key, value]) => sample.dimensions[key] === value),
    );
  }

  sum(query: MetricQuery): number {
    return this.query(query).reduce((total, { value }) => total + value, 0);
  }

  /** The newest value; undefined if there is none. */
  latest(query: MetricQuery): number | undefined {
    return this.query(query).at(-1)?.value;
  }

  /** Names of all metrics that were seen. */
  names(): string[] {
    return [...new Set(this.#samples.map(({ name }) => name))].sort();
  }
}
