/**
 * The purpose and the permissions of each function. Its role, its environment variables and its place in the network
 * follow from this table and from nothing else; everything that is not named here is denied, in AWS and in local
 * mode.
 */
import { COMMAND_HANDLERS } from '../contract/routes.ts';
import { TIMEOUTS_MS } from '../contract/timeouts.ts';
import type { IndexName } from '../core/store.ts';

/** DynamoDB has no permission for a transaction: each of its writes needs its own (ConditionCheckItem for a check). */
export type TableAction =
  | 'GetItem'
  | 'BatchGetItem'
  | 'Query'
  | 'PutItem'
  | 'UpdateItem'
  | 'DeleteItem'
  | 'ConditionCheckItem';

/** On objects under `auth/`. Multipart uploads are begun, filled and completed with PutObject. */
export type BucketAction = 'GetObject' | 'PutObject' | 'DeleteObject';

/** On the tasks of Berth's cluster; `run` includes passing the task's two roles. */
export type TaskAction = 'run' | 'stop' | 'describe' | 'list';

export type Needs = {
  /** For people, in the console. */
  readonly does: string;
  readonly table?: readonly TableAction[];
  /** Counts its requests that wait among those of their user: reads and writes the items of waits, and no others. */
  readonly waits?: true;
  /** Writes API keys; every other function is denied this, with any permission to write. */
  readonly makesKeys?: true;
  /** Deletes API keys, and can write none. */
  readonly revokesKeys?: true;
  readonly indexes?: Readonly<Partial<Record<IndexName, readonly ('Query' | 'Scan')[]>>>;
  readonly bucket?: readonly BucketAction[];
  /** Asks whether the bucket answers; reads nothing of it. */
  readonly probesBucket?: true;
  /**
   * S3 distinguishes an absent object (404) from a forbidden one (403) only to a caller that may list the bucket; the user of a
   * URL that this function signed acts with its permissions.
   */
  readonly distinguishesAbsence?: true;
  /** Deletes objects under `auth/` and `media/` permanently, in all their versions. */
  readonly erases?: true;
  /** On objects under `media/`, of the same bucket. */
  readonly media?: readonly BucketAction[];
  /** `deliver`: what Lambda does to read the queue, holding messages back, and setting dead ones aside. */
  /** On objects under `builds/`, of the same bucket. */
  readonly builds?: readonly BucketAction[];
  readonly queue?: 'send' | 'deliver';
  /** Wakes the topics of live events; what sends to the queue of events does that as well. */
  readonly wakesLive?: true;
  /** `live-events`: what Lambda does to read the queue of topics, holding one back, and posting to connections. */
  readonly servesLive?: true;
  /** Returns the address of the WebSocket API to clients. */
  readonly linksToLive?: true;
  readonly tasks?: readonly TaskAction[];
  /** Invokes `worker-call`, which is inside the network, to reach workers from outside it. */
  readonly callsWorkers?: true;
  /** Knows which task definitions launches use, without the right to launch. */
  readonly comparesVersions?: true;
  /** Makes links to the API that callers use. */
  readonly linksToApi?: true;
  /** Has the thresholds of the alarms on the global limit. */
  readonly alarms?: true;
  /** An API function has 29 s: the gateway gives up at 30. */
  readonly timeoutSeconds?: number;
  readonly memoryMiB?: number;
  /** By action (`dynamodb:PutItem`): why it is needed though no end-to-end test comes by it. */
  readonly unusedInTests?: Readonly<Record<string, string>>;
};

/** Granted to functions for what AWS does with their roles and one machine does not. */
export const USED_IN_AWS_ONLY: Readonly<Record<string, string>> = {
  'logs:CreateLogStream': 'Lambda writes the log with this role',
  'logs:PutLogEvents': 'Lambda writes the log with this role',
  'xray:PutTraceSegments': 'Lambda writes traces with this role',
  'xray:PutTelemetryRecords': 'Lambda writes traces with this role',
  'sqs:GetQueueAttributes': 'Lambda reads the queue for the function with this role',
  'ec2:CreateNetworkInterface': 'Lambda attaches the function to the VPC with this role',
  'ec2:DescribeNetworkInterfaces': 'Lambda attaches the function to the VPC with this role',
  'ec2:DescribeSubnets': 'Lambda attaches the function to the VPC with this role',
  'ec2:DeleteNetworkInterface': 'Lambda attaches the function to the VPC with this role',
  'ec2:AssignPrivateIpAddresses': 'Lambda attaches the function to the VPC with this role',
  'ec2:UnassignPrivateIpAddresses': 'Lambda attaches the function to the VPC with this role',
};

/** Reads one session. */
const READ = ['GetItem'] as const;
/** Changes a session that holds its slot. */
const CHANGE = ['GetItem', 'UpdateItem'] as const;
/** Reads what is in the outbox, sends it, writes it into timeline and feed, and removes it. */
const TELL = ['Query', 'PutItem', 'DeleteItem'] as const;
/** Changes the session and both counters, removes its slot, and publishes the change. */
const RELEASE = ['GetItem', 'UpdateItem', ...TELL] as const;
/** Reads the counters and seeds those of a new table. */
const CAPACITY = ['GetItem', 'Query', 'PutItem'] as const;

