import type { Command } from 'commander';
import { z } from 'zod';
import { examples, runs } from '../command.ts';
import { chatInput, nameInput, userInput } from '../input.ts';

/** `berth send` */
export const addSend = (program: Command): void => {
  const command = program
    .command('send')
    .description('send a text message')
    .argument('<session>')
    .argument('<chat>', "a phone number, or a chat's id such as 491701234567@c.us")
    .argument('<text>', 'after -- where it starts with a dash')
    .option('--reply-to <id>', 'the message that this answers')
    .option('--idempotency-key <key>', 'a repeat with the same key sends nothing twice')
    .option('--user <id>', 'whose session (admin keys)');
  examples(
    command,
    'shop "+49 170 1234567" "Your order is ready"',
    'shop 12025550123-1612345678@g.us "Hello all"',
  );
  const input = z.object({
    session: nameInput,
    chat: chatInput,
    text: z.string().min(1, 'must not be empty'),
    replyTo: z.string().optional(),
    idempotencyKey: z.string().min(1).max(255).optional(),
    user: userInput,
  });
  runs(command, input, async (given, context) => {
    const message = await context.api().messages.sendText(
      {
        session: given.session,
        chatId: given.chat,
        text: given.text,
        ...(given.replyTo ? { reply_to: given.replyTo } : {}),
      },
      { userId: given.user, idempotencyKey: given.idempotencyKey },
    );
    context.out.result(message, `sent to ${message.to}: ${message.id} (${message.ackName.toLowerCase()})`);
  });
};
