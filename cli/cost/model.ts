/**
 * What Berth costs, from a price table and from what a session does. An estimate with its parts laid open: good for
 * comparing, no bill. Traffic out of AWS and CloudWatch Container Insights are not in it.
 */
import { PRICES, type Prices } from './prices.ts';

/** Instance types whose price is known, for hosts. */
export const HOSTS = [
  'm7g.large',
  'm7g.2xlarge',
  'r7g.xlarge',
  'm7i.2xlarge',
  'r7i.xlarge',
] as const satisfies readonly (keyof Prices['hosts'])[];
type HostName = (typeof HOSTS)[number];
/** Much memory beside little CPU is what sessions take. */
const DEFAULT_HOSTS = { arm: 'r7g.xlarge', x86: 'r7i.xlarge' } as const satisfies Record<string, HostName>;

/** Where tasks run: Fargate on demand, Fargate Spot, or the operator's own hosts that many tasks share. */
export const CAPACITIES = ['fargate', 'spot', 'ec2'] as const;
type Capacity = (typeof CAPACITIES)[number];

export type CostInput = {
  /** At once. */
  readonly sessions: number;
  /** A day. */
  readonly hours: number;
  /** A month. */
  readonly days: number;
  readonly arch: 'arm' | 'x86';
  readonly capacity: Capacity;
  /** Of a Fargate task. */
  readonly vcpu: number;
  readonly gib: number;
  /** Instance type of hosts; without it, one of `arch`. */
  readonly host?: HostName;
  /** Memory that a session takes on a host. */
  readonly hostGib: number;
  /** Tasks that wait for sessions around the clock, so that a code is shown at once. */
  readonly standby: number;
  /** Sent and received, in an hour of a session. */
  readonly messages: number;
  /** WebSocket connections that follow the events of a session all the time. */
  readonly followers: number;
  /** Between two heartbeats. */
  readonly heartbeatSeconds: number;
  readonly sweepMinutes: number;
};

export const COST_DEFAULTS: CostInput = {
  sessions: 50,
  hours: 8,
  days: 30,
  /** The resources that the presets deploy (infra/presets.ts). */
  arch: 'x86',
  capacity: 'fargate',
  vcpu: 0.25,
  gib: 1,
  /** Reports of others for one whole browser on a server that many share. */
  hostGib: 0.4,
  standby: 0,
  messages: 20,
  followers: 1,
  heartbeatSeconds: 30,
  sweepMinutes: 1,
};

/** Dollars by what they are for. */
export type Parts = Readonly<Record<string, number>>;