/** Takes a slot and launches a task; gives the slot back if none starts, and stops one that came too late. */
const ADMISSION = {
  table: ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
  /** When the next slot is expected, for a refusal. */
  indexes: { ofUser: ['Query'], due: ['Query'] },
  queue: 'send',
  tasks: ['run', 'stop'],
  /** Makes a standby task the worker of the session. */
  callsWorkers: true,
} as const;

/**
 * Longer than the time between two sweeps: with 5,000 tasks ECS alone takes 10 to 15 s to list and describe them, and
 * two passes that overlap do no harm (every change carries its condition).
 */
const SWEEP_TIMEOUT_SECONDS = 120;

const ON_HOSTS = 'launches on hosts of EC2, which the tests do by the function that admits';
const NEXT_SLOT = "when a user's next slot is expected, for a refusal";
const WAKES = 'wakes who follows live events; the grant comes with the queue of events';
const HEALS = 'sets right what only a lost event or a defect leaves behind; the simulation goes through it';

/** By handler. Tests hold it against routes.ts, the files in functions/ and the AWS clients in each bundle. */
export const FUNCTIONS: Readonly<Record<string, Needs>> = {
  authorizer: {
    does: 'Reports the owner and permissions of an API key; counts requests against the rate of the user.',
    table: CHANGE,
  },
  'keys-bootstrap': {
    does: 'Creates the first admin key if there is none. Invoked by hand.',
    makesKeys: true,
    table: ['Query', 'PutItem'],
  },

  'no-route': {
    does: 'Answers requests without a route: leads from a path with a trailing slash to the path, or 404.',
  },
  files: {
    does: 'Leads to a received file: signs an address of it at each request.',
    table: READ,
    media: ['GetObject'],
  },
  health: { does: 'Is the system up? For load balancers and monitors: status only.', table: READ },
  documentation: { does: 'Serves the OpenAPI document and the page made from it.', memoryMiB: 512 },
  'health-detail': {
    does: 'Health of each part, and the slots in use.',
    table: ['GetItem', 'Query'],
    probesBucket: true,
    tasks: ['list', 'describe'],
  },
  capacity: {
    does: 'Shows slots in use, now and over time; reads and changes the limits.',
    alarms: true,
    table: [...CAPACITY, 'BatchGetItem', 'UpdateItem'],
  },
  cleanup: {
    does: 'Ends many sessions at once, by filter, dry run first; or all of them, and prevents starts.',
    table: [...RELEASE, 'BatchGetItem'],
    queue: 'send',
    tasks: ['stop', 'list', 'describe'],
    unusedInTests: {
      'dynamodb:GetItem': 'looks again at a session that changed while it was being ended',
      'ecs:DescribeTasks': 'looks whether the task of a session that is ending still runs',
      'sqs:SendMessage': WAKES,
    },
  },
  rollout: {
    does: 'Starts and cancels a rollout, and shows how far it is; sweeps of the reaper make its steps.',
    table: ['GetItem', 'Query', 'BatchGetItem', 'PutItem'],
    tasks: ['list', 'describe'],
    comparesVersions: true,
  },
  engine: {
    does: 'Shows the builds of WhatsApp Web, pins one, stores and removes their HTML.',
    table: ['Query', 'PutItem', 'DeleteItem'],
    builds: ['PutObject', 'DeleteObject'],
  },
  standby: {
    does: 'Shows the standby tasks, changes how many are kept ready.',
    table: ['GetItem', 'Query', 'PutItem'],
  },
  keys: {
    does: 'Lists, creates and revokes API keys; shows the audit log.',
    makesKeys: true,
    table: ['Query', 'PutItem', 'GetItem', 'DeleteItem'],
  },

  dashboard: { does: "Serves the dashboard's files, which it carries.", linksToLive: true },
  access: {
    does: 'Signs in to the dashboard and out of it; says who a caller is; gives tickets for live events.',
    linksToLive: true,
    table: ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'],
  },

  'sessions-read': {
    does: "Lists sessions, shows one, and what happened to it and to its events' deliveries.",
    table: ['GetItem', 'Query'],
    waits: true,
    indexes: { ofUser: ['Query', 'Scan'] },
  },
  'sessions-admit': {
    does: 'Creates, configures, starts and restarts sessions: admits them, launches their tasks.',
    ...ADMISSION,
    waits: true,
  },
  'sessions-change': {
    does: 'Stops a session, unlinks and deletes it.',
    table: RELEASE,
    bucket: ['DeleteObject'],
    queue: 'send',
    tasks: ['stop'],
    callsWorkers: true,
  },

  'sessions-logout': {
    does: 'Unlinks an account, forgets what is saved of it, and starts a session that ran again.',
    ...ADMISSION,
    bucket: ['DeleteObject'],
    unusedInTests: {
      'ecs:StopTask': 'stops the task of a session that ended while it was launched: a race of milliseconds',
      'ecs:RunTask': ON_HOSTS,
      'dynamodb:Query': NEXT_SLOT,
    },
  },
  linking: {
    does: "Shows a session's QR code, asks for a pairing code.",
    table: READ,
    waits: true,
  },
  commands: {
    does: 'Sends a command to the worker of a session, after starting it if requested; returns its result.',
    ...ADMISSION,
    unusedInTests: {
      'ecs:StopTask': 'stops the task of a session that ended while it was launched: a race of milliseconds',
      'sqs:SendMessage': 'notifies webhooks of a launch that was given up',
      'dynamodb:Query': NEXT_SLOT,
      'ecs:RunTask': ON_HOSTS,
    },
  },
  /** Waits most of the time. Below this, Node with tracing has hardly any memory left for what it read. */
  events: {
    does: 'Follows what happens to sessions.',
    table: ['Query'],
    waits: true,
    memoryMiB: 256,
  },
  'live-connections': {
    does: 'Accepts and refuses WebSocket connections, and notes which are open.',
    table: ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
    wakesLive: true,
  },
  'live-events': {
    does: 'Sends events to the WebSocket connections that follow them.',
    table: ['GetItem', 'Query', 'UpdateItem', 'DeleteItem'],
    servesLive: true,
    timeoutSeconds: 30,
    unusedInTests: {
      'sqs:ChangeMessageVisibility': 'holds back a topic that one pass did not serve whole',
    },
  },
  'dead-letters': {
    does: 'Lists dead letters, and sends them again.',
    // GetItem: the share of the user. PutItem: the audit log.
    table: ['GetItem', 'Query', 'UpdateItem', 'PutItem'],
    queue: 'send',
    unusedInTests: { 'sqs:SendMessage': WAKES },
  },
  'worker-call': { does: 'Hands a command to a worker, for functions outside the network.' },

  'worker-api': {
    does: 'Receives the calls of workers, from bootstrap to final report, and signs their uploads.',
    table: [...RELEASE, 'BatchGetItem'],
    bucket: ['GetObject', 'PutObject', 'DeleteObject'],
    distinguishesAbsence: true,
    media: ['PutObject'],
    linksToApi: true,
    builds: ['GetObject'],
    queue: 'send',
  },

  reaper: {
    does: 'Ends sessions whose deadline passed and whose worker did not; keeps standby tasks ready; measures how full it is.',
    table: [...RELEASE, 'BatchGetItem'],
    indexes: { due: ['Query'] },
    queue: 'send',
    tasks: ['run', 'list', 'describe', 'stop'],
    timeoutSeconds: SWEEP_TIMEOUT_SECONDS,
    memoryMiB: 512,
    unusedInTests: {
      'dynamodb:DeleteItem':
        'gives a slot back whose task ended without a word from ECS; the simulation goes through it',
      'sqs:SendMessage': 'notifies webhooks of that end',
      'ecs:RunTask': ON_HOSTS,
    },
  },
  reconciler: {
    does: 'Recounts slots against their holders and tasks against sessions.',
    table: [...RELEASE, 'BatchGetItem'],
    indexes: { ofUser: ['Query'] },
    queue: 'send',
    tasks: ['list', 'describe', 'stop'],
    timeoutSeconds: SWEEP_TIMEOUT_SECONDS,
    memoryMiB: 512,
    unusedInTests: {
      'dynamodb:GetItem': HEALS,
      'dynamodb:UpdateItem': HEALS,
      'dynamodb:DeleteItem': HEALS,
      'sqs:SendMessage': HEALS,
      'ecs:StopTask': HEALS,
    },
  },
  eraser: {
    does: 'Erases what deleted sessions left: objects with their versions, events, results. Erases users.',
    table: ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
    indexes: { ofUser: ['Query'] },
    erases: true,
    revokesKeys: true,
    queue: 'send',
    tasks: ['stop'],
    unusedInTests: { 'sqs:SendMessage': 'notifies webhooks of a session that ends without a task' },
    timeoutSeconds: SWEEP_TIMEOUT_SECONDS,
  },
  'task-events': {
    does: 'Frees the slot of a task that ECS reports as stopped, or restarts its session by its policy.',
    table: RELEASE,
    queue: 'send',
    tasks: ['run', 'stop', 'list', 'describe'],
    // Ends the epoch (15 s at most), waits for a short back-off (10 s), launches (12 s).
    timeoutSeconds: 60,
  },
  deliver: {
    does: 'Delivers events to webhooks, in order per session and webhook.',
    table: ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'],
    queue: 'deliver',
    timeoutSeconds: 30,
    unusedInTests: {
      'sqs:SendMessage': 'sets aside what is no event, or is given up on and too large for an item',
    },
  },
};

export const API_TIMEOUT_SECONDS = TIMEOUTS_MS.function / 1000;
export const DEFAULT_MEMORY_MIB = 256;

const commandHandlers: readonly string[] = COMMAND_HANDLERS;

/** In the VPC, without a way out: these reach workers. */
export const isCommandHandler = (handler: string): boolean => commandHandlers.includes(handler);
