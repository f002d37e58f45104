/**
 * What Berth costs, from a price table and from what a session does. An estimate with its parts laid open: good for
 * comparing, no bill. Traffic out of AWS and CloudWatch Container Insights are not in it.
 */
import { PRICES, type Prices } from './prices.ts';

export type CostInput = {
  /** At once. */
  readonly sessions: number;
  /** A day. */
  readonly hours: number;
  /** A month. */
  readonly days: number;
  readonly arch: 'arm' | 'x86';
  readonly spot: boolean;
  /** Of a task. */
  readonly vcpu: number;
  readonly gib: number;
  /** Sent and received, in an hour of a session. */
  readonly messages: number;
  /** WebSocket connections that follow the events of a session all the time. */
  readonly followers: number;
  /** Between two heartbeats. */
  readonly heartbeatSeconds: number;
  readonly sweepMinutes: number;
  /** Tasks that wait for a session, around the clock. */
  readonly standby: number;
};

export const COST_DEFAULTS: CostInput = {
  sessions: 50,
  hours: 8,
  days: 30,
  /** What the presets deploy (infra/presets.ts). */
  arch: 'x86',
  spot: false,
  vcpu: 1,
  gib: 2,
  messages: 20,
  followers: 1,
  heartbeatSeconds: 20,
  sweepMinutes: 1,
  standby: 0,
};

/** Dollars by what they are for. */
export type Parts = Readonly<Record<string, number>>;

export type Cost = {
  /** Of one session for one hour. */
  readonly sessionHour: Parts;
  /** In a month, whether or not anything runs. */
  readonly standing: Parts;
  readonly sessionHours: number;
  /** A month: standing, and all session-hours. */
  readonly month: number;
  /** Servers that are always on and have room for as many sessions. */
  readonly alwaysOn: { readonly servers: number; readonly month: number };
  /** Hours a day at which both cost the same; undefined: on-demand tasks are cheaper at every hour of the day. */
  readonly evenHours: number | undefined;
};

const HOURS_A_MONTH = 730;
const MINUTES_A_MONTH = HOURS_A_MONTH * 60;
const GIB = 1024 ** 3;

/** Of a function of the API: 256 MiB for 40 ms. */
const CALL_GIB_SECONDS = 0.25 * 0.04;
const LOG_BYTES_A_CALL = 500;
/** A session's item has 2 to 3 KiB and is copied whole into one index, in part into the other. */
const WRITES_A_CHANGE = 8;
/**
 * A sweep of 512 MiB takes 300 ms and reads four index partitions and the counters. It leaves word that it was made;
 * every other one, the reaper's, also a sample of how full it is, with a read, and looks into outbox and feeds.
 */
const SWEEP_GIB_SECONDS = 0.5 * 0.3;
const SWEEP_READS = 10;
const SWEEP_WRITES = 1.3;
const SWEEPING_FUNCTIONS = 3;
/** Emitted whether or not anything runs (core/observability/metrics.ts). */
export const SWEEP_METRICS = 10;
/** Metrics that alarms look at, and composite alarms (infra/constructs/alarms.ts); a test counts them. */
export const ALARM_METRICS = 29;
export const COMPOSITE_ALARMS = 2;
const IMAGE_GIB = 0.26;
/** 400 MB a session and 1.5 GiB for the system, of 8 GiB: what peers report for one whole browser each. */
const SESSIONS_A_SERVER = 16;

const perMillion = (price: number, count: number): number => (price * count) / 1_000_000;
const sum = (parts: Parts): number => Object.values(parts).reduce((total, part) => total + part, 0);

/** Sum of the parts, in dollars. */
export const totalOf = sum;

export const costOf = (given: Partial<CostInput> = {}, prices: Prices = PRICES): Cost => {
  const input = { ...COST_DEFAULTS, ...given };
  const sessionHour = costOfSessionHour(input, prices);
  const standing = costOfStanding(input, prices);
  const sessionHours = input.sessions * input.hours * input.days;
  const servers = Math.max(1, Math.ceil(input.sessions / SESSIONS_A_SERVER));
  const alwaysOn = servers * (prices.server.hour * HOURS_A_MONTH + prices.server.volumeMonth);
  const evenHours = (alwaysOn - sum(standing)) / (input.sessions * input.days * sum(sessionHour));
  return {
    sessionHour,
    standing,
    sessionHours,
    month: sum(standing) + sessionHours * sum(sessionHour),
    alwaysOn: { servers, month: alwaysOn },
    evenHours: evenHours < 24 ? Math.max(0, evenHours) : undefined,
  };
};

