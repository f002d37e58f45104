/**
 *   npm run simulate                          200 seeds
 *   npm run simulate -- --seeds 10000         more; --seed S: from there on
 *   npm run simulate -- --seed 7              one seed again, with its trace
 *   npm run simulate -- --mutations           plants each fault of mutations.ts until it is found
 */
import { parseArgs } from 'node:util';
import { loadMutant } from './mutant.ts';
import { MUTATIONS } from './mutations.ts';
import { type Outcome, simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    steps: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    mutations: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});

const whole = (name: 'seed' | 'seeds', otherwise: number): number => {
  const given = values[name];
  if (given === undefined) return otherwise;
  const number = Number(given);
  if (Number.isInteger(number) && number > 0) return number;
  console.error(`--${name} must be a whole number above 0, got "${given}"`);
  process.exit(2);
};

const first = whole('seed', 1);
const print = (line: string): void => console.log(line);

const describe = (outcome: Outcome): string => {
  const { seed, steps, virtualMs, admissions, releases, snapshots } = outcome;
  const minutes = Math.round(virtualMs / 60_000);
  return `seed ${seed}: ${steps} steps, ${minutes} min, ${admissions} admissions, ${releases} releases, ${snapshots} snapshots`;
};

/** Runs seeds until one fails; the number of the failing one. */
const runSeeds = async (): Promise<void> => {
  const replay = values.seed !== undefined && values.seeds === undefined;
  const seeds = replay ? 1 : whole('seeds', 200);
  const begun = performance.now();
  let steps = 0;
  let admissions = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const outcome = await simulate(seed, replay || values.trace ? print : undefined);
    steps += outcome.steps;
    admissions += outcome.admissions;
    if (values.steps) print(describe(outcome));
    if (outcome.violation) {
      print(`seed ${seed} failed after ${outcome.steps} steps`);
      print(`  ${outcome.violation.invariant}: ${outcome.violation.message}`);
      print(`  again, with its trace: npm run simulate -- --seed ${seed}`);
      process.exitCode = 1;
      return;
    }
  }
  const seconds = (performance.now() - begun) / 1000;
  print(
    `${seeds} seeds clean from ${first} on: ${steps} steps, ${admissions} admissions, ${(seeds / seconds).toFixed(1)} seeds/s`,
  );
};

const runMutations = async (): Promise<void> => {
  const seeds = whole('seeds', 400);
  let missed = 0;
  for (const [index, { name }] of MUTATIONS.entries()) {
    if (values.only !== undefined && !name.includes(values.only)) continue;
    const mutant = await loadMutant(index);
    let found: Outcome | undefined;
    for (let seed = first; seed < first + seeds && !found; seed++) {
      const outcome = await mutant.simulate(seed);
      if (outcome.violation) found = outcome;
    }
    if (!found) missed += 1;
    const number = found ? String(found.seed - first + 1) : `none of ${seeds}`;
    print(`${number.padStart(6)}  ${name.padEnd(60)} ${found?.violation?.invariant ?? 'MISSED'}`);
  }
  print(missed === 0 ? 'every mutation was caught' : `${missed} mutations were missed`);
  if (missed > 0) process.exitCode = 1;
};

await (values.mutations ? runMutations() : runSeeds());
