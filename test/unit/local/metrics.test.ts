import { expect, test } from 'vitest';
import { MetricStore, samplesOf } from '../../../local/runtime/metrics.ts';

const line = (values: Record<string, unknown>) => ({
  _aws: {
    Timestamp: 1_000,
    CloudWatchMetrics: [
      {
        Namespace: 'Berth',
        Dimensions: [['service'], ['service', 'scope']],
        Metrics: [{ Name: 'Refused', Unit: 'Count' }],
      },
    ],
  },
  service: 'sessions-admit',
  scope: 'user',
  ...values,
});

test('an embedded metric counts once for each set of dimensions', () => {
  expect(samplesOf(line({ Refused: 2 }))).toEqual([
    { namespace: 'Berth', name: 'Refused', dimensions: { service: 'sessions-admit' }, at: 1_000, value: 2 },
    {
      namespace: 'Berth',
      name: 'Refused',
      dimensions: { service: 'sessions-admit', scope: 'user' },
      at: 1_000,
      value: 2,
    },
  ]);
});

test('several values of one metric are several samples', () => {
  const store = new MetricStore(() => 1_000);
  store.add(samplesOf(line({ Refused: [1, 2, 3] })));
  expect(store.sum({ name: 'Refused', dimensions: { scope: 'user' } })).toBe(6);
  expect(store.latest({ name: 'Refused', dimensions: { scope: 'user' } })).toBe(3);
  expect(store.sum({ name: 'Refused', since: 1_001 })).toBe(0);
});

test('other log lines carry no metrics', () => {
  expect(samplesOf({ level: 'INFO', message: 'x' })).toEqual([]);
  expect(samplesOf({ _aws: 'nonsense' })).toEqual([]);
});
