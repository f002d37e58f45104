import type { Command } from 'commander';
import * as z from 'zod';
import type { DrainReport } from '../../contract/bodies/admin.ts';
import { examples, runs } from '../command.ts';
import { confirm } from '../confirm.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { followProgress } from '../follow.ts';
import { durationInput } from '../input.ts';

const EVERY_MS = 1_000;

/** `berth drain` (admin keys): before an environment is destroyed. */
export const addDrain = (program: Command): void => {
  const command = program
    .command('drain')
    .description(
      'prevent starts, end all sessions and wait until no task runs (admin keys); accounts are kept',
    )
    .option('--dry-run', 'show what runs; change nothing')
    .option('--yes', 'do not ask')
    .option('--wait <duration>', 'how long to wait for the end', '10m');
  examples(command, '--dry-run', '', '--yes --wait 20m');
  const input = z.object({
    dryRun: z.boolean().default(false),
    yes: z.boolean().default(false),
    wait: durationInput,
  });
  runs(command, input, async ({ dryRun, yes, wait }, context) => {
    const client = context.api();
    const before = await client.drain({ dryRun: true });
    if (dryRun) return show(context, before, `${left(before)}; the global limit is ${before.limitBefore}`);
    if (!yes) await confirm(`Prevent starts, and end ${before.active} sessions?`);
    const report = await followProgress(
      context,
      async () => ({ ...(await client.drain()), limitBefore: before.limitBefore }),
      { progress: left, isDone: ({ drained }) => drained, pollMs: EVERY_MS, waitMs: wait * 1000 },
    );
    if (!report.drained)
      throw new CliError(
        EXIT.failure,
        `not drained yet: ${left(report)}`,
        'run it again to continue; the reaper ends what does not end by itself',
      );
    show(
      context,
      report,
      `drained: no session runs and none can start\nto allow starts again: berth limits set --global ${report.limitBefore}`,
    );
  });
};

const left = ({ active, tasks }: DrainReport): string => `${active} sessions and ${tasks} tasks left`;

const show = (context: Context, report: DrainReport, text: string): void => context.out.result(report, text);
