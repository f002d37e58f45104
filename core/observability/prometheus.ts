/** The text format of Prometheus (version 0.0.4). Labels are bounded: no session and no user is one. */
import type { StatsView } from '../../contract/bodies/admin.ts';

type Sample = { readonly labels?: Readonly<Record<string, string>>; readonly value: number };
type Metric = { readonly name: string; readonly help: string; readonly samples: readonly Sample[] };

const by = (label: string, counts: Readonly<Record<string, number>>): Sample[] =>
  Object.entries(counts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([value, count]) => ({ labels: { [label]: value }, value: count }));

const quantiles = (
  name: string,
  help: string,
  found: { readonly p50Ms: number; readonly p95Ms: number } | null,
): Metric[] =>
  found
    ? [
        {
          name,
          help,
          samples: [
            { labels: { quantile: '0.5' }, value: found.p50Ms / 1000 },
            { labels: { quantile: '0.95' }, value: found.p95Ms / 1000 },
          ],
        },
      ]
    : [];

const one = (value: number): Sample[] => [{ value }];

/**
 * The statistics of all users as metrics: gauges, since the sums of the last 24 hours also fall.
 *
 * @param view with `lastDay`, as an admin sees it
 */
export const prometheusText = (view: StatsView): string => {
  const { lastDay, alarmPercents } = view;
  const metrics: Metric[] = [
    {
      name: 'berth_sessions',
      help: 'Sessions that hold a slot, by status.',
      samples: by('status', view.byStatus),
    },
    {
      name: 'berth_session_states',
      help: 'Sessions that hold a slot, by lifecycle state.',
      samples: by('state', view.byState),
    },
    { name: 'berth_slots_active', help: 'Slots in use.', samples: one(view.active) },
    { name: 'berth_slots_limit', help: 'The global limit of slots.', samples: one(view.limit) },
    ...(alarmPercents
      ? [
          {
            name: 'berth_slots_alarm_percent',
            help: 'Share of the limit at which an alarm is raised.',
            samples: by('level', alarmPercents),
          },
        ]
      : []),
    ...(lastDay
      ? [
          {
            name: 'berth_admitted_24h',
            help: 'Sessions admitted in 24 hours.',
            samples: one(lastDay.admitted),
          },
          {
            name: 'berth_refused_24h',
            help: 'Admissions refused in 24 hours, by the limit that was reached.',
            samples: by('scope', lastDay.refused),
          },
          {
            name: 'berth_ended_24h',
            help: 'Sessions ended in 24 hours, by reason.',
            samples: by('reason', lastDay.ended),
          },
          {
            name: 'berth_reaped_24h',
            help: 'Sessions ended by the reaper in 24 hours, by deadline.',
            samples: by('reason', lastDay.reaped),
          },
          {
            name: 'berth_restarted_24h',
            help: 'Sessions restarted by their policy in 24 hours, by the reason of the loss.',
            samples: by('reason', lastDay.restarted),
          },
          {
            name: 'berth_counter_drift_24h',
            help: 'By how much slot counters differed from their holders in 24 hours. Healthy: 0.',
            samples: one(lastDay.drift),
          },
          ...quantiles(
            'berth_create_to_qr_seconds',
            'From admission to the first QR code in 24 hours, by quantile.',
            lastDay.createToQr,
          ),
          {
            name: 'berth_start_step_seconds',
            help: 'Mean time from admission to a step of the start in 24 hours, by step and kind of task.',
            samples: Object.entries(lastDay.startSteps).flatMap(([task, steps]) =>
              Object.entries(steps).map(([step, { meanMs }]) => ({
                labels: { task, step },
                value: meanMs / 1000,
              })),
            ),
          },
          {
            name: 'berth_webhook_attempts_24h',
            help: 'Attempts to deliver events to webhooks in 24 hours, by result.',
            samples: by('result', lastDay.webhooks.attempts),
          },
          ...quantiles(
            'berth_webhook_age_seconds',
            'From an event to its delivery in 24 hours, by quantile.',
            lastDay.webhooks.age,
          ),
        ]
      : []),
  ];
  return metrics.map(linesOf).join('');
};

const linesOf = ({ name, help, samples }: Metric): string =>
  [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    ...samples.map((sample) => lineOf(name, sample)),
    '',
  ].join('\n');

const lineOf = (name: string, { labels = {}, value }: Sample): string => {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`;
};

const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
