/** What each part costs, from what it uses of AWS. */
import { type CostInput, hostOf } from './input.ts';
import type { Prices } from './prices.ts';

/** Dollars by what they are for. */
export type Parts = Readonly<Record<string, number>>;

/** Sum of the parts, in dollars. */
export const totalOf = (parts: Parts): number =>
  Object.values(parts).reduce((total, part) => total + part, 0);

export const HOURS_A_MONTH = 730;
const MINUTES_A_MONTH = HOURS_A_MONTH * 60;
const GIB = 1024 ** 3;

/** Of a function of the API: 256 MiB for 40 ms. */
const CALL_GIB_SECONDS = 0.25 * 0.04;
/** What Lambda writes of an execution, with CloudWatch's 26 bytes for each of its lines. */
const LOG_BYTES_AN_EXECUTION = 400;
/** A line of the access log. */
const LOG_BYTES_A_REQUEST = 220;
/**
 * A session's use of AWS, fitted to the counts of `npm run scale`; a test compares both (test/scale). A change of a
 * session writes its item, which has 1 to 2 KiB.
 */
const WRITES_A_CHANGE = 2;
/** One report of three moves the session's entry of the index `due`: it is taken out and put in again. */
const DUE_WRITES_A_REPORT = 0.7;
/** What a list shows (activity, a saved account) writes the entry of the other index. */
const LIST_WRITES = 1;
/** Of a received message: the record of the last delivered message, its delivery's begin and end, and the result. */
const WRITES_A_RECEIVED = 4;
/** Of a sent one: the caller's rate, and the count of its build. */
const WRITES_A_SENT = 2;
/** A worker is found by its session's id: two reads before each call. */
const READS_A_WORKER_CALL = 2;
const READS_A_MESSAGE = 5;
const SNAPSHOTS_AN_HOUR = 6;
/** A larger one than 8 MiB takes three and more: beginning, parts and end of an upload. */
const PUTS_A_SNAPSHOT = 1;
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
export const ALARM_METRICS = 35;
export const COMPOSITE_ALARMS = 2;
const IMAGE_GIB = 0.26;
/** Memory of a server or a host that its system and agents take. */
const SYSTEM_GIB = 1.5;
/** Hosts are not always full: sessions come and go, and a host that drains takes none. */
const HOST_FILL = 0.9;

/** How many sessions a machine has room for. */
export const roomOf = (machineGib: number, sessionGib: number): number =>
  Math.max(1, Math.floor((machineGib - SYSTEM_GIB) / sessionGib));

const perMillion = (price: number, count: number): number => (price * count) / 1_000_000;

export const ADDRESS = 'Public IPv4 address';

/** A task for one hour: what it runs on, and its address. */
export const costOfTask = (input: CostInput, prices: Prices): Parts => {
  if (input.capacity === 'ec2') {
    const host = prices.hosts[hostOf(input)];
    const sessions = roomOf(host.gib, input.hostGib) * HOST_FILL;
    return {
      'EC2: host': (host.hour + host.volumeMonth / HOURS_A_MONTH) / sessions,
      [ADDRESS]: prices.publicAddressHour / sessions,
    };
  }
  const { vcpuHour, gibHour } = prices.fargate[input.arch];
  const share = input.capacity === 'spot' ? prices.fargate.spotShare : 1;
  return {
    'Fargate: vCPU': input.vcpu * vcpuHour * share,
    'Fargate: memory': input.gib * gibHour * share,
    [ADDRESS]: prices.publicAddressHour,
  };
};

/** A task that waits says that it lives, and nothing else. */
export const costOfWaiting = (input: CostInput, prices: Prices): Parts => {
  const beats = 3600 / input.heartbeatSeconds;
  return {
    ...costOfTask(input, prices),
    'Lambda and API': costOfCalls(beats, beats, prices),
    DynamoDB:
      perMillion(prices.dynamoDb.millionWrites, beats) + perMillion(prices.dynamoDb.millionReads, beats),
  };
};

const costOfCalls = (requests: number, executions: number, prices: Prices): number =>
  perMillion(prices.httpApiMillion, requests) +
  perMillion(
    prices.lambda.millionRequests + 1_000_000 * CALL_GIB_SECONDS * prices.lambda.gibSecondArm,
    executions,
  );

/** The use of AWS by a session of one hour, by unit. */
export const usageOf = ({ messages, heartbeatSeconds }: Pick<CostInput, 'messages' | 'heartbeatSeconds'>) => {
  const received = messages / 2;
  const sent = messages / 2;
  // Activity goes with the next heartbeat: settings.activitySeconds of the presets is not shorter than it.
  const reports = 3600 / heartbeatSeconds;
  /** Reports that carry activity: those before which a message came, if messages come at random. */
  const active = reports * (1 - Math.exp(-messages / reports));
  const workerCalls = reports + received + 2 * SNAPSHOTS_AN_HOUR;
  return {
    workerCalls,
    callerCalls: sent,
    // A send is the authorizer, the command and the call inside the network; a received message is delivered once.
    executions: workerCalls + 3 * sent + received,
    writeUnits:
      WRITES_A_CHANGE * (reports + 2 * SNAPSHOTS_AN_HOUR) +
      DUE_WRITES_A_REPORT * reports +
      LIST_WRITES * (active + SNAPSHOTS_AN_HOUR) +
      WRITES_A_RECEIVED * received +
      WRITES_A_SENT * sent,
    readUnits: READS_A_WORKER_CALL * workerCalls + READS_A_MESSAGE * messages,
    // Sent, received and deleted.
    queueCalls: 3 * received,
    objectWrites: PUTS_A_SNAPSHOT * SNAPSHOTS_AN_HOUR,
    // Its size is looked at before it is committed.
    objectReads: SNAPSHOTS_AN_HOUR,
  };
};

export const costOfSessionHour = (input: CostInput, prices: Prices): Parts => {
  const usage = usageOf(input);
  return {
    ...costOfTask(input, prices),
    'Lambda and API': costOfCalls(usage.workerCalls + usage.callerCalls, usage.executions, prices),
    DynamoDB:
      perMillion(prices.dynamoDb.millionWrites, usage.writeUnits) +
      perMillion(prices.dynamoDb.millionReads, usage.readUnits),
    'SQS: webhooks': perMillion(prices.sqsFifoMillion, usage.queueCalls),
    'S3: auth state':
      (usage.objectWrites * prices.s3.thousandPuts + usage.objectReads * prices.s3.thousandGets) / 1000,
    'Live events': costOfFollowers(input, prices),
    Logs:
      ((usage.executions * LOG_BYTES_AN_EXECUTION +
        (usage.workerCalls + usage.callerCalls) * LOG_BYTES_A_REQUEST) *
        prices.cloudWatch.logGib) /
      GIB,
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

export const costOfStanding = (input: CostInput, prices: Prices): Parts => {
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
    'Sweeps: logs': (sweeps * 5 * LOG_BYTES_AN_EXECUTION * prices.cloudWatch.logGib) / GIB,
    'Key of the alarm topic': prices.kmsKeyMonth,
    "The worker's image": IMAGE_GIB * prices.ecrGibMonth,
  };
};
