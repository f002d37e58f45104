/** Runs the steps one after the other; what fails is written down, and the rest still runs. */
import { explain } from '../exit.ts';
import { LIFE_STEPS } from './life.ts';
import { MESSAGE_STEPS } from './messages.ts';
import { READING_STEPS } from './reading.ts';
import { NotSeen, type Step, type StepResult, type Trial } from './trial.ts';

/** In the order in which they run. */
const STEPS: readonly Step[] = [...MESSAGE_STEPS, ...READING_STEPS, ...LIFE_STEPS];

const WITHOUT: Readonly<Record<NonNullable<Step['needs']>, string>> = {
  to: 'needs a second number: --to',
  peer: 'needs the session of the second number: --to-session',
};

export const runSteps = async (
  trial: Trial,
  options: { readonly restart: boolean; readonly onResult: (result: StepResult) => void },
  steps: readonly Step[] = STEPS,
): Promise<StepResult[]> => {
  const results: StepResult[] = [];
  const add = (result: StepResult) => {
    results.push(result);
    options.onResult(result);
  };
  for (const { name: step, needs, restarts, run } of steps) {
    const why =
      needs && trial[needs] === undefined
        ? WITHOUT[needs]
        : restarts && !options.restart
          ? 'left out by --no-restart'
          : undefined;
    if (why !== undefined) {
      add({ step, result: 'skipped', seen: why, ms: 0 });
      continue;
    }
    const startedAt = trial.now();
    try {
      const seen = await run(trial);
      add({ step, result: 'ok', seen, ms: trial.now() - startedAt });
    } catch (error) {
      const seen = error instanceof NotSeen ? error.message : explain(error).message;
      add({ step, result: 'failed', seen, ms: trial.now() - startedAt });
    }
  }
  return results;
};
