/** The steps of a start, from the task's creation to its QR code or, with a saved account, to a client that works. */
import * as z from 'zod';

const step = (description: string) => z.int().optional().describe(description);

const steps = {
  taskCreated: step('ECS created the task.'),
  pullStarted: step('The task has its host and network; the pull of the image began.'),
  imagePulled: step('The image is pulled.'),
  containerStarted: step('The process of the worker was started.'),
  processUp: step("The worker's code is loaded and runs."),
  bootstrapped: step('The worker has exchanged its token and serves the session.'),
  accountRestored: step('The saved account is in the profile.'),
  browserUp: step('The browser is launched, or the one that waited is taken.'),
  pageLoaded: step('WhatsApp Web is loaded.'),
  codeShown: step('The QR code is there.'),
  working: step('The account is connected.'),
};

export type StartStep = keyof typeof steps;
/** In the order of a start. */
export const START_STEPS = Object.keys(steps) as StartStep[];

/** For people. */
export const START_STEP_WORDS: Readonly<Record<StartStep, string>> = {
  taskCreated: 'task created',
  pullStarted: 'image pull began',
  imagePulled: 'image pulled',
  containerStarted: 'container started',
  processUp: 'worker loaded',
  bootstrapped: 'session taken',
  accountRestored: 'account restored',
  browserUp: 'browser up',
  pageLoaded: 'WhatsApp Web loaded',
  codeShown: 'code shown',
  working: 'working',
};

/** The steps that were reached, earliest first. */
export const byTime = (reached: StartSteps): [step: StartStep, at: number][] =>
  START_STEPS.flatMap((step) => {
    const at = reached[step];
    return at === undefined ? [] : [[step, at] as [StartStep, number]];
  }).sort(([, a], [, b]) => a - b);

/** Of a standby task these happen after its claim; what comes before is done while it waits. */
export const STEPS_AFTER_CLAIM: readonly StartStep[] = START_STEPS.slice(START_STEPS.indexOf('bootstrapped'));

/** A start ends with the first of them. */
export const isStarted = (reached: StartSteps): boolean =>
  reached.codeShown !== undefined || reached.working !== undefined;

/** Times of steps (ms). Steps that do not exist here, such as the pull of an image on a developer's machine, are absent. */
export const startStepsSchema = z.object(steps);
export type StartSteps = z.infer<typeof startStepsSchema>;
/** The data that a worker has of its start. */
export const reportedStepsSchema = startStepsSchema.omit({ taskCreated: true }).strict();
