/** The time line of a start: what its worker and its task engine report, step by step. */

import type * as z from 'zod';
import type { SessionView } from '../../contract/bodies/sessions.ts';
import type { reportRequestSchema } from '../../contract/worker/protocol.ts';
import {
  isStarted,
  START_STEPS,
  STEPS_AFTER_CLAIM,
  type StartStep,
  type StartSteps,
} from '../../contract/worker/start-steps.ts';
import type { Deps } from '../deps.ts';
import { taskArnOf } from './find-task.ts';
import type { Session } from './session.ts';

/** The steps with those of a report: a step is reached once. */
export const withReported = (
  known: StartSteps | undefined,
  reported: z.infer<typeof reportRequestSchema>['start'],
): StartSteps => ({ ...reported, ...known });

const isStandby = (session: Session): boolean =>
  session.standby !== undefined && session.standby.taskArn === taskArnOf(session);

/** The steps of this session's start, in ms since it began. A standby task has done the others before. */
const elapsed = (session: Session, began: number): [StartStep, number][] => {
  const { startSteps = {} } = session;
  const counted = isStandby(session) ? STEPS_AFTER_CLAIM : START_STEPS;
  return counted.flatMap((step) => {
    const at = startSteps[step];
    // Two clocks: a step cannot be before the start.
    return at === undefined ? [] : [[step, Math.max(0, at - began)] as [StartStep, number]];
  });
};

const beganAt = ({ restartAt, startedAt }: Session): number | undefined => restartAt ?? startedAt;

export const startView = (session: Session): SessionView['start'] => {
  const began = beganAt(session);
  if (began === undefined || session.startSteps === undefined) return null;
  return {
    at: new Date(began).toISOString(),
    standby: isStandby(session),
    steps: Object.fromEntries(elapsed(session, began)),
  };
};

/** A report is no measure: a worker may send any number. */
const LONGEST_MS = 3_600_000;

/** Counts the steps once, when the start ends with a code or with a client that works. */
export const countStart = ({ metrics }: Pick<Deps, 'metrics'>, before: Session, after: Session): void => {
  const began = beganAt(after);
  if (began === undefined || isStarted(before.startSteps ?? {}) || !isStarted(after.startSteps ?? {})) return;
  const Task = isStandby(after) ? 'standby' : 'own';
  for (const [Step, ms] of elapsed(after, began))
    if (ms <= LONGEST_MS) metrics.count('StartStep', ms, { Step, Task });
};
