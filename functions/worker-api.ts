import * as operations from '../contract/operations/worker.ts';
import { beginMediaUpload } from '../core/accounts/media.ts';
import { beginUpload, commitUpload, discardAuthState } from '../core/accounts/snapshots.ts';
import { answerCommand, claimNext } from '../core/commands/waiting-commands.ts';
import { acceptEvents, bootstrap, finalReport, report } from '../core/lifecycle/worker.ts';
import { reportStandby } from '../core/standby/report.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { s3Auth } from './adapters/s3-auth.ts';
import { s3Builds } from './adapters/s3-builds.ts';
import { s3Media } from './adapters/s3-media.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { defineHandler, router } from './edge/http.ts';
import { workerEndpoint } from './edge/worker.ts';
import { environment } from './environment.ts';

const deps = {
  ...base,
  store: dynamoDbStore(),
  auth: s3Auth(),
  builds: s3Builds(),
  media: s3Media(),
  apiUrl: environment('BERTH_API_URL'),
  events: sqsEvents(),
};

/** A task becomes the worker of its session's epoch. */
const bootstrapping = defineHandler(operations.workerBootstrap)(async ({ body }) => ({
  status: 200,
  body: await bootstrap(deps, body),
}));

/** A standby task waits. */
const waiting = defineHandler(operations.workerStandby)(async ({ body }) => ({
  status: 200,
  body: await reportStandby(deps, body),
}));

/** Heartbeat, status, account, activity. */
const reporting = workerEndpoint(
  deps,
  operations.workerReport,
)(async (session, body) => ({ status: 200, body: await report(deps, session, body) }));

/** Durable once answered. */
const accepting = workerEndpoint(
  deps,
  operations.workerEvents,
)(async (session, body) => {
  await acceptEvents(deps, session, body);
  return { status: 202, body: {} };
});

/** Presigned URLs for one snapshot of the auth state. */
const uploading = workerEndpoint(
  deps,
  operations.workerAuthUpload,
)(async (session, body) => ({ status: 200, body: await beginUpload(deps, session, body) }));

/** The uploaded snapshot becomes the session's auth state. */
const committing = workerEndpoint(
  deps,
  operations.workerAuthCommit,
)(async (session, body) => {
  await commitUpload(deps, session, body);
  return { status: 200, body: {} };
});

/** The phone unlinked the account; its auth state is deleted. */
const discarding = workerEndpoint(
  deps,
  operations.workerAuthDiscard,
)(async (session) => {
  await discardAuthState(deps, session);
  return { status: 200, body: {} };
});

/** Presigned URLs for one received file. */
const keepingMedia = workerEndpoint(
  deps,
  operations.workerMediaUpload,
)(async (session, body) => ({ status: 200, body: await beginMediaUpload(deps, session, body) }));

/** The next command that waited for this session to work, or null. */
const claiming = workerEndpoint(
  deps,
  operations.workerCommandsClaim,
)(async (session) => {
  const found = await claimNext(deps, session);
  const command = found
    ? { id: found.id, name: found.command, args: found.args ?? '{}', idempotencyKey: found.workerKey }
    : null;
  return { status: 200, body: { command } };
});

/** The result of a claimed command. */
const answering = workerEndpoint(
  deps,
  operations.workerCommandsResult,
)(async (session, body) => {
  await answerCommand(deps, session, body.id, body.outcome);
  return { status: 200, body: {} };
});

/** The worker has ended; its slot is released. A repeat finds the epoch over (410). */
const ending = workerEndpoint(
  deps,
  operations.workerFinalReport,
)(async (session, body) => {
  await finalReport(deps, session, body);
  return { status: 200, body: {} };
});

/** All that a worker asks of the control plane: loaded by its first call, and there for the others. */
export const handler = router(
  bootstrapping,
  waiting,
  reporting,
  accepting,
  uploading,
  committing,
  discarding,
  keepingMedia,
  claiming,
  answering,
  ending,
);
