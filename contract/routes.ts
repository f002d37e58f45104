/**
 * Every operation of the HTTP API, once: the gateway's routes, the check that each has a deployed handler, and the
 * OpenAPI document come from this table. A handler imports its own operation and validates with it.
 */
import type { Operation } from './operation.ts';
import { cleanUp, drain, getLimits, getStats, setLimits } from './operations/capacity.ts';
import { CHAT_OPERATIONS } from './operations/chats.ts';
import { getCommand } from './operations/commands.ts';
import {
  dashboard,
  dashboardFile,
  getCaller,
  getHistory,
  root,
  signIn,
  signOut,
} from './operations/dashboard.ts';
import { getDocs, getOpenApi } from './operations/documentation.ts';
import { getEngine, removeBuild, saveBuild, setEngine } from './operations/engine.ts';
import { followEvents, listDeliveries } from './operations/events.ts';
import { getHealth, getHealthDetail, ping } from './operations/health.ts';
import { createKey, deleteKey, listKeys } from './operations/keys.ts';
import {
  confirmPasskey,
  getPasskeyChallenge,
  getPasskeyConfirmation,
  getQr,
  requestCode,
  submitPasskey,
} from './operations/linking.ts';
import { MESSAGE_OPERATIONS, sendText } from './operations/messages.ts';
import {
  createSession,
  deleteSession,
  getMe,
  getSession,
  listSessionEvents,
  listSessions,
  logoutSession,
  restartSession,
  startSession,
  stopSession,
  updateSession,
} from './operations/sessions.ts';
import { listDeadLetters, redriveDeadLetters } from './operations/webhooks.ts';
import {
  workerAuthCommit,
  workerAuthDiscard,
  workerAuthUpload,
  workerBootstrap,
  workerCommandsClaim,
  workerCommandsResult,
  workerEvents,
  workerLastWord,
  workerMediaUpload,
  workerReport,
} from './operations/worker.ts';

export const OPERATIONS: readonly Operation[] = [
  createSession,
  listSessions,
  getSession,
  updateSession,
  deleteSession,
  startSession,
  stopSession,
  restartSession,
  logoutSession,
  getMe,
  listSessionEvents,
  listDeliveries,

  getQr,
  requestCode,
  getPasskeyChallenge,
  submitPasskey,
  getPasskeyConfirmation,
  confirmPasskey,

  sendText,
  ...MESSAGE_OPERATIONS,
  ...CHAT_OPERATIONS,

  getCommand,

  followEvents,

  listDeadLetters,
  redriveDeadLetters,

  getStats,
  getHistory,
  getLimits,
  setLimits,
  cleanUp,
  drain,

  getEngine,
  setEngine,
  saveBuild,
  removeBuild,

  listKeys,
  createKey,
  deleteKey,
  getCaller,

  ping,
  getHealth,
  getHealthDetail,

  getOpenApi,
  getDocs,

  root,
  dashboard,
  dashboardFile,
  signIn,
  signOut,

  workerBootstrap,
  workerReport,
  workerEvents,
  workerAuthUpload,
  workerAuthCommit,
  workerAuthDiscard,
  workerMediaUpload,
  workerCommandsClaim,
  workerCommandsResult,
  workerLastWord,
];

/**
 * Handlers that no operation names: what starts them is in infra. `keys-bootstrap` is invoked by hand (or by the local
 * start): it makes the first admin key where there is none. `worker-call` is invoked by control functions that have a
 * command for a worker.
 */
export const BACKGROUND_HANDLERS = [
  'authorizer',
  'keys-bootstrap',
  'reaper',
  'reconciler',
  'task-events',
  'deliver',
  'worker-call',
] as const;

/** Handlers that reach workers inside the network: placed in the VPC, without a way out. */
export const COMMAND_HANDLERS = ['sessions-logout', 'linking', 'worker-call'] as const;