/** A task for one hour, whatever runs in it. */
const costOfTaskHour = (input: CostInput, prices: Prices): Parts => {
  const { vcpuHour, gibHour } = prices.fargate[input.arch];
  const share = input.spot ? prices.fargate.spotShare : 1;
  return {
    'Fargate: vCPU': input.vcpu * vcpuHour * share,
    'Fargate: memory': input.gib * gibHour * share,
    'Public IPv4 address': prices.publicAddressHour,
  };
};

const costOfSessionHour = (input: CostInput, prices: Prices): Parts => {
  const reports = 3600 / input.heartbeatSeconds;
  /** A message is one change of the session (its activity), one call and, at one webhook, one delivery. */
  const calls = reports + 3 * input.messages;
  const changes = reports + input.messages;
  return {
    ...costOfTaskHour(input, prices),
    'Lambda and API': perMillion(
      prices.lambda.millionRequests +
        prices.httpApiMillion +
        1_000_000 * CALL_GIB_SECONDS * prices.lambda.gibSecondArm,
      calls,
    ),
    DynamoDB:
      // A delivery leaves its result.
      perMillion(prices.dynamoDb.millionWrites, changes * WRITES_A_CHANGE + input.messages) +
      perMillion(prices.dynamoDb.millionReads, 2 * calls),
    // Sent, received and deleted.
    'SQS: webhooks': perMillion(prices.sqsFifoMillion, 3 * input.messages),
    // Six snapshots an hour, each in two requests.
    'S3: auth state': (12 * prices.s3.thousandPuts) / 1000,
    'Live events': costOfFollowers(input, prices),
    Logs: (calls * LOG_BYTES_A_CALL * prices.cloudWatch.logGib) / GIB,
  };
};

/** Writes and reads of one event while a topic is followed: entry, number and position; topic, key, connections and log. */
const LIVE_WRITES = 4;
const LIVE_READS = 6;
/** A ping every four minutes, and its answer. */
const PINGS_AN_HOUR = 30;

/** Each message is one pass of a function, which posts it to each connection. */
const costOfFollowers = ({ messages, followers }: CostInput, prices: Prices): number => {
  if (followers === 0) return 0;
  const { lambda, webSocket, sqsFifoMillion, dynamoDb } = prices;
  const pass = lambda.millionRequests + 1_000_000 * CALL_GIB_SECONDS * lambda.gibSecondArm;
  const pings = PINGS_AN_HOUR * followers;
  return (
    perMillion(webSocket.millionMinutes, 60 * followers) +
    perMillion(webSocket.millionMessages, messages * followers + pings) +
    perMillion(pass, messages + pings / 2) +
    // Sent, received and deleted.
    perMillion(sqsFifoMillion, 3 * messages) +
    perMillion(dynamoDb.millionWrites, messages * (LIVE_WRITES - 1 + followers)) +
    perMillion(dynamoDb.millionReads, messages * LIVE_READS)
  );
};

const costOfStanding = (input: CostInput, prices: Prices): Parts => {
  const sweeps = (SWEEPING_FUNCTIONS * MINUTES_A_MONTH) / input.sweepMinutes;
  return {
    Alarms:
      ALARM_METRICS * prices.cloudWatch.alarmMetricMonth +
      COMPOSITE_ALARMS * prices.cloudWatch.compositeAlarmMonth,
    Dashboard: prices.cloudWatch.dashboardMonth,
    'Metrics of the sweeps': SWEEP_METRICS * prices.cloudWatch.metricMonth,
    'Sweeps: Lambda and Scheduler':
      perMillion(prices.lambda.millionRequests + prices.schedulerMillion, sweeps) +
      sweeps * SWEEP_GIB_SECONDS * prices.lambda.gibSecondArm,
    'Sweeps: DynamoDB':
      perMillion(prices.dynamoDb.millionReads, sweeps * SWEEP_READS) +
      perMillion(prices.dynamoDb.millionWrites, sweeps * SWEEP_WRITES),
    'Sweeps: logs and traces':
      (sweeps * 4 * LOG_BYTES_A_CALL * prices.cloudWatch.logGib) / GIB +
      perMillion(prices.xrayMillionTraces, sweeps),
    'Key of the alarm topic': prices.kmsKeyMonth,
    ...(input.standby === 0
      ? {}
      : { 'Standby tasks': input.standby * HOURS_A_MONTH * sum(costOfTaskHour(input, prices)) }),
    "The worker's image": IMAGE_GIB * prices.ecrGibMonth,
  };
};
