/** `npm run bench`: figures and ratios, as Markdown tables. Everything that is compared is measured in the same run. */
import { Argument, program } from 'commander';
import { throughput, units, window } from './admission.ts';
import { burst } from './burst.ts';
import { fairness } from './fairness.ts';
import { flood } from './flood.ts';
import { link } from './link.ts';
import { recovery } from './recovery.ts';
import { send } from './send.ts';
import { size } from './size.ts';
import { machine } from './support/table.ts';
import { worker } from './worker.ts';

const PARTS: Readonly<Record<string, { readonly about: string; readonly run: () => Promise<void> }>> = {
  throughput: { about: 'admissions, releases and refusals a second', run: throughput },
  units: { about: "what each consumes of DynamoDB's units", run: units },
  window: { about: 'admissions at a rate, with one counter and with eight', run: window },
  worker: { about: "a worker's start and memory: its bundle, its sources, bare Node (Linux)", run: worker },
  size: {
    about: 'a worker under limits of CPU and memory, with a light and a heavy page (Linux, root, cgroup v1)',
    run: size,
  },
  burst: { about: '55 creates at once, of which 50 fit: answers, codes, memory (Linux)', run: burst },
  flood: {
    about:
      '1,000 anonymous requests a second for two minutes over three linked sessions; BERTH_FLOOD_SECONDS',
    run: flood,
  },
  fairness: {
    about: 'a list beside 45 long polls, a webhook beside ten endless endpoints, of another user',
    run: fairness,
  },
  link: {
    about: 'create → QR code and start → WORKING, beside the bare library; BERTH_LINK_ROUNDS (Linux)',
    run: link,
  },
  recovery: {
    about: 'kill -9 of worker, browser, task and system → WORKING again; BERTH_RECOVERY_ROUNDS (Linux)',
    run: recovery,
  },
  send: { about: 'sends through one linked session, beside calls that do less', run: send },
};

const names = Object.keys(PARTS);
program
  .name('npm run bench --')
  .description('Measures Berth on this machine and prints Markdown tables. Without a name: all parts.')
  .addArgument(new Argument('[parts...]', 'which parts').choices(names))
  .addHelpText(
    'after',
    `\nParts:\n${Object.entries(PARTS)
      .map(([name, { about }]) => `  ${name.padEnd(12)}${about}`)
      .join('\n')}`,
  )
  .parse();
const wanted = program.args.length === 0 ? names : program.args;
console.log(`${new Date().toISOString().slice(0, 10)}, ${machine()}`);
for (const [name, { run }] of Object.entries(PARTS)) if (wanted.includes(name)) await run();
process.exit();
