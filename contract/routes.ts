/**
 * Every operation of the HTTP API, once: the gateway's routes, the check that each has a deployed handler, the OpenAPI
 * document and the typed client come from this table. A handler imports its own operation and validates with it.
 */
import type { Operation } from './operation.ts';
import * as pages from './operations/dashboard-pages.ts';
import * as documentation from './operations/documentation.ts';
import * as files from './operations/files.ts';
import { WORKER_OPERATIONS } from './operations/worker.ts';
import { byPath, PUBLIC_OPERATIONS } from './public-operations.ts';

export const OPERATIONS: readonly Operation[] = [
  ...Object.values(PUBLIC_OPERATIONS),
  ...Object.values(files),
  ...Object.values(byPath(documentation)),
  ...Object.values(pages),
  ...Object.values(WORKER_OPERATIONS),
];

/**
 * Handlers that no operation names: infra defines their triggers. `keys-bootstrap` is invoked by hand (or by the
 * local start): it makes the first admin key if there is none. `worker-call` is invoked by control functions that
 * have a command for a worker. `live-connections` and `live-events` are of the WebSocket API.
 * `no-route` answers what no route takes.
 */
export const BACKGROUND_HANDLERS = [
  'authorizer',
  'keys-bootstrap',
  'reaper',
  'reconciler',
  'eraser',
  'task-events',
  'deliver',
  'live-connections',
  'live-events',
  'worker-call',
  'no-route',
] as const;

/** Handlers that reach workers inside the network: placed in the VPC, without a way out. */
export const COMMAND_HANDLERS = ['linking', 'worker-call'] as const;
