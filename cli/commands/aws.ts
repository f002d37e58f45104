import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import * as z from 'zod';
import { examples, runs } from '../command.ts';
import { AlreadyReported, CliError, EXIT } from '../exit.ts';

/** Of the checkout; the packed command line is without it, as without the CDK app that it judges. */
const INFRA = join(import.meta.dirname, '..', '..', 'infra');

const inputSchema = z.object({
  env: z.string(),
  config: z.string().optional(),
  arch: z.string().optional(),
  settings: z.string().optional(),
});

/** `berth aws check`: what `npm run preflight` does. Needs no key and no server. */
export const addAws = (program: Command): void => {
  const aws = program.command('aws').description('the AWS account that Berth is deployed to');
  const check = aws
    .command('check')
    .description(
      'report what a deployment lacks in the account and on this machine, with the command that fixes it; changes nothing',
    )
    .requiredOption('--env <name>', 'dev, staging, prod, or an environment of your config file')
    .option('--config <path>', 'your config file (default: berth.config.ts, .mjs or .json beside cdk.json)')
    .option('--arch <ARM64|X86_64>', 'of the tasks, as -c arch= of the deployment')
    .option('--settings <json>', 'as -c settings= of the deployment');
  examples(check, '--env dev', '--env prod --json');
  runs(check, inputSchema, async (input, { out }) => {
    const launcher = join(INFRA, 'run.mjs');
    if (!existsSync(launcher))
      throw new CliError(
        EXIT.usage,
        'this command needs the folder that Berth is deployed from',
        'run it there',
      );
    const args = Object.entries(input).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, value],
    );
    const child = spawn(
      process.execPath,
      [launcher, 'preflight/main.ts', ...args, ...(out.json ? ['--json'] : [])],
      { stdio: 'inherit' },
    );
    const [code] = await once(child, 'exit');
    if (code !== EXIT.ok) throw new AlreadyReported(code === EXIT.usage ? EXIT.usage : EXIT.failure);
  });
};
