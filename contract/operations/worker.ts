/** The worker API (contract/worker/protocol.ts): no part of the documented API. */

import { LARGEST_BODY_BYTES, nothingSchema, operation } from '../operation.ts';
import {
  bootstrapRequestSchema,
  bootstrapResponseSchema,
  claimRequestSchema,
  claimResponseSchema,
  commandResultRequestSchema,
  commitRequestSchema,
  discardRequestSchema,
  eventsRequestSchema,
  finalReportRequestSchema,
  mediaUploadRequestSchema,
  mediaUploadResponseSchema,
  reportRequestSchema,
  reportResponseSchema,
  standbyAnswerSchema,
  standbyReportSchema,
  uploadRequestSchema,
  uploadResponseSchema,
  WORKER_API,
} from '../worker/protocol.ts';

/** Members of every row below. */
const WORKER = { method: 'POST', handler: 'worker-api', auth: 'worker', scope: null } as const;

export const workerBootstrap = operation({
  ...WORKER,
  id: 'workerBootstrap',
  path: WORKER_API.bootstrap,
  client: 'bootstrap',
  summary: "A task becomes the worker of its session's epoch",
  body: bootstrapRequestSchema,
  responses: { 200: { description: 'Settings for the worker.', body: bootstrapResponseSchema } },
  problems: ['unauthorized', 'conflict', 'fenced'],
});

export const workerStandby = operation({
  ...WORKER,
  id: 'workerStandby',
  path: WORKER_API.standby,
  client: 'standby',
  summary: 'A standby task is ready, or still is',
  body: standbyReportSchema,
  responses: { 200: { description: 'It waits.', body: standbyAnswerSchema } },
  problems: ['unauthorized', 'conflict', 'fenced'],
});

export const workerReport = operation({
  ...WORKER,
  id: 'workerReport',
  path: WORKER_API.report,
  client: 'report',
  summary: 'Heartbeat, status, account, activity',
  body: reportRequestSchema,
  responses: { 200: { description: 'Instructions for the worker.', body: reportResponseSchema } },
  problems: ['unauthorized', 'conflict', 'fenced'],
});

export const workerEvents = operation({
  ...WORKER,
  id: 'workerEvents',
  path: WORKER_API.events,
  client: 'events',
  summary: 'Events for webhooks; durable when the response is sent',
  body: eventsRequestSchema,
  maxBodyBytes: LARGEST_BODY_BYTES,
  responses: { 202: { description: 'They are queued.', body: nothingSchema } },
  problems: ['unauthorized', 'conflict', 'fenced'],
});

export const workerAuthUpload = operation({
  ...WORKER,
  id: 'workerAuthUpload',
  path: WORKER_API.upload,
  client: 'upload',
  summary: 'Presigned URLs for one snapshot of the auth state',
  body: uploadRequestSchema,
  responses: { 200: { description: 'The upload URLs.', body: uploadResponseSchema } },
  problems: ['unauthorized', 'conflict', 'fenced'],
});

export const workerAuthCommit = operation({
  ...WORKER,
  id: 'workerAuthCommit',
  path: WORKER_API.commit,
  client: 'commit',
  summary: "The uploaded snapshot becomes the session's auth state",
  body: commitRequestSchema,
  responses: { 200: { description: 'It is.', body: nothingSchema } },
  problems: ['unauthorized', 'conflict', 'fenced', 'unprocessable'],
});

export const workerAuthDiscard = operation({
  ...WORKER,
  id: 'workerAuthDiscard',
  path: WORKER_API.discard,
  client: 'discard',
  summary: 'The phone unlinked the account; its auth state is deleted',
  body: discardRequestSchema,
  responses: { 200: { description: 'It is.', body: nothingSchema } },
  problems: ['unauthorized', 'conflict', 'fenced'],
});

export const workerMediaUpload = operation({
  ...WORKER,
  id: 'workerMediaUpload',
  path: WORKER_API.mediaUpload,
  client: 'mediaUpload',
  summary: 'Presigned URLs for one received file',
  body: mediaUploadRequestSchema,
  responses: { 200: { description: 'The upload URL and the link.', body: mediaUploadResponseSchema } },
  problems: ['unauthorized', 'fenced'],
});

export const workerCommandsClaim = operation({
  ...WORKER,
  id: 'workerCommandsClaim',
  client: 'claim',
  path: WORKER_API.claim,
  summary: 'The next command that waited for this session to work, or null',
  body: claimRequestSchema,
  responses: { 200: { description: 'The command.', body: claimResponseSchema } },
  problems: ['unauthorized', 'conflict', 'fenced'],
});

export const workerCommandsResult = operation({
  ...WORKER,
  id: 'workerCommandsResult',
  path: WORKER_API.commandResult,
  client: 'commandResult',
  summary: 'The result of a claimed command',
  body: commandResultRequestSchema,
  maxBodyBytes: LARGEST_BODY_BYTES,
  responses: { 200: { description: 'It is kept.', body: nothingSchema } },
  problems: ['unauthorized', 'conflict', 'fenced'],
});

export const workerFinalReport = operation({
  ...WORKER,
  id: 'workerFinalReport',
  path: WORKER_API.finalReport,
  client: 'finalReport',
  summary: 'The worker has ended; its slot is released',
  body: finalReportRequestSchema,
  responses: { 200: { description: 'It is free.', body: nothingSchema } },
  problems: ['unauthorized', 'conflict', 'fenced'],
});

/** By their ids. */
export const WORKER_OPERATIONS = {
  workerBootstrap,
  workerStandby,
  workerReport,
  workerEvents,
  workerAuthUpload,
  workerAuthCommit,
  workerAuthDiscard,
  workerMediaUpload,
  workerCommandsClaim,
  workerCommandsResult,
  workerFinalReport,
};
