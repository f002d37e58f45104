/** `npm run fuzz`: bad and odd inputs for every route of a running system. */
import { program } from 'commander';
import { wholeNumber } from '../helpers/whole-number.ts';
import { fuzz } from './run.ts';
import { startFuzzTarget } from './target.ts';

const { runs, seed, only } = program
  .name('npm run fuzz --')
  .description('Sends bad and odd inputs to every route: no defect, no hang, no change, no word too many.')
  .option('--runs <n>', 'inputs in all', wholeNumber, 10_000)
  .option(
    '--seed <s>',
    'the same seed and number again send the same',
    wholeNumber,
    (Date.now() % 1_000_000) + 1,
  )
  .option('--only <text>', 'only to operations with this in their id', '')
  .parse()
  .opts<{ runs: number; seed: number; only: string }>();

console.log(`seed ${seed}, ${runs} inputs`);
const target = await startFuzzTarget();
try {
  const begun = performance.now();
  const { inputs, statuses, faults } = await fuzz(target, {
    runs,
    seed,
    only,
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
  await target.stop();
}
