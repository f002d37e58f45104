/** `npm run soak`: linked sessions at work for an hour, with kills on the way. */
import { appendFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { program } from 'commander';
import { wholeNumber } from '../helpers/whole-number.ts';
import { runSoak } from './run.ts';

type Options = {
  sessions: number;
  minutes: number;
  in: number;
  out: number;
  seed: number;
  killEvery: number;
  systemKill: boolean;
  rest: number;
  hold: boolean;
  outFile?: string;
};

const options = program
  .name('npm run soak --')
  .description(
    'Linked sessions at work, in a separate local system with the simulator. Workers and browsers are killed all the time, and the whole system once, in the middle. A row a minute; the exit code is 1 if a message was lost, delivered twice or out of order, or if an answer to a send was not true. It needs Linux.',
  )
  .option('--sessions <n>', 'linked sessions', wholeNumber, 50)
  .option('--minutes <n>', 'how long', wholeNumber, 60)
  .option('--in <n>', 'messages to the sessions, a second', wholeNumber, 5)
  .option('--out <n>', 'messages from the sessions, a second', wholeNumber, 2)
  .option('--seed <s>', 'another order of messages and kills', wholeNumber, 1)
  .option('--kill-every <seconds>', 'from one kill of a worker or browser to the next', wholeNumber, 60)
  .option('--no-system-kill', 'the whole system is not killed')
  .option('--rest <seconds>', 'measure sessions without messages first', wholeNumber, 60)
  .option('--hold', 'messages to a session that is down must be delivered, too')
  .option('--out-file <path>', 'append every line to this file as well')
  .parse()
  .opts<Options>();

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
const { outFile } = options;
const say = (line: string): void => {
  console.log(line);
  if (outFile !== undefined) appendFileSync(outFile, `${line}\n`);
};
say(
  `\n${new Date().toISOString().slice(0, 16)}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 1e9)} GB, Node ${process.version}`,
);
say(
  `${options.sessions} sessions, ${options.minutes} minutes, ${options.in} in and ${options.out} out a second, seed ${options.seed}`,
);
const { broken } = await runSoak({
  sessions: options.sessions,
  seconds: options.minutes * 60,
  in: options.in,
  out: options.out,
  seed: options.seed,
  killEvery: options.killEvery,
  killSystem: options.systemKill,
  rest: options.rest,
  drain: 120,
  row: 60,
  hold: options.hold === true,
  onLine: say,
});
process.exit(broken.length === 0 ? 0 : 1);
