import type { Command } from 'commander';
import * as z from 'zod';
import type { DeadLetterFilter } from '../../contract/bodies/events.ts';
import { examples, runs } from '../command.ts';
import { nameInput, userInput } from '../input.ts';

const filterInput = {
  user: userInput,
  session: nameInput.optional(),
  webhook: z.string().optional(),
};

/** `berth webhooks …` */
export const addWebhooks = (program: Command): void => {
  const webhooks = program
    .command('webhooks')
    .description('endpoints that fail; dead letters: events that were given up (admin keys)');
  addEndpoints(webhooks);
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

const addEndpoints = (webhooks: Command): void => {
  const command = webhooks
    .command('endpoints')
    .description('list endpoints that fail, and until when each is paused')
    .option('--user <id>', 'of this user; with an admin key')
    .option('--session <name>', "only of this session's webhooks");
  examples(command, '', '--session shop', '--json');
  const input = { user: userInput, session: nameInput.optional() };
  runs(command, z.object(input), async ({ user, session }, context) =>
    context.out.list(
      await context.api().webhooks.endpoints({
        ...(user === undefined ? {} : { userId: user }),
        ...(session === undefined ? {} : { session }),
      }),
      [
        ['USER', (endpoint) => endpoint.userId],
        ['URL', (endpoint) => endpoint.url],
        ['STATE', (endpoint) => endpoint.state],
        ['FAILURES', (endpoint) => String(endpoint.failures)],
        ['FAILING SINCE', (endpoint) => endpoint.failingSince],
        ['NEXT PROBE', (endpoint) => endpoint.nextProbeAt ?? ''],
        ['ERROR', (endpoint) => endpoint.error],
      ],
      'every endpoint works',
    ),
  );
};

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
