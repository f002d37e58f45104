import { expect, test } from 'vitest';
import { prometheusText } from '../../../core/observability/prometheus.ts';

const VIEW = {
  active: 3,
  limit: 50,
  alarmPercents: { warning: 80, critical: 95 },
  byState: { RUNNING: 3 },
  byStatus: { WORKING: 2, SCAN_QR_CODE: 1 },
  oldest: { userId: 'ann', name: 'shop', startedAt: '2026-11-29T00:00:00.000Z' },
  byUser: { ann: { active: 3, limit: 5 } },
  lastDay: {
    since: '2026-11-28T00:00:00.000Z',
    admitted: 7,
    refused: { user: 2 },
    restarted: { crashed: 1 },
    ended: { idle: 3, 'a "quoted"\nreason\\': 1 },
    reaped: {},
    drift: 0,
    createToQr: { count: 4, p50Ms: 4827, p95Ms: 13_786 },
    startSteps: { own: { imagePulled: { count: 3, meanMs: 21_500 } }, standby: {} },
    webhooks: { attempts: { dead: 1, retry: 1, delivered: 9 }, age: { count: 9, p50Ms: 200, p95Ms: 1600 } },
  },
};

test('is the text format: help and type of each metric, then its samples', () => {
  const lines = prometheusText(VIEW).split('\n');
  expect(lines.at(-1)).toBe('');
  for (const line of lines.slice(0, -1))
    expect(line).toMatch(/^# (HELP|TYPE) berth_\w+ .+$|^berth_\w+(\{(\w+="([^"\\]|\\.)*",?)+\})? -?[\d.]+$/);
  expect(lines).toEqual(
    expect.arrayContaining([
      '# TYPE berth_sessions gauge',
      'berth_sessions{status="SCAN_QR_CODE"} 1',
      'berth_sessions{status="WORKING"} 2',
      'berth_slots_limit 50',
      'berth_slots_alarm_percent{level="critical"} 95',
      'berth_refused_24h{scope="user"} 2',
      'berth_ended_24h{reason="a \\"quoted\\"\\nreason\\\\"} 1',
      'berth_create_to_qr_seconds{quantile="0.95"} 13.786',
      'berth_start_step_seconds{task="own",step="imagePulled"} 21.5',
      'berth_webhook_attempts_24h{result="delivered"} 9',
      'berth_webhook_age_seconds{quantile="0.5"} 0.2',
    ]),
  );
});

test('names no session and no user', () => {
  expect(prometheusText(VIEW)).not.toMatch(/ann|shop/);
});
