/**
 * What each function does and may do. Its role, its environment variables and its place in the network follow from
 * this table and from nothing else; whatever is not named here is denied, in AWS and in local mode.
 */
import { COMMAND_HANDLERS } from '../core/api/routes.ts';
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
  readonly indexes?: Readonly<Partial<Record<IndexName, readonly ('Query' | 'Scan')[]>>>;
  readonly bucket?: readonly BucketAction[];
  readonly queue?: 'send' | 'consume';
  readonly tasks?: readonly TaskAction[];
  /** An API function has 29 s: the gateway gives up at 30. */
  readonly timeoutSeconds?: number;
  readonly memoryMiB?: number;
};

/** Put the idempotency record, put or update the session and its id, count at the user's and a global shard. */
const ADMIT = ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'] as const;
/** Update the session, count down at the user's and the global shard, note the event. */
const RELEASE = ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'] as const;
/** Read a session of the caller. */
const READ = ['GetItem'] as const;

/** By handler. A test holds it against routes.ts, the files in functions/ and the AWS clients in each bundle. */
export const FUNCTIONS: Readonly<Record<string, Needs>> = {
  authorizer: { does: 'Says whose an API key is and what it may do.', table: ['GetItem'] },
  'keys-bootstrap': {
    does: 'Makes the first admin key where there is none. Invoked by hand.',
    table: ['GetItem', 'PutItem', 'UpdateItem'],
  },

  health: {
    does: 'Is the system up? For load balancers and monitors: status only.',
    table: ['GetItem', 'Query'],
  },
  'health-detail': { does: 'Health of each part, and the slots in use.', table: ['GetItem', 'Query'] },
  stats: {
    does: 'Sessions by state, status and user; admitted, refused, reaped.',
    table: ['GetItem', 'Query'],
    indexes: { byUser: ['Query', 'Scan'] },
  },
  'limits-get': { does: 'Reads the limits.', table: ['GetItem', 'Query'] },
  'limits-set': {
    does: 'Changes the limits at run time.',
    table: ['GetItem', 'Query', 'PutItem', 'UpdateItem'],
  },
  cleanup: {
    does: 'Ends many sessions at once, by filter; dry run first.',
    table: RELEASE,
    indexes: { due: ['Query', 'Scan'] },
    queue: 'send',
    tasks: ['describe', 'stop'],
  },
  'keys-list': { does: 'Lists API keys.', table: ['GetItem', 'Query'] },
  'keys-create': { does: 'Makes an API key; shows it once.', table: ['PutItem', 'UpdateItem'] },
  'keys-delete': { does: 'Revokes an API key.', table: ['GetItem', 'UpdateItem', 'DeleteItem'] },

  'sessions-create': {
    does: 'Admits a session and launches its task.',
    table: ADMIT,
    queue: 'send',
    tasks: ['run'],
  },
  'sessions-start': { does: 'Admits a stopped session again.', table: ADMIT, queue: 'send', tasks: ['run'] },
  'sessions-restart': {
    does: 'Stops a session and admits it again.',
    table: ADMIT,
    queue: 'send',
    tasks: ['run', 'describe', 'stop'],
  },
  'sessions-list': {
    does: "Lists a user's sessions.",
    table: ['BatchGetItem'],
    indexes: { byUser: ['Query'] },
  },
  'sessions-get': { does: 'Shows one session; waits for a status.', table: READ },
  'sessions-events': { does: "A session's recent lifecycle events.", table: ['GetItem', 'Query'] },
  'sessions-update': { does: "Changes a session's configuration.", table: ['GetItem', 'UpdateItem'] },
  'sessions-stop': {
    does: 'Asks a session to end gracefully.',
    table: RELEASE,
    queue: 'send',
    tasks: ['describe', 'stop'],
  },
  'sessions-delete': {
    does: 'Ends a session and removes its auth state.',
    table: RELEASE,
    bucket: ['DeleteObject'],
    queue: 'send',
    tasks: ['describe', 'stop'],
  },

  'sessions-logout': { does: 'Unlinks the account through the worker.', table: ['GetItem', 'UpdateItem'] },
  'auth-qr': { does: 'Shows the QR code of a session.', table: READ },
  'auth-request-code': { does: 'Asks for a pairing code.', table: READ },
  'commands-run': { does: 'Hands a command to the worker of a session.', table: READ },

  'worker-bootstrap': {
    does: "Exchanges a task's single-use token for its own secret.",
    table: ['GetItem', 'UpdateItem'],
    bucket: ['GetObject'],
  },
  'worker-report': {
    does: "Takes a worker's heartbeat and status.",
    table: ['GetItem', 'PutItem', 'UpdateItem'],
    queue: 'send',
  },
  'worker-events': { does: "Takes a worker's events.", table: ['GetItem'], queue: 'send' },
  'worker-auth-upload': {
    does: 'Signs the upload of an auth state.',
    table: ['GetItem'],
    bucket: ['PutObject'],
  },
  'worker-auth-commit': {
    does: "Makes an upload the session's auth state.",
    table: ['GetItem', 'UpdateItem'],
    bucket: ['PutObject', 'GetObject', 'DeleteObject'],
  },
  'worker-auth-discard': {
    does: 'Removes a dead auth state.',
    table: ['GetItem', 'UpdateItem'],
    bucket: ['DeleteObject'],
  },
  'worker-last-word': {
    does: 'Takes the last word of a worker and frees its slot.',
    table: RELEASE,
    queue: 'send',
  },

  reaper: {
    does: 'Ends sessions whose deadline passed and whose worker did not.',
    table: RELEASE,
    indexes: { due: ['Query'] },
    queue: 'send',
    tasks: ['describe', 'stop'],
    timeoutSeconds: 60,
    memoryMiB: 512,
  },
  reconciler: {
    does: 'Recounts slots against their holders and tasks against sessions.',
    table: ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
    indexes: { due: ['Query', 'Scan'] },
    queue: 'send',
    tasks: ['list', 'describe', 'stop'],
    timeoutSeconds: 60,
    memoryMiB: 512,
  },
  'task-events': {
    does: 'Frees the slot of a task that ECS reports as stopped.',
    table: RELEASE,
    queue: 'send',
    tasks: ['describe'],
  },
  deliver: {
    does: 'Delivers events to webhooks, in order per session.',
    table: READ,
    queue: 'consume',
    timeoutSeconds: 60,
  },
};

export const API_TIMEOUT_SECONDS = 29;
export const DEFAULT_MEMORY_MIB = 256;

const commandHandlers: readonly string[] = COMMAND_HANDLERS;

/** In the VPC, without a way out: these reach workers. */
export const isCommandHandler = (handler: string): boolean => commandHandlers.includes(handler);
