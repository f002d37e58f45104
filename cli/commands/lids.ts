import type { Command } from 'commander';
import * as z from 'zod';
import { examples, runs } from '../command.ts';
import { nameInput, userInput } from '../input.ts';
import { details } from '../output.ts';

/** `berth lids …`: hidden ids and phone numbers. */
export const addLids = (program: Command): void => {
  const lids = program
    .command('lids')
    .description('hidden ids (…@lid), which WhatsApp uses for people, and their phone numbers');
  addList(lids);
  addFind(lids);
};

const addList = (lids: Command): void => {
  const command = lids
    .command('ls')
    .description('list the hidden ids that a session knows')
    .argument('<session>')
    .option('--limit <n>', 'maximum number (100)')
    .option('--offset <n>', 'number to skip (0)')
    .option('--user <id>', 'owner of the session (admin keys)');
  examples(command, 'shop', 'shop --limit 500 --json');
  const input = z.object({
    session: nameInput,
    limit: z.coerce.number().int().min(1).max(500).optional(),
    offset: z.coerce.number().int().min(0).max(100_000).optional(),
    user: userInput,
  });
  runs(command, input, async ({ session, user: userId, ...page }, context) =>
    context.out.list(
      await context.api().lids.list(session, { userId, ...page }),
      [
        ['HIDDEN ID', ({ lid }) => lid ?? '-'],
        ['NUMBER', ({ pn }) => pn ?? 'not revealed by WhatsApp'],
      ],
      'the session knows no hidden id yet',
    ),
  );
};

const addFind = (lids: Command): void => {
  const command = lids
    .command('find')
    .description('show both ids of a person, by hidden id or by phone number')
    .argument('<session>')
    .argument('<id>', 'a hidden id with @lid, or a phone number')
    .option('--user <id>', 'owner of the session (admin keys)');
  examples(command, 'shop 12345678901234@lid', 'shop "+49 170 1234567"');
  const input = z.object({ session: nameInput, id: z.string().min(1), user: userInput });
  runs(command, input, async ({ session, id, user: userId }, context) => {
    const { lids: client } = context.api();
    const found = id.endsWith('@lid')
      ? await client.number(session, id, { userId })
      : await client.lid(session, id, { userId });
    context.out.result(
      found,
      details([
        ['hidden id', found.lid ?? 'none: the number is not on WhatsApp, or it has none'],
        ['number', found.pn ?? 'not revealed by WhatsApp'],
      ]),
    );
  });
};
