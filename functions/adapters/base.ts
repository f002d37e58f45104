import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { ulid } from 'ulid';
import { systemClock } from '../../contract/clock.ts';
import type { Deps, Log } from '../../core/deps.ts';
import { ENVIRONMENT_DIMENSION, METRICS, METRICS_NAMESPACE } from '../../core/observability/metrics.ts';
import { settings } from '../environment.ts';
import { noteForStats } from './hourly-stats.ts';

const logger = new Logger({ serviceName: 'berth' });

type Fields = Readonly<Record<string, unknown>>;

/** Of each invocation and not of the logger: the local runtime runs several that wait in one instance. */
const invocation = new AsyncLocalStorage<Record<string, unknown>>();
const withInvocation = (fields: Fields): Record<string, unknown> => ({ ...invocation.getStore(), ...fields });

export const log: Log = {
  info: (message, fields = {}) => logger.info(message, withInvocation(fields)),
  warn: (message, fields = {}) => logger.warn(message, withInvocation(fields)),
  error: (message, fields = {}) => logger.error(message, withInvocation(fields)),
};

/** Fields of every line of an invocation: which request, which session. Never a secret. */
export const logFields = {
  /** Runs an invocation whose lines have these fields. */
  run: <T>(fields: Fields, work: () => T): T => invocation.run({ ...fields }, work),
  /** From now on its lines have these as well. */
  add: (fields: Fields): void => {
    Object.assign(invocation.getStore() ?? {}, fields);
  },
};

/**
 * One embedded-metric line for each sample: dimensions differ, and a function has a handful of them. Without the
 * library's own dimension `service`: a metric that several functions emit would be as many series.
 */
const count: Deps['metrics']['count'] = (name, value, ...dimensions) => {
  const line = new Metrics({ namespace: METRICS_NAMESPACE });
  line.clearDefaultDimensions();
  line.setDefaultDimensions({ [ENVIRONMENT_DIMENSION]: environmentName, ...dimensions[0] });
  line.addMetric(name, METRICS[name].unit, value);
  line.publishStoredMetrics();
  noteForStats(name, value, dimensions[0]);
};

const parsed = settings();
const environmentName = parsed.environment;

/** The dependencies that need no AWS service. */
export const base = {
  clock: systemClock,
  sleep: (ms) => delay(ms),
  ids: {
    sessionId: () => `ses_${ulid().toLowerCase()}`,
    eventId: () => `evt_${ulid().toLowerCase()}`,
    secret: () => randomBytes(32).toString('base64url'),
    random: () => randomInt(2 ** 32) / 2 ** 32,
  },
  sha256: (text) => createHash('sha256').update(text).digest('hex'),
  metrics: { count },
  settings: parsed,
  log,
} satisfies Partial<Deps>;
