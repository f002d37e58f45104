/**
 * The functions that functions/ composes of the rules, one invocation each; the edges around them are not modeled.
 */
import type * as z from 'zod';
import type { cleanupRequestSchema } from '../../../contract/bodies/admin.ts';
import type { SessionConfig } from '../../../contract/bodies/session-config.ts';
import { beginUpload, commitUpload, discardAuthState } from '../../../core/accounts/snapshots.ts';
import { createSession } from '../../../core/admission/create.ts';
import { launchAndPublish, started } from '../../../core/admission/launch-and-publish.ts';
import { changeLimits, type LimitsChange } from '../../../core/admission/limits.ts';
import { answerCommand, claimNext } from '../../../core/commands/waiting-commands.ts';
import { type Woken, wakeAndRun } from '../../../core/commands/wake.ts';
import type { Deps } from '../../../core/deps.ts';
import { drainHost } from '../../../core/lifecycle/drain-host.ts';
import { deleteSession, unlinkFirst, untilEnded } from '../../../core/lifecycle/end.ts';
import { loadSession } from '../../../core/lifecycle/load.ts';
import { logoutSession } from '../../../core/lifecycle/logout.ts';
import type { Session } from '../../../core/lifecycle/session.ts';
import { startWhenEnded } from '../../../core/lifecycle/start.ts';
import { stopSession } from '../../../core/lifecycle/stop.ts';
import { taskStopped } from '../../../core/lifecycle/task-stopped.ts';
import { updateConfig } from '../../../core/lifecycle/update.ts';
import {
  acceptEvents,
  authenticateWorker,
  bootstrap,
  finalReport,
  report,
} from '../../../core/lifecycle/worker.ts';
import { recordRun } from '../../../core/observability/health.ts';
import type { CommandOutcome } from '../../../core/ports.ts';
import { cleanUp } from '../../../core/reaping/cleanup.ts';
import { reap } from '../../../core/reaping/reap.ts';
import { reconcile } from '../../../core/reconciliation/reconcile.ts';
import { stepRollout } from '../../../core/rollout/rollout.ts';
import { keepStandby } from '../../../core/standby/keep.ts';
import { reportStandby } from '../../../core/standby/report.ts';
import { standbyTaskStopped } from '../../../core/standby/stopped.ts';
import type { Cloud } from './cloud.ts';
import { invoke } from './http.ts';

export type Named = { readonly userId: string; readonly name: string };

export const create = async (
  deps: Deps,
  request: Named & {
    readonly config: SessionConfig;
    readonly start: boolean;
    readonly idempotencyKey: string;
  },
): Promise<Session> => {
  const { userId, name, config, start, idempotencyKey } = request;
  const requestHash = deps.sha256(JSON.stringify([userId, name, config, start]));
  const idempotency = { key: idempotencyKey, requestHash };
  const created = await createSession(deps, { userId, name, config, start, idempotency });
  return created.admitted && start ? await launchAndPublish(deps, created.session) : created.session;
};

/** @param answered sees what the start is answered with, before its task is launched */
export const start = async (
  deps: Deps,
  { userId, name }: Named,
  answered: (session: Session) => void = () => {},
): Promise<Session> => {
  const admission = await startWhenEnded(deps, userId, name, 15_000);
  answered(admission.session);
  return started(deps, admission);
};

/** @param answered sees what the stop is answered with */
export const stop = async (
  deps: Deps,
  { userId, name }: Named,
  answered: (session: Session) => void = () => {},
): Promise<Session> => {
  const session = await stopSession(deps, await loadSession(deps, userId, name), 'user');
  answered(session);
  return session;
};

export const restart = async (deps: Deps, named: Named): Promise<Session> => {
  await stop(deps, named);
  return start(deps, named);
};

export const remove = async (deps: Deps, named: Named): Promise<void> => {
  const end = deps.clock() + 22_000;
  await unlinkFirst(deps, await loadSession(deps, named.userId, named.name), 12_000);
  await deleteSession(deps, await untilEnded(deps, await stop(deps, named), end - deps.clock()));
};

/** @param answered sees the session before, and what the logout is answered with */
export const logout = async (
  deps: Deps,
  { userId, name }: Named,
  answered: (before: Session, after: Session) => void,
): Promise<void> => {
  const before = await loadSession(deps, userId, name);
  answered(before, await logoutSession(deps, before, deps.clock() + 26_000));
};

/** To a stopped session too: it is started for it. */
export const send = async (
  deps: Deps,
  { userId, name }: Named,
  { text, key }: { readonly text: string; readonly key: string | undefined },
): Promise<Woken<unknown>> => {
  const session = await loadSession(deps, userId, name);
  return wakeAndRun(deps, session, 'sendText', { chatId: '491701234567@c.us', text }, key);
};

export const update = (deps: Deps, { userId, name }: Named, config: SessionConfig): Promise<Session> =>
  updateConfig(deps, userId, name, config);

export const limits = (deps: Deps, change: LimitsChange) => changeLimits(deps, change);

export const cleanup = (deps: Deps, body: z.infer<typeof cleanupRequestSchema>) => cleanUp(deps, body);

/** True if it was handled. */
export const taskEvents = async (cloud: Cloud, task: Parameters<typeof taskStopped>[1]): Promise<boolean> => {
  const claim = { sessionId: task.sessionId, epoch: task.epoch };
  const outcome = await invoke(cloud, 'task-events', (deps) => taskStopped(deps, task), 30_000, claim);
  return outcome.kind === 'done';
};

/** The same for a host that drains. */
export const hostEvents = async (cloud: Cloud, host: string): Promise<boolean> => {
  const outcome = await invoke(cloud, 'task-events', (deps) => drainHost(deps, host), 30_000);
  return outcome.kind === 'done';
};

export const standbyEvents = async (
  cloud: Cloud,
  task: Parameters<typeof standbyTaskStopped>[1],
): Promise<boolean> => {
  const outcome = await invoke(cloud, 'standby-events', (deps) => standbyTaskStopped(deps, task), 30_000);
  return outcome.kind === 'done';
};

export const sweep = (cloud: Cloud) =>
  invoke(
    cloud,
    'reaper',
    async (deps) => {
      await recordRun(deps, 'reaper', await reap(deps));
      if (cloud.withStandby) await keepStandby(deps);
    },
    60_000,
  );

/** The reaper's whole function: a sweep, then a step of the rollout. */
export const sweepWithRollout = async (cloud: Cloud): Promise<void> => {
  await sweep(cloud);
  await invoke(cloud, 'reaper, rollout', (deps) => stepRollout(deps), 60_000);
};

export const reconciliation = (cloud: Cloud) =>
  invoke(cloud, 'reconciler', async (deps) => recordRun(deps, 'reconciler', await reconcile(deps)), 60_000);

const authorized = <B, T>(run: (deps: Deps, session: Session, body: B) => Promise<T>) => {
  return async (deps: Deps, authorization: string, body: B): Promise<T> =>
    run(deps, await authenticateWorker(deps, authorization), body);
};

/** The worker API: each call but the first with the worker's own credentials. */
export const workerApi = {
  bootstrap,
  standby: reportStandby,
  report: authorized(report),
  events: authorized(acceptEvents),
  upload: authorized(beginUpload),
  commit: authorized(commitUpload),
  discard: authorized(discardAuthState),
  finalReport: authorized(finalReport),
  claim: authorized((deps, session) => claimNext(deps, session)),
  commandResult: authorized(
    (deps, session, { id, outcome }: { readonly id: string; readonly outcome: CommandOutcome }) =>
      answerCommand(deps, session, id, outcome),
  ),
};
