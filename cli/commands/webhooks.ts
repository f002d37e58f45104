import type { Command } from 'commander';
import { z } from 'zod';
import type { DeadLetterFilter } from '../../contract/bodies/events.ts';
import { examples, runs } from '../command.ts';
import { nameInput, userInput } from '../input.ts';

const filterInput = {
  user: userInput,
  session: nameInput.optional(),
  webhook: z.string().optional(),
};

/** `berth webhooks …` (admin keys) */
export const addWebhooks = (program: Command): void => {
  const webhooks = program
    .command('webhooks')
    .description('dead letters: events that were given up for webhooks (admin keys)');
  addDead(webhooks);
  addRedrive(webhooks);
};

const filtered = (command: Command): Command =>
  command
    .option('--user <id>', "only of this user's sessions")
    .option('--session <name>', 'only of this session')
    .option('--webhook <id>', 'only for this webhook, by the id that the list shows');

const filterOf = (given: {
  user?: string | undefined;
  session?: string | undefined;
  webhook?: string | undefined;
}): DeadLetterFilter => ({
  ...(given.user === undefined ? {} : { userId: given.user }),
  ...(given.session === undefined ? {} : { session: given.session }),
  ...(given.webhook === undefined ? {} : { webhook: given.webhook }),
});

const addDead = (webhooks: Command): void => {
  const command = filtered(webhooks.command('dead').description('list dead letters'));
  examples(command, '', '--session shop', '--json');
  runs(command, z.object(filterInput), async (given, context) =>
    context.out.list(
      await context.api().webhooks.dead(filterOf(given)),
      [
        ['USER', (letter) => letter.userId],
        ['SESSION', (letter) => letter.session],
        ['EVENT', (letter) => letter.event],
        ['DEAD SINCE', (letter) => letter.deadAt],
        ['ATTEMPTS', (letter) => String(letter.attempts)],
        ['AGAIN SINCE', (letter) => letter.redrivenAt ?? ''],
        ['WEBHOOK', (letter) => letter.webhook.id],
        ['URL', (letter) => letter.webhook.url],
        ['ERROR', (letter) => letter.error],
      ],
      'no dead letters',
    ),
  );
};

const addRedrive = (webhooks: Command): void => {
  const command = filtered(webhooks.command('redrive').description('send them again, in order per session'));
  examples(command, '', '--session shop', '--user anna --webhook 0123456789abcdef');
  runs(command, z.object(filterInput), async (given, context) => {
    const client = context.api();
    let redriven = 0;
    for (;;) {
      const report = await client.webhooks.redrive(filterOf(given));
      redriven += report.redriven;
      if (!report.more) {
        const under = report.underway > 0 ? `, ${report.underway} were queued already` : '';
        context.out.result({ ...report, redriven }, `${redriven} events are queued again${under}`);
        return;
      }
      context.out.note(`${redriven} so far`);
    }
  });
};
