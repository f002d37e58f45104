/** Operations for programs that have a key, or need none: the typed client and `berth call` are made from this table. */
import { listAudit } from './operations/audit.ts';
import { cleanUp, drain, getLimits, getMetrics, getStats, setLimits } from './operations/capacity.ts';
import { getCommand } from './operations/commands.ts';
import { getCaller, getHistory, signIn, signOut } from './operations/dashboard.ts';
import {
  logoutSessionByName,
  startSessionByName,
  stopSessionByName,
} from './operations/deprecated-sessions.ts';
import { getEngine, removeBuild, saveBuild, setEngine } from './operations/engine.ts';
import { followEvents, listDeliveries } from './operations/events.ts';
import { getHealth, getHealthDetail, ping } from './operations/health.ts';
import {
  createControlKey,
  createKey,
  createMediaKey,
  deleteKey,
  listKeys,
  updateKey,
} from './operations/keys.ts';
import {
  confirmPasskey,
  getPasskeyChallenge,
  getPasskeyConfirmation,
  getQr,
  requestCode,
  submitPasskey,
} from './operations/linking.ts';
import {
  getNewMessageId,
  getNewStatusId,
  getServerEnvironment,
  getServerStatus,
  getServerVersion,
  getVersion,
} from './operations/server.ts';
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
import { UNSUPPORTED_OPERATIONS } from './operations/unsupported.ts';
import { listDeadLetters, listWebhookEndpoints, redriveDeadLetters } from './operations/webhooks.ts';
import { COMMAND_OPERATIONS } from './worker/commands.ts';

/** By their ids, in the order of the document. */
export const PUBLIC_OPERATIONS = {
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
  startSessionByName,
  stopSessionByName,
  logoutSessionByName,

  getQr,
  requestCode,
  getPasskeyChallenge,
  submitPasskey,
  getPasskeyConfirmation,
  confirmPasskey,

  ...COMMAND_OPERATIONS,
  ...UNSUPPORTED_OPERATIONS,

  getCommand,

  followEvents,

  listWebhookEndpoints,
  listDeadLetters,
  redriveDeadLetters,

  getStats,
  getHistory,
  getMetrics,
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
  createControlKey,
  createMediaKey,
  updateKey,
  deleteKey,
  listAudit,
  getCaller,

  getNewMessageId,
  getNewStatusId,
  getServerVersion,
  getVersion,
  getServerStatus,
  getServerEnvironment,

  ping,
  getHealth,
  getHealthDetail,

  signIn,
  signOut,
};

export type PublicOperations = typeof PUBLIC_OPERATIONS;
