import type { Command } from 'commander';
import * as z from 'zod';
import type { RolloutReport, RolloutView, Standing } from '../../contract/bodies/rollout.ts';
import { examples, runs } from '../command.ts';
import { confirm } from '../confirm.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { followProgress } from '../follow.ts';
import { countInput, durationInput } from '../input.ts';
import { details } from '../output.ts';

const EVERY_MS = 2_000;

/** `berth rollout`, `berth rollout status`, `berth rollout cancel` (admin keys) */
export const addRollout = (program: Command): void => {
  const rollout = program
    .command('rollout')
    .description('move running sessions to the newest version of the worker, in waves (admin keys)');
  addStart(rollout);
  addStatus(rollout);
  addCancel(rollout);
};

const addStart = (rollout: Command): void => {
  const command = rollout
    .command('start', { isDefault: true })
    .description('start a rollout and follow it; without a subcommand, this is what runs')
    .option('--wave <n>', 'how many sessions move at the same time, 1 to 200', '5')
    .option('--pause <duration>', 'how long a wave must work before the next one begins', '30s')
    .option('--dry-run', 'show what would move; change nothing')
    .option('--no-wait', 'return once it is started')
    .option('--yes', 'do not ask');
  examples(command, '--dry-run', '', '--wave 20 --pause 2m --yes', '--yes --no-wait');
  const input = z.object({
    wave: countInput.pipe(z.int().min(1, 'must be 1 to 200').max(200, 'must be 1 to 200')),
    pause: durationInput.pipe(z.int().max(3600, 'must not be longer than an hour')),
    dryRun: z.boolean().default(false),
    wait: z.boolean(),
    yes: z.boolean().default(false),
  });
  runs(command, input, async ({ wave, pause: pauseSeconds, dryRun, wait, yes }, context) => {
    const client = context.api();
    const planned = await client.rollout.start({ dryRun: true });
    if (dryRun) return context.out.result(planned, planText(planned));
    if (!yes) await confirm(`${planText(planned)}\nStart the rollout?`);
    const started = await client.rollout.start({ wave, pauseSeconds });
    if (!wait) return context.out.result(started, 'started; follow it with: berth rollout status');
    context.out.note('started; Ctrl-C stops following it, “berth rollout cancel” ends it');
    await follow(context, started.rollout?.id);
  });
};

const planText = ({ plan }: RolloutReport): string => {
  if (plan === null) return '';
  const { move, left, newest, unknown } = plan;
  return [
    `${move} sessions would move, ${newest} have the newest version`,
    ...(left > 0 ? [`${left} are left until they end: no restart policy “always”, or not linked`] : []),
    ...(unknown > 0 ? [`${unknown} start or end just now`] : []),
  ].join('\n');
};

/** Follows it to its end. Exit code 1 if it stopped or another one took its place. */
const follow = async (context: Context, id: string | undefined): Promise<void> => {
  const { report, rollout } = await followProgress(
    context,
    async () => {
      const report = await context.api().rollout.get();
      const { rollout } = report;
      if (rollout?.id !== id || rollout === null)
        throw new CliError(EXIT.failure, 'another rollout was started', 'berth rollout status');
      return { report, rollout };
    },
    {
      progress: ({ rollout }) => progressText(rollout),
      isDone: ({ rollout }) => rollout.state !== 'running',
      pollMs: EVERY_MS,
    },
  );
  context.out.result(report, statusText(rollout));
  if (rollout.state !== 'completed')
    throw new CliError(EXIT.failure, `the rollout is ${rollout.state}`, rollout.detail ?? undefined);
};

const progressText = ({ moved, remaining, waves, members }: RolloutView): string => {
  const of = (standing: Standing) => members.filter((member) => member.standing === standing).length;
  const works = of('works');
  const present = members.length === 0 ? '' : `; wave ${waves + 1}: ${works} of ${members.length} work`;
  return `${moved} moved${remaining === null ? '' : `, ${remaining} to go`}${present}`;
};

const statusText = (rollout: RolloutView): string =>
  details([
    ['state', rollout.state],
    ...(rollout.detail === null ? [] : [['detail', rollout.detail] as const]),
    ['started', rollout.startedAt],
    ...(rollout.endedAt === null ? [] : [['ended', rollout.endedAt] as const]),
    ['waves', `${rollout.waves} over, ${rollout.wave} sessions each, ${rollout.pauseSeconds} s pause`],
    ['moved', String(rollout.moved)],
    ['to go', rollout.remaining === null ? 'not counted yet' : String(rollout.remaining)],
    ['left', rollout.left === null ? 'not counted yet' : String(rollout.left)],
    ...rollout.members.map(({ userId, name, standing }) => [`${userId}/${name}`, standing] as const),
  ]);

const addStatus = (rollout: Command): void => {
  const command = rollout.command('status').description('show the rollout that runs, or the last one');
  examples(command, '', '--json');
  runs(command, z.object({}), async (_, context) => {
    const report = await context.api().rollout.get();
    context.out.result(report, report.rollout ? statusText(report.rollout) : 'there was no rollout');
  });
};

const addCancel = (rollout: Command): void => {
  const command = rollout
    .command('cancel')
    .description('end the rollout that runs; its present wave starts again by itself');
  examples(command, '');
  runs(command, z.object({}), async (_, context) => {
    const report = await context.api().rollout.cancel();
    context.out.result(report, report.rollout ? statusText(report.rollout) : '');
  });
};
