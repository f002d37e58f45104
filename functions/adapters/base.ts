import { createHash, randomBytes, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { ulid } from 'ulid';
import { systemClock } from '../../core/clock.ts';
import type { Control, Log } from '../../core/control.ts';
import { settings } from '../environment.ts';

const logger = new Logger({ serviceName: 'berth' });

export const log: Log = {
  info: (message, fields = {}) => logger.info(message, fields),
  warn: (message, fields = {}) => logger.warn(message, fields),
  error: (message, fields = {}) => logger.error(message, fields),
};

/** One embedded-metric line for each count: dimensions differ, and a function counts a handful of times. */
const count: Control['metrics']['count'] = (name, value, dimensions = {}) => {
  const line = new Metrics({
    namespace: 'Berth',
    defaultDimensions: { Environment: environmentName, ...dimensions },
  });
  line.addMetric(name, MetricUnit.Count, value);
  line.publishStoredMetrics();
};

const parsed = settings();
const environmentName = parsed.environment;

/** The parts of a Control that need no AWS service. */
export const base = {
  clock: systemClock,
  sleep: (ms) => delay(ms),
  ids: {
    sessionId: () => `ses_${ulid().toLowerCase()}`,
    eventId: () => `evt_${ulid()}`,
    secret: () => randomBytes(32).toString('base64url'),
    random: () => randomInt(2 ** 32) / 2 ** 32,
  },
  sha256: (text) => createHash('sha256').update(text).digest('hex'),
  metrics: { count },
  settings: parsed,
  log,
} satisfies Partial<Control>;
