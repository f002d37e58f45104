import type { Command } from 'commander';
import * as z from 'zod';
import { examples, runs } from '../command.ts';
import { chatInput, nameInput, userInput } from '../input.ts';
import { plain } from '../output.ts';

/** `berth messages …`: read, edit and delete. */
export const addMessages = (program: Command): void => {
  const messages = program.command('messages').description('messages of a chat: read, edit and delete them');
  addList(messages);
  addEdit(messages);
  addDelete(messages);
};

const about = {
  session: nameInput,
  chat: chatInput,
  user: userInput,
};
const message = { ...about, message: z.string().min(1, 'must be the id of a message') };

const described = (messages: Command, name: string, description: string): Command =>
  messages
    .command(name)
    .description(description)
    .argument('<session>')
    .argument('<chat>', "a phone number, or a chat's id such as 491701234567@c.us");

const addList = (messages: Command): void => {
  const command = described(messages, 'ls', 'list the messages of a chat, newest first')
    .option('--limit <n>', 'at most so many (20)')
    .option('--offset <n>', 'leave out the newest so many (0)')
    .option('--user <id>', 'owner of the session (admin keys)');
  examples(command, 'shop "+49 170 1234567"', 'shop 12025550123-1612345678@g.us --limit 100 --json');
  const input = z.object({
    ...about,
    limit: z.coerce.number().int().min(1).max(500).default(20),
    offset: z.coerce.number().int().min(0).max(100_000).optional(),
  });
  runs(command, input, async ({ session, chat, user: userId, ...page }, context) =>
    context.out.list(
      await context.api().chats.messages(session, chat, { userId, ...page }),
      [
        ['TIME', ({ timestamp }) => new Date(timestamp * 1000).toISOString()],
        [
          'FROM',
          ({ fromMe, from, fromPn, participant }) => (fromMe ? 'me' : (participant ?? fromPn ?? from)),
        ],
        ['TEXT', ({ body, type }) => plain(body === '' ? `(${type})` : body).slice(0, 60)],
        ['ID', ({ id }) => id],
      ],
      'the chat has no messages here',
    ),
  );
};

const addEdit = (messages: Command): void => {
  const command = described(
    messages,
    'edit',
    'change the text of a message; WhatsApp allows it for 15 minutes',
  )
    .argument('<message>', 'its id, as ls and send show it')
    .argument('<text>', 'after -- if it starts with a dash')
    .option('--user <id>', 'owner of the session (admin keys)');
  examples(command, 'shop "+49 170 1234567" true_491701234567@c.us_3EB0A1B2C3D4 "Your order is on its way"');
  const input = z.object({ ...message, text: z.string().min(1, 'must not be empty') });
  runs(command, input, async ({ session, chat, message: messageId, text, user: userId }, context) => {
    const edited = await context.api().messages.edit(session, chat, messageId, { text }, { userId });
    context.out.result(edited, `edited: ${edited.id}`);
  });
};

const addDelete = (messages: Command): void => {
  const command = described(
    messages,
    'delete',
    'delete a message, for everyone if WhatsApp allows it (own messages, for about two days)',
  )
    .argument('<message>', 'its id, as ls and send show it')
    .option('--for <whom>', 'everyone: or fail; me: for this account only')
    .option('--user <id>', 'owner of the session (admin keys)');
  examples(
    command,
    'shop "+49 170 1234567" true_491701234567@c.us_3EB0A1B2C3D4',
    'shop "+49 170 1234567" true_491701234567@c.us_3EB0A1B2C3D4 --for everyone',
  );
  const input = z.object({ ...message, for: z.enum(['everyone', 'me']).optional() });
  runs(command, input, async ({ session, chat, message: messageId, for: whom, user: userId }, context) => {
    const deleted = await context.api().messages.delete(session, chat, messageId, { userId, for: whom });
    context.out.result(
      deleted,
      deleted.deletedFor === 'everyone' ? 'deleted for everyone' : 'deleted for this account only',
    );
  });
};
