/**
 *   npm run fuzz                            10,000 inputs, from a seed of its own
 *   npm run fuzz -- --runs 50000 --seed 7   more; the same seed and number again send the same
 *   npm run fuzz -- --seed 7 --only limits  only to operations with this in their id
 */
import { parseArgs } from 'node:util';
import { fuzz } from './run.ts';
import { startWorld } from './world.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string', default: '' },
  },
});

const whole = (name: 'runs' | 'seed'): number => {
  const number = Number(values[name]);
  if (Number.isInteger(number) && number > 0) return number;
  console.error(`--${name} must be a whole number above 0, got "${values[name]}"`);
  process.exit(2);
};

const runs = whole('runs');
const seed = whole('seed');
console.log(`seed ${seed}, ${runs} inputs`);
const world = await startWorld();
try {
  const begun = performance.now();
  const { inputs, statuses, faults } = await fuzz(world, {
    runs,
    seed,
    only: values.only,
    onProgress: (line) => console.log(line),
  });
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
  console.log(`${inputs} inputs in ${seconds} s; ${counts.join(', ')}`);
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) {
    console.error(`${faults.length} faults; again with: npm run fuzz -- --runs ${runs} --seed ${seed}`);
    process.exitCode = 1;
  }
} finally {
  await world.stop();
}
