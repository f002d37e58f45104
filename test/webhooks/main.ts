/** `npm run webhooks:faults`: events to an endpoint that fails in every way. */
import { program } from 'commander';
import { wholeNumber } from '../helpers/whole-number.ts';
import { runFaults } from './run.ts';

const { events, seed, down } = program
  .name('npm run webhooks:faults --')
  .description(
    'Delivers events to an endpoint that fails in every way: none is lost, and their order is kept.',
  )
  .option('--events <n>', 'how many', wholeNumber, 10_000)
  .option('--seed <s>', 'another order of faults', wholeNumber, 1)
  .option('--down <seconds>', 'how long the endpoint is down', wholeNumber, 120)
  .parse()
  .opts<{ events: number; seed: number; down: number }>();

const downMs = down * 1_000;
const { broken, seconds, ...counts } = await runFaults({
  seed,
  events,
  sessions: 20,
  downMs,
  // 30 attempts are two and a half outages.
  retryDelaySeconds: Math.max(1, Math.ceil(downMs / 12_000)),
  visibilitySeconds: 15,
  kills: 5,
  hangs: true,
  limitMs: 3_600_000,
  onProgress: (line) => console.log(line),
});
console.log('');
for (const [name, count] of Object.entries(counts)) console.log(`${name.padEnd(16)}${count}`);
console.log(`${'seconds'.padEnd(16)}${seconds.toFixed(0)}`);
console.log(broken.length === 0 ? 'none lost, order kept, every repeat with its id' : broken.join('\n'));
process.exitCode = broken.length === 0 ? 0 : 1;
process.exit();
