/** `npm run simulate`: seeds of the simulation, one of them with its trace, or faults planted into the rules. */
import { availableParallelism } from 'node:os';
import { program } from 'commander';
import { wholeNumber } from '../helpers/whole-number.ts';
import { type Job, runJobs } from './jobs.ts';
import { MUTATIONS } from './mutations.ts';
import { ABOUT, loadSimulation, SIMULATION_NAMES, type SimulationName } from './simulations.ts';

for (const name of SIMULATION_NAMES) program.option(`--${name}`, `simulate ${ABOUT[name]} instead`, false);

const options = program
  .name('npm run simulate --')
  .description(
    'Runs the rules under crashes, duplicates, delays and reorders, and checks their promises at every step.',
  )
  .option('--seeds <n>', 'how many seeds (200; with --mutations: 1,000 at most for each fault)', wholeNumber)
  .option('--seed <s>', 'alone: this seed again, with its trace; with --seeds: the first one', wholeNumber)
  .option('--workers <n>', 'processes', wholeNumber, availableParallelism())
  .option('--mutations', 'plant each fault of mutations.ts until it is found', false)
  .option('--known', 'with --mutations: only by the seed that is known to find it, and a few more', false)
  .option('--only <text>', 'with --mutations: only those whose name has it', '')
  .parse()
  .opts<
    Record<SimulationName, boolean> & {
      seeds?: number;
      seed?: number;
      workers: number;
      mutations: boolean;
      known: boolean;
      only: string;
    }
  >();

const first = options.seed ?? 1;
const instead = SIMULATION_NAMES.find((name) => options[name]);
const print = (line: string): void => console.log(line);
const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

const replay = async (): Promise<void> => {
  const run = await loadSimulation(instead);
  const { violation, steps, virtualMs, admissions, releases, snapshots } = await run(first, print);
  const minutes = Math.round(virtualMs / 60_000);
  print(
    `seed ${first}: ${steps} steps, ${minutes} min, ${admissions} admissions, ${releases} releases, ${snapshots} snapshots`,
  );
  if (violation) process.exitCode = 1;
};

/** Small enough that all processes end together, large enough that handing out costs nothing. */
const SEEDS_OF_A_JOB = 25;
const PROGRESS_EVERY = 1_000;

const runSeeds = async (): Promise<void> => {
  const wanted = options.seeds ?? 200;
  const jobs: Job[] = [];
  for (let seed = first; seed < first + wanted; seed += SEEDS_OF_A_JOB) {
    jobs.push({
      ...(instead && { simulation: instead }),
      seeds: range(seed, Math.min(SEEDS_OF_A_JOB, first + wanted - seed)),
    });
  }
  const begun = performance.now();
  const done = { seeds: 0, steps: 0, admissions: 0 };
  const failures: { seed: number; steps: number; message: string }[] = [];
  await runJobs(jobs, options.workers, ({ seeds, steps, admissions, failed }) => {
    done.seeds += seeds;
    done.steps += steps;
    done.admissions += admissions;
    if (failed) failures.push(failed);
    if (done.seeds % PROGRESS_EVERY === 0 && !failed) print(`… ${done.seeds} seeds`);
    return failures.length === 0;
  });
  // Handed out in order, so the first of all that fail is among these.
  const [failed] = failures.sort((a, b) => a.seed - b.seed);
  if (failed) {
    print(`seed ${failed.seed} failed after ${failed.steps} steps`);
    print(`  ${failed.message}`);
    print(
      `  again, with its trace: npm run simulate -- ${instead ? `--${instead} ` : ''}--seed ${failed.seed}`,
    );
    process.exitCode = 1;
    return;
  }
  const rate = (done.seeds / (performance.now() - begun)) * 1000;
  print(
    `${done.seeds} seeds clean from ${first} on: ${done.steps} steps, ${done.admissions} admissions, ${rate.toFixed(1)} seeds/s`,
  );
};

/** Besides the known one, so that a change of the model that moves what a seed does is not yet a fault missed. */
const MORE_SEEDS = 5;

/** As a table in Markdown: docs/simulation.md shows one. */
const runMutations = async (): Promise<void> => {
  const wanted = options.seeds ?? 1_000;
  const jobs = MUTATIONS.flatMap(({ name, seed }, mutation): Job[] => {
    if (!name.includes(options.only) || (options.known && seed === 0)) return [];
    return [
      { mutation, seeds: options.known ? [seed, ...range(seed + 1, MORE_SEEDS)] : range(first, wanted) },
    ];
  });
  const rows = new Map<number | undefined, string>();
  let missed = 0;
  await runJobs(jobs, options.workers, ({ failed, seeds }, { mutation }) => {
    const name = MUTATIONS[mutation ?? 0]?.name ?? '';
    if (!failed) missed += 1;
    rows.set(
      mutation,
      failed ? row(name, failed.seed, failed.invariant) : row(name, `none of ${seeds}`, 'MISSED'),
    );
    // A word on the way; the table comes in the order of the list.
    console.error(rows.get(mutation));
    return true;
  });
  print(row('Planted fault', 'Seed', 'Broken promise'));
  print('| --- | --- | --- |');
  for (const { mutation } of jobs) print(rows.get(mutation) ?? '');
  print('');
  print(
    missed === 0 ? `all ${jobs.length} planted faults were found` : `${missed} planted faults were missed`,
  );
  if (missed > 0) process.exitCode = 1;
};

const row = (...cells: (string | number)[]): string => `| ${cells.join(' | ')} |`;

if (options.mutations) await runMutations();
else if (options.seed !== undefined && options.seeds === undefined) await replay();
else await runSeeds();
