import type * as z from 'zod';
import {
  isStarted,
  type reportedStepsSchema,
  START_STEPS,
  type StartStep,
  type StartSteps,
} from '../contract/worker/start-steps.ts';
import type { Time } from './base/time.ts';

type ReportedSteps = z.infer<typeof reportedStepsSchema>;
export type OwnStep = keyof ReportedSteps;

/** The steps of this worker's start, until it shows a code or works. Times in ms of the local clock. */
export type StartTimeLine = {
  /** A step counts once; after the end of the start none does. */
  reached(step: OwnStep, at?: number): void;
  /** Steps that no accepted report has contained. */
  readonly unreported: ReportedSteps;
  /** A report with these steps was accepted. */
  reported(steps: ReportedSteps): void;
};

export const createStartTimeLine = (time: Time): StartTimeLine => {
  const steps: StartSteps = {};
  const accepted = new Set<StartStep>();
  return {
    reached(step, at = time.now()) {
      if (steps[step] === undefined && !isStarted(steps)) steps[step] = Math.round(at);
    },
    get unreported() {
      return Object.fromEntries(
        START_STEPS.filter((step) => steps[step] !== undefined && !accepted.has(step)).map((step) => [
          step,
          steps[step],
        ]),
      );
    },
    reported(steps) {
      for (const step of START_STEPS) if (step in steps) accepted.add(step);
    },
  };
};

export const shifted = (steps: ReportedSteps, shift: (at: number) => number): ReportedSteps =>
  Object.fromEntries(Object.entries(steps).map(([step, at = 0]) => [step, Math.round(shift(at))]));
