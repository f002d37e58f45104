import type { Command } from 'commander';
import * as z from 'zod';
import type { ErasureView } from '../../contract/bodies/erasure.ts';
import { examples, runs } from '../command.ts';
import { confirm } from '../confirm.ts';
import { CliError, EXIT } from '../exit.ts';
import { followProgress } from '../follow.ts';
import { durationInput, userInput } from '../input.ts';

const EVERY_MS = 5_000;

/** `berth erase` (admin keys), `berth erasures` */
export const addErase = (program: Command): void => {
  addEraseUser(program);
  addErasures(program);
};

const addEraseUser = (program: Command): void => {
  const command = program
    .command('erase')
    .description(
      'erase everything of a user: sessions, accounts, files, events, limits and keys (admin keys); takes about 25 minutes',
    )
    .requiredOption('--user <id>', 'whose')
    .option('--dry-run', 'show what would be erased; change nothing')
    .option('--yes', 'do not ask')
    .option('--wait <duration>', 'how long to follow it; it continues without the command', '45m')
    .option('--no-follow', 'order it and do not wait');
  examples(command, '--user anna --dry-run', '--user anna', '--user anna --yes --no-follow --json');
  const input = z.object({
    user: userInput.unwrap(),
    dryRun: z.boolean().default(false),
    yes: z.boolean().default(false),
    follow: z.boolean(),
    wait: durationInput,
  });
  runs(command, input, async ({ user, dryRun, yes, follow, wait }, context) => {
    const api = context.api();
    if (dryRun || !yes) {
      const sessions = await Array.fromAsync(api.sessions.list({ userId: user, all: true }));
      const keys = (await api.keys.list()).filter(({ userId }) => userId === user);
      const found = {
        userId: user,
        sessions: sessions.map(({ name }) => name),
        keys: keys.map(({ id }) => id),
      };
      const text = `${user} has ${sessions.length} sessions (${found.sessions.join(', ') || 'none'}) and ${keys.length} keys`;
      if (dryRun) return context.out.result(found, text);
      context.out.note(text);
      await confirm(`Erase everything of ${user}? Accounts have to be linked again.`);
    }
    const ordered = await api.erasures.user({ userId: user });
    if (!follow) return context.out.result(ordered, `ordered; follow it: berth erasures --user ${user}`);
    const report = await followProgress(
      context,
      async () =>
        (await api.erasures.list({ userId: user })).find(
          ({ kind, requestedAt }) => kind === 'user' && requestedAt === ordered.requestedAt,
        ),
      { progress, isDone: (now) => now?.state === 'erased', pollMs: EVERY_MS, waitMs: wait * 1000 },
    );
    if (report?.state !== 'erased')
      throw new CliError(
        EXIT.failure,
        `not finished yet: ${progress(report)}`,
        `it continues by itself; see: berth erasures --user ${user}`,
      );
    context.out.result(report, `${user} is erased: ${progress(report)}`);
  });
};

const progress = (erasure: ErasureView | undefined): string => {
  if (erasure === undefined) return 'not listed yet';
  const { keys, items, objects, sessionsLeft } = erasure;
  const left = sessionsLeft === null || sessionsLeft === 0 ? '' : `, ${sessionsLeft} sessions left`;
  return `${keys} keys revoked, ${items} items and ${objects} objects of the user erased${left}`;
};

const addErasures = (program: Command): void => {
  const command = program
    .command('erasures')
    .description('list erasures of deleted sessions and of users, and how far each is')
    .option('--user <id>', 'of this user; with an admin key');
  examples(command, '', '--user anna --json');
  runs(command, z.object({ user: userInput }), async ({ user }, context) =>
    context.out.list(
      await context.api().erasures.list({ userId: user }),
      [
        ['WHAT', (one) => (one.kind === 'user' ? `user ${one.userId}` : (one.session ?? ''))],
        ['STATE', (one) => one.state],
        ['ORDERED', (one) => one.requestedAt],
        ['ERASED', (one) => one.erasedAt ?? ''],
        ['ITEMS', (one) => String(one.items)],
        ['OBJECTS', (one) => String(one.objects)],
      ],
      'nothing was deleted in the last 30 days',
    ),
  );
};
