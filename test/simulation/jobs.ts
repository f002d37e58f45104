/** Seeds to run, with or without a planted fault, here or in separate processes. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { loadMutant } from './mutant.ts';
import { loadSimulation, SIMULATION_NAMES } from './simulations.ts';

export const jobSchema = z.object({
  /** Index into MUTATIONS; absent: the rules as they are. */
  mutation: z.int().optional(),
  /** In place of the control plane's. */
  simulation: z.enum(SIMULATION_NAMES).optional(),
  seeds: z.array(z.int()),
});
export type Job = z.input<typeof jobSchema>;

const resultSchema = z.object({
  /** Up to and with the one that failed. */
  seeds: z.int(),
  steps: z.int(),
  admissions: z.int(),
  failed: z.object({ seed: z.int(), steps: z.int(), invariant: z.string(), message: z.string() }).optional(),
});
type Result = z.infer<typeof resultSchema>;

/** Runs a job's seeds in order, up to the first that breaks a promise. */
export const runJob = async ({ mutation, simulation, seeds }: Job): Promise<Result> => {
  const run = await (mutation === undefined ? loadSimulation(simulation) : loadMutant(mutation));
  const done = { seeds: 0, steps: 0, admissions: 0 };
  for (const seed of seeds) {
    const { steps, admissions, violation } = await run(seed);
    done.seeds += 1;
    done.steps += steps;
    done.admissions += admissions;
    if (violation) {
      return { ...done, failed: { seed, steps, invariant: violation.invariant, message: violation.message } };
    }
  }
  return done;
};

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));

/** Hands the jobs out in order to `workers` processes; none after `onResult` said false. */
export const runJobs = async (
  jobs: readonly Job[],
  workers: number,
  onResult: (result: Result, job: Job) => boolean,
): Promise<void> => {
  const waiting = [...jobs];
  const work = async () => {
    const child = fork(CHILD);
    try {
      for (let job = waiting.shift(); job; job = waiting.shift()) {
        if (!onResult(await answerOf(child, job), job)) waiting.length = 0;
      }
    } finally {
      child.kill();
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, jobs.length) }, work));
};

const answerOf = async (child: ChildProcess, job: Job): Promise<Result> => {
  const over = new AbortController();
  try {
    const ended = once(child, 'exit', { signal: over.signal }).then(([code]) => {
      throw new Error(`a process of the simulation ended with ${String(code)}`);
    });
    child.send(job);
    const [message] = await Promise.race([once(child, 'message', { signal: over.signal }), ended]);
    ended.catch(() => {});
    return resultSchema.parse(message);
  } finally {
    over.abort();
  }
};