export type Cost = {
  /** Of one session for one hour. */
  readonly sessionHour: Parts;
  /** In a month, whether or not anything runs. */
  readonly standing: Parts;
  readonly sessionHours: number;
  /** A month of the tasks that wait. */
  readonly standby: number;
  /** A month: standing, tasks that wait, and all session-hours. */
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
/**
 * A session's use of AWS, fitted to the counts of `npm run scale`; a test compares both (test/scale). A change of a
 * session writes its item (1 to 2 KiB), and takes an entry of one index out and puts it in again; a change that a
 * list shows writes the other index as well.
 */
const WRITES_A_CHANGE = 5;
/** Of a received message: the record of the last delivered message, and the result of its delivery. */
const WRITES_A_MESSAGE = 1;
/** A worker is found by its session's id: two reads before each call. */
const READS_A_WORKER_CALL = 2;
const READS_A_MESSAGE = 3.5;
const SNAPSHOTS_AN_HOUR = 6;
/** Beginning, part and end of an upload. */
const PUTS_A_SNAPSHOT = 3;
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

/** The instance type of hosts. */
export const hostOf = ({ host, arch }: Pick<CostInput, 'host' | 'arch'>): HostName =>
  host ?? DEFAULT_HOSTS[arch];

/** How many sessions a machine has room for. */
const roomOf = (machineGib: number, sessionGib: number): number =>
  Math.max(1, Math.floor((machineGib - SYSTEM_GIB) / sessionGib));

const perMillion = (price: number, count: number): number => (price * count) / 1_000_000;
const sum = (parts: Parts): number => Object.values(parts).reduce((total, part) => total + part, 0);

/** Sum of the parts, in dollars. */
export const totalOf = sum;

export const costOf = (given: Partial<CostInput> = {}, prices: Prices = PRICES): Cost => {
  const input = { ...COST_DEFAULTS, ...given };
  const sessionHour = costOfSessionHour(input, prices);
  const standing = costOfStanding(input, prices);
  const sessionHours = input.sessions * input.hours * input.days;
  const servers = Math.max(1, Math.ceil(input.sessions / roomOf(prices.server.gib, input.hostGib)));
  const alwaysOn = servers * serverMonth(prices);
  const standby = input.standby * HOURS_A_MONTH * sum(costOfWaiting(input, prices));
  const evenHours = (alwaysOn - sum(standing) - standby) / (input.sessions * input.days * sum(sessionHour));
  return {
    sessionHour,
    standing,
    sessionHours,
    standby,
    month: sum(standing) + standby + sessionHours * sum(sessionHour),
    alwaysOn: { servers, month: alwaysOn },
    evenHours: evenHours < 24 ? Math.max(0, evenHours) : undefined,
  };
};

const serverMonth = ({ server }: Prices): number => server.hour * HOURS_A_MONTH + server.volumeMonth;

/** How a session is used. */
const USES = [
  { name: '15 minutes, four times a day', hours: 1, days: 30 },
  { name: 'office hours: 8 hours on 22 days', hours: 8, days: 22 },
  { name: 'always on', hours: HOURS_A_MONTH / 30, days: 30 },
] as const;

export type UseRow = {
  readonly use: string;
  /** Dollars a session and month, without what stands. */
  readonly month: Readonly<Record<Capacity, number>>;
  /** Of them, for public addresses. */
  readonly address: Readonly<Record<Capacity, number>>;
  /** A session's share of a server that is full, and always on. */
  readonly server: number;
};

/** The cost of one session per month, by its use and by capacity, beside a server of many sessions. */
export const costByUse = (given: Partial<CostInput> = {}, prices: Prices = PRICES): readonly UseRow[] => {
  const input = { ...COST_DEFAULTS, ...given };
  const server = serverMonth(prices) / roomOf(prices.server.gib, input.hostGib);
  return USES.map(({ name, hours, days }) => ({
    use: name,
    month: byCapacity((capacity) => hours * days * sum(costOfSessionHour({ ...input, capacity }, prices))),
    address: byCapacity(
      (capacity) => hours * days * (costOfTask({ ...input, capacity }, prices)[ADDRESS] ?? 0),
    ),
    server,
  }));
};

/**
 * What standby tasks that wait around the clock add to each session of the fleet, a month. One that a session takes
 * becomes its task: the next one waits in its place.
 */
export const standbyShare = (
  given: Partial<CostInput> = {},
  prices: Prices = PRICES,
): Readonly<Record<Capacity, number>> => {
  const input = { ...COST_DEFAULTS, ...given };
  return byCapacity(
    (capacity) =>
      (input.standby * HOURS_A_MONTH * sum(costOfWaiting({ ...input, capacity }, prices))) / input.sessions,
  );
};

const byCapacity = (of: (capacity: Capacity) => number): Readonly<Record<Capacity, number>> => ({
  fargate: of('fargate'),
  spot: of('spot'),
  ec2: of('ec2'),
});

/** Dollars of a session-hour that Berth aims at. */
export const GOALS: Readonly<Record<Capacity, number>> = { fargate: 0.02, spot: 0.01, ec2: 0.006 };

export type GoalRow = Pick<CostInput, 'capacity' | 'arch' | 'gib'> & {
  readonly host: HostName;
  readonly hour: number;
};

/** A session-hour on each capacity, architecture and memory of the small sizes, everything else as given. */
export const costByGoal = (given: Partial<CostInput> = {}, prices: Prices = PRICES): readonly GoalRow[] => {
  const input = { ...COST_DEFAULTS, ...given };
  const row = (change: Partial<CostInput>): GoalRow => {
    const choice = { ...input, ...change };
    const { capacity, arch, gib } = choice;
    return { capacity, arch, gib, host: hostOf(choice), hour: sum(costOfSessionHour(choice, prices)) };
  };
  return [
    ...(['fargate', 'spot'] as const).flatMap((capacity) =>
      (['x86', 'arm'] as const).flatMap((arch) => [0.5, 1].map((gib) => row({ capacity, arch, gib }))),
    ),
    ...HOSTS.map((host) => row({ capacity: 'ec2', arch: prices.hosts[host].arch, host })),
  ];
};

const ADDRESS = 'Public IPv4 address';

/** A task for one hour: what it runs on, and its address. */
const costOfTask = (input: CostInput, prices: Prices): Parts => {
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
const costOfWaiting = (input: CostInput, prices: Prices): Parts => {
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
  /** Heartbeats, and a report of activity with each message. */
  const reports = 3600 / heartbeatSeconds + messages;
  const workerCalls = reports + received + 2 * SNAPSHOTS_AN_HOUR;
  return {
    workerCalls,
    callerCalls: sent,
    // A send is the authorizer, the command and the call inside the network; a received message is delivered once.
    executions: workerCalls + 3 * sent + received,
    // Each request of a caller is counted against its rate; each delivery reads its user's share.
    writeUnits: WRITES_A_CHANGE * (reports + 2 * SNAPSHOTS_AN_HOUR) + WRITES_A_MESSAGE * messages + sent,
    readUnits: READS_A_WORKER_CALL * workerCalls + READS_A_MESSAGE * messages + 2 * received,
    // Sent, received and deleted.
    queueCalls: 3 * received,
    objectWrites: PUTS_A_SNAPSHOT * SNAPSHOTS_AN_HOUR,
  };
};

const costOfSessionHour = (input: CostInput, prices: Prices): Parts => {
  const usage = usageOf(input);
  return {
    ...costOfTask(input, prices),
    'Lambda and API': costOfCalls(usage.workerCalls + usage.callerCalls, usage.executions, prices),
    DynamoDB:
      perMillion(prices.dynamoDb.millionWrites, usage.writeUnits) +
      perMillion(prices.dynamoDb.millionReads, usage.readUnits),
    'SQS: webhooks': perMillion(prices.sqsFifoMillion, usage.queueCalls),
    'S3: auth state': (usage.objectWrites * prices.s3.thousandPuts) / 1000,
    'Live events': costOfFollowers(input, prices),
    Logs: (usage.executions * LOG_BYTES_A_CALL * prices.cloudWatch.logGib) / GIB,
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
    "The worker's image": IMAGE_GIB * prices.ecrGibMonth,
  };
};
