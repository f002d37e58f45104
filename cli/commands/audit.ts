import type { Command } from 'commander';
import * as z from 'zod';
import { examples, runs } from '../command.ts';
import { userInput } from '../input.ts';

/** `berth audit` (admin keys) */
export const addAudit = (program: Command): void => {
  const command = program
    .command('audit')
    .description('list administrative acts, newest first: who, what, when, from where (admin keys)')
    .option('--user <id>', 'only acts of this user')
    .option('--action <operation>', 'only this one, such as createKey or deleteSession')
    .option('--limit <n>', 'how many to look at, 1 to 1000', '100');
  examples(command, '', '--action deleteSession', '--user anna --json');
  const input = z.object({
    user: userInput,
    action: z.string().optional(),
    limit: z.coerce.number().int().min(1).max(1000),
  });
  runs(command, input, async ({ user, action, limit }, context) =>
    context.out.list(
      await context.api().audit({ userId: user, action, limit }),
      [
        ['WHEN', (act) => act.at],
        ['WHO', (act) => act.who.userId],
        ['KEY', (act) => `${act.who.keyId}${act.who.via === 'cookie' ? ' (dashboard)' : ''}`],
        ['ACT', (act) => act.action],
        ['OUTCOME', (act) => `${act.outcome}${act.status === undefined ? '' : ` ${act.status}`}`],
        ['FROM', (act) => act.from.ip],
        ['DETAILS', (act) => JSON.stringify(act.details)],
      ],
      'no administrative act is recorded',
    ),
  );
};
