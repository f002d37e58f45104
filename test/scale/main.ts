/**
 * `npm run scale`: a day of a fleet in virtual time through the real rules, and its use of AWS beside each quota and
 * price. A part of the fleet is simulated and represents the whole; sweeps are measured over the whole fleet.
 */
import { InvalidArgumentError, program } from 'commander';
import { environmentOf } from '../../infra/environments.ts';
import { FUNCTIONS } from '../../infra/functions.ts';
import { wholeNumber } from '../helpers/whole-number.ts';
import { simulateDay } from './day.ts';
import { loadOf } from './load.ts';
import { quotasOf, withoutRoom } from './quotas.ts';
import { billLines, changeLines, quotaLines, trafficLines, verdictLine } from './report.ts';
import { measureSweeps } from './sweeps.ts';

const number = (value: number): string => {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
};

const share = (text: string): number => {
  const value = Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('must be between 0 and 1');
  return value;
};

const options = program
  .name('npm run scale --')
  .description('Simulates a day of a fleet and compares what it asks of AWS with quotas and prices.')
  .option('--sessions <n>', 'sessions of the fleet', wholeNumber, 5000)
  .option('--cohort <n>', 'of them, simulated for the day; each represents as many others', wholeNumber, 20)
  .option('--hours <n>', 'hours of the day to simulate, 19 at least for all of it', wholeNumber, 24)
  .option('--messages <n>', 'a session and hour, sent and received', wholeNumber, 20)
  .option('--always-on <share>', 'share of the fleet that runs around the clock', share, 0.6)
  .option('--env <name>', 'environment whose settings count', 'prod')
  .option('--heartbeat <seconds>', 'instead of the heartbeat of the environment', wholeNumber)
  .parse()
  .opts<{
    sessions: number;
    cohort: number;
    hours: number;
    messages: number;
    alwaysOn: number;
    env: string;
    heartbeat?: number;
  }>();

const environment = environmentOf(options.env);
const { sweepMinutes, task } = environment;
const heartbeatSeconds = options.heartbeat ?? environment.settings.heartbeatSeconds;
const { sessions, cohort, hours, messages } = options;
const day = await simulateDay({
  sessions,
  cohort: Math.min(cohort, sessions),
  messagesAnHour: messages,
  alwaysOn: options.alwaysOn,
  hours,
  settings: { ...environment.settings, heartbeatSeconds },
});
const sweeps = await measureSweeps(day, sessions);
const load = loadOf(day, sweeps, sessions, sweepMinutes);
const quotas = quotasOf(load, environment, FUNCTIONS.reconciler?.timeoutSeconds ?? 60);
const cost = {
  sessions,
  messages,
  // The day has none.
  followers: 0,
  heartbeatSeconds,
  sweepMinutes,
  arch: task.architecture === 'ARM64' ? 'arm' : 'x86',
  vcpu: task.cpu / 1024,
  gib: task.memoryMiB / 1024,
} as const;

const print = (...lines: readonly string[]): void => console.log(lines.join('\n'));
print(
  `${sessions.toLocaleString('en-US')} sessions for ${hours} hours: ${Math.round(options.alwaysOn * 100)} % around the clock, the others from nine to five;`,
  `${messages} messages an hour, a heartbeat every ${heartbeatSeconds} s, one deployment. ${day.cohort} sessions were simulated, each`,
  `represents ${number(day.weight)}. Without faults and conflicts: those are the simulation's (npm run simulate).`,
  '',
  ...trafficLines(day, sweeps, hours, sweepMinutes),
  '',
  ...quotaLines(quotas, sessions),
  '',
  verdictLine(quotas, sessions),
  '',
  'Changes that are needed before:',
  ...changeLines(quotas),
  '',
  `The bill, ${cost.vcpu} vCPU and ${cost.gib} GiB a session (berth cost has the parts):`,
  ...billLines(day, cost),
);
if (withoutRoom(quotas).length > 0) process.exitCode = 1;
