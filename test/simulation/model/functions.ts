/** What functions/ composes of the rules, one invocation each; the edges around them are not modelled. */
import type { z } from 'zod';
import type { cleanupRequestSchema } from '../../../contract/bodies/admin.ts';
import type { SessionConfig } from '../../../contract/bodies/session-config.ts';
import { isTerminal } from '../../../contract/lifecycle.ts';
import { createSession } from '../../../core/admission/create.ts';
import { launchAndPublish, started } from '../../../core/admission/launch-and-publish.ts';
import { changeLimits, type LimitsChange } from '../../../core/admission/limits.ts';
import { runCommand } from '../../../core/commands/command.ts';
import { answerCommand, claimNext } from '../../../core/commands/waiting-commands.ts';
import { type Woken, wakeAndRun } from '../../../core/commands/wake.ts';
import type { Control } from '../../../core/control.ts';
import {
  deleteSession,
  forgetAccount,
  forgetWaiting,
  unlinkFirst,
  untilEnded,
} from '../../../core/lifecycle/end.ts';
import { loadSession } from '../../../core/lifecycle/load.ts';
import type { Session } from '../../../core/lifecycle/session.ts';
import { startWhenEnded } from '../../../core/lifecycle/start.ts';
import { stopSession } from '../../../core/lifecycle/stop.ts';
import { taskStopped } from '../../../core/lifecycle/task-stopped.ts';
import { updateConfig } from '../../../core/lifecycle/update.ts';
import {
  acceptEvents,
  authenticateWorker,
  beginUpload,
  bootstrap,
  commitUpload,
  discardAuthState,
  lastWord,
  report,
} from '../../../core/lifecycle/worker.ts';
import { recordRun } from '../../../core/observability/health.ts';
import type { CommandOutcome } from '../../../core/ports.ts';
import { cleanUp } from '../../../core/reaping/cleanup.ts';
import { reap } from '../../../core/reaping/reap.ts';
import { reconcile } from '../../../core/reconciliation/reconcile.ts';
import type { Cloud } from './cloud.ts';
import { invoke } from './http.ts';

export type Named = { readonly userId: string; readonly name: string };

export const create = async (
  control: Control,
  request: Named & {
    readonly config: SessionConfig;
    readonly start: boolean;
    readonly idempotencyKey: string;
  },
): Promise<Session> => {
  const { userId, name, config, start, idempotencyKey } = request;
  const requestHash = control.sha256(JSON.stringify([userId, name, config, start]));
  const idempotency = { key: idempotencyKey, requestHash };
  const created = await createSession(control, { userId, name, config, start, idempotency });
  return created.admitted && start ? await launchAndPublish(control, created.session) : created.session;
};

/** @param answered sees what the start is answered with, before its task is launched */
export const start = async (
  control: Control,
  { userId, name }: Named,
  answered: (session: Session) => void = () => {},
): Promise<Session> => {
  const admission = await startWhenEnded(control, userId, name, 15_000);
  answered(admission.session);
  return started(control, admission);
};

/** @param answered sees what the stop is answered with */
export const stop = async (
  control: Control,
  { userId, name }: Named,
  answered: (session: Session) => void = () => {},
): Promise<Session> => {
  const session = await stopSession(control, await loadSession(control, userId, name), 'user');
  answered(session);
  return session;
};

export const restart = async (control: Control, named: Named): Promise<Session> => {
  await stop(control, named);
  return start(control, named);
};

export const remove = async (control: Control, named: Named): Promise<void> => {
  const end = control.clock() + 22_000;
  await unlinkFirst(control, await loadSession(control, named.userId, named.name), 12_000);
  await deleteSession(control, await untilEnded(control, await stop(control, named), end - control.clock()));
};

export const logout = async (control: Control, { userId, name }: Named): Promise<void> => {
  const session = await loadSession(control, userId, name);
  if (isTerminal(session.state)) return forgetAccount(control, session);
  if (await forgetWaiting(control, session)) return;
  await runCommand(control, session, 'logout', {}, { timeoutMs: 8_000 });
  await untilEnded(control, session, 18_000);
};

/** To a stopped session too: it is started for it. */
export const send = async (
  control: Control,
  { userId, name }: Named,
  { text, key }: { readonly text: string; readonly key: string | undefined },
): Promise<Woken<unknown>> => {
  const session = await loadSession(control, userId, name);
  return wakeAndRun(control, session, 'sendText', { chatId: '491701234567@c.us', text }, key);
};

export const update = (control: Control, { userId, name }: Named, config: SessionConfig): Promise<Session> =>
  updateConfig(control, userId, name, config);

export const limits = (control: Control, change: LimitsChange) => changeLimits(control, change);

export const cleanup = (control: Control, body: z.infer<typeof cleanupRequestSchema>) =>
  cleanUp(control, body);

/** True where it was handled. */
export const taskEvents = async (cloud: Cloud, task: Parameters<typeof taskStopped>[1]): Promise<boolean> => {
  const claim = { sessionId: task.sessionId, epoch: task.epoch };
  const outcome = await invoke(cloud, 'task-events', (control) => taskStopped(control, task), 30_000, claim);
  return outcome.kind === 'done';
};

export const sweep = (cloud: Cloud) =>
  invoke(cloud, 'reaper', async (control) => recordRun(control, 'reaper', await reap(control)), 60_000);

export const reconciliation = (cloud: Cloud) =>
  invoke(
    cloud,
    'reconciler',
    async (control) => recordRun(control, 'reconciler', await reconcile(control)),
    60_000,
  );

/** The worker API: each call but the first with the worker's own credentials. */
export const workerApi = {
  bootstrap,
  report: authorized(report),
  events: authorized(acceptEvents),
  upload: authorized(beginUpload),
  commit: authorized(commitUpload),
  discard: authorized(discardAuthState),
  lastWord: authorized(lastWord),
  claim: authorized((control, session) => claimNext(control, session)),
  commandResult: authorized(
    (control, session, { id, outcome }: { readonly id: string; readonly outcome: CommandOutcome }) =>
      answerCommand(control, session, id, outcome),
  ),
};

function authorized<B, T>(run: (control: Control, session: Session, body: B) => Promise<T>) {
  return async (control: Control, authorization: string, body: B): Promise<T> =>
    run(control, await authenticateWorker(control, authorization), body);
}
