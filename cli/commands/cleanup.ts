import type { Command } from 'commander';
import * as z from 'zod';
import type { Client } from '../../client/index.ts';
import type { CleanupReport } from '../../contract/bodies/admin.ts';
import { stateSchema } from '../../contract/lifecycle.ts';
import { examples, runs } from '../command.ts';
import { confirm } from '../confirm.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { followProgress } from '../follow.ts';
import { durationInput, userInput } from '../input.ts';
import { type Column, since } from '../output.ts';

const EVERY_MS = 1_000;

type Row = CleanupReport['sessions'][number];

const stateInput = z
  .string()
  .transform((text) => text.toUpperCase())
  .pipe(stateSchema)
  .optional();

/** `berth cleanup` and `berth emergency-cleanup` (admin keys). Both keep the linked accounts. */
export const addCleanup = (program: Command): void => {
  addRegular(program);
  addEmergency(program);
};

const addRegular = (program: Command): void => {
  const command = program
    .command('cleanup')
    .description('end due sessions now (admin keys); accounts are kept')
    .option('--older-than <duration>', 'only sessions that run longer')
    .option('--dry-run', 'show what would end');
  examples(command, '', '--older-than 10m --dry-run');
  const input = z.object({ olderThan: durationInput.optional(), dryRun: z.boolean().default(false) });
  runs(command, input, async ({ olderThan, dryRun }, context) => {
    const report = await context.api().cleanup({ mode: 'regular', dryRun, filter: filterOf({ olderThan }) });
    await showReport(context, report, 'nothing is due');
    failIfAny(report);
  });
};

const addEmergency = (program: Command): void => {
  const command = program
    .command('emergency-cleanup')
    .description('end all sessions, or those that match, at once (admin keys); accounts are kept')
    .option('--older-than <duration>', 'only sessions that run longer')
    .option('--user <id>', "only this user's")
    .option('--state <state>', 'only sessions in this state, such as STARTING')
    .option('--dry-run', 'show what would end, and end nothing')
    .option('--yes', 'do not ask')
    .option('--wait <duration>', 'how long to wait for their end', '3m');
  examples(command, '--dry-run', '--user anna', '--older-than 2h --yes');
  const input = z.object({
    olderThan: durationInput.optional(),
    user: userInput,
    state: stateInput,
    dryRun: z.boolean().default(false),
    yes: z.boolean().default(false),
    wait: durationInput,
  });
  runs(command, input, async (given, context) => {
    const client = context.api();
    const filter = filterOf(given);
    const plan = await client.cleanup({ mode: 'emergency', dryRun: true, filter });
    if (given.dryRun || plan.sessions.length === 0) return showReport(context, plan, 'no session would end');
    if (!given.yes) {
      if (!context.out.json) await showReport(context, plan, '');
      await confirm(`End ${plan.sessions.length} sessions?`);
    }
    const report = await client.cleanup({ mode: 'emergency', dryRun: false, filter });
    const left = await watch(context, client, report, given.wait * 1000);
    await showReport(context, report, 'no session had to end');
    failIfAny(report);
    if (left > 0)
      throw new CliError(
        EXIT.failure,
        `${left} sessions are still stopping`,
        'the reaper ends them after their grace time',
      );
  });
};

const filterOf = (given: {
  olderThan?: number | undefined;
  user?: string | undefined;
  state?: Row['state'] | undefined;
}) => ({
  ...(given.olderThan === undefined ? {} : { olderThanSeconds: given.olderThan }),
  ...(given.user === undefined ? {} : { userId: given.user }),
  ...(given.state === undefined ? {} : { state: given.state }),
});

/** Watches the sessions of a report end; the number that had not ended when the time had passed. */
const watch = async (
  context: Context,
  client: Client,
  report: CleanupReport,
  waitMs: number,
): Promise<number> => {
  // A session that was started again meanwhile is another run: its start differs.
  const idOf = (s: { userId: string; name: string; startedAt: string | null }) =>
    `${s.userId}/${s.name}@${s.startedAt}`;
  const stopping = new Set(report.sessions.filter((row) => row.action === 'stopping').map(idOf));
  return followProgress(
    context,
    async () => {
      let left = 0;
      if (stopping.size > 0)
        for await (const session of client.sessions.list({ userId: '*' }))
          if (stopping.has(idOf(session))) left++;
      return left;
    },
    {
      progress: (left) => `${stopping.size - left} of ${stopping.size} ended`,
      isDone: (left) => left === 0,
      pollMs: EVERY_MS,
      waitMs,
    },
  );
};

const showReport = (context: Context, report: CleanupReport, none: string): Promise<void> => {
  if (context.out.json) {
    context.out.result(report, '');
    return Promise.resolve();
  }
  const now = context.now();
  const columns: Column<Row>[] = [
    ['USER', (row) => row.userId],
    ['NAME', (row) => row.name],
    ['STATE', (row) => row.state],
    ['AGE', (row) => since(row.startedAt, now)],
    ['REASON', (row) => row.reason],
    ['ACTION', (row) => row.action.replace('_', ' ')],
    ['DETAIL', (row) => row.detail ?? ''],
  ];
  return context.out.list(report.sessions, columns, none);
};

const failIfAny = (report: CleanupReport): void => {
  const failed = report.sessions.filter((row) => row.action === 'failed').length;
  if (failed > 0) throw new CliError(EXIT.failure, `${failed} sessions could not be ended`, 'run it again');
};
