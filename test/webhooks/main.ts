/**
 *   npm run webhooks:faults                                10,000 events, the endpoint down for two minutes
 *   npm run webhooks:faults -- --events 2000 --seed 7      fewer; another order of faults
 *   npm run webhooks:faults -- --down 30                   seconds
 */
import { parseArgs } from 'node:util';
import { runFaults } from './run.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    down: { type: 'string', default: '120' },
  },
});

const whole = (name: 'events' | 'seed' | 'down'): number => {
  const number = Number(values[name]);
  if (Number.isInteger(number) && number > 0) return number;
  console.error(`--${name} must be a whole number above 0, got "${values[name]}"`);
  process.exit(2);
};

const downMs = whole('down') * 1_000;
const { broken, seconds, ...counts } = await runFaults({
  seed: whole('seed'),
  events: whole('events'),
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
