/**
 * Operations for programs that have a key, or need none: the typed client, `berth call` and the document are made from this
 * table. It takes every operation that the modules export, so that a new row needs no line here.
 */
import type { Operation } from './operation.ts';
import * as audit from './operations/audit.ts';
import * as capacity from './operations/capacity.ts';
import * as commands from './operations/commands.ts';
import * as dashboard from './operations/dashboard.ts';
import * as deprecatedSessions from './operations/deprecated-sessions.ts';
import * as engine from './operations/engine.ts';
import * as erasures from './operations/erasures.ts';
import * as events from './operations/events.ts';
import * as health from './operations/health.ts';
import * as keys from './operations/keys.ts';
import * as linking from './operations/linking.ts';
import * as messageIds from './operations/message-ids.ts';
import * as rollout from './operations/rollout.ts';
import * as server from './operations/server.ts';
import * as sessions from './operations/sessions.ts';
import * as standby from './operations/standby.ts';
import { UNSUPPORTED_OPERATIONS } from './operations/unsupported.ts';
import * as webhooks from './operations/webhooks.ts';
import { COMMAND_OPERATIONS } from './worker/commands.ts';

const METHODS: readonly Operation['method'][] = ['POST', 'GET', 'PUT', 'DELETE'];

/** The order of a module's exports depends on who bundled it. Documents and clients show them by path: first the creation, the removal last. */
export const byPath = <T extends Readonly<Record<string, Operation>>>(module: T): T => {
  const order = ({ path, method }: Operation) => `${path} ${METHODS.indexOf(method)}`;
  const sorted = Object.entries(module).sort(([, a], [, b]) => (order(a) < order(b) ? -1 : 1));
  return Object.fromEntries(sorted) as T;
};

/** By their ids, in the order of the document. */
export const PUBLIC_OPERATIONS = {
  ...byPath(sessions),
  ...byPath(erasures),
  ...byPath(deprecatedSessions),
  ...byPath(linking),
  ...COMMAND_OPERATIONS,
  ...UNSUPPORTED_OPERATIONS,
  ...byPath(commands),
  ...byPath(events),
  ...byPath(webhooks),
  ...byPath(capacity),
  ...byPath(standby),
  ...byPath(rollout),
  ...byPath(engine),
  ...byPath(keys),
  ...byPath(audit),
  ...byPath(messageIds),
  ...byPath(server),
  ...byPath(health),
  ...byPath(dashboard),
};

export type PublicOperations = typeof PUBLIC_OPERATIONS;
