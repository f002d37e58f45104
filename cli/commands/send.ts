import type { Command } from 'commander';
import * as z from 'zod';
import type { Client, Message } from '../../client/index.ts';
import { examples, runs } from '../command.ts';
import type { Context } from '../context.ts';
import { chatInput, nameInput, userInput } from '../input.ts';

/** A cold start takes about a minute; the service itself gives up after a few. */
const WAIT_MS = 6 * 60_000;

/** `berth send` */
export const addSend = (program: Command): void => {
  const command = program
    .command('send')
    .description('send a message: a text, or a file with it as its caption')
    .argument('<session>')
    .argument('<chat>', "a phone number, or a chat's id such as 491701234567@c.us")
    .argument('<text>', 'after -- if it starts with a dash')
    .option('--image <url>', 'a picture by URL, which the session fetches')
    .option('--file <url>', 'a file, sent as a document')
    .option('--reply-to <id>', 'the message that this answers')
    .option('--idempotency-key <key>', 'a repeat with the same key does not send twice')
    .option('--wake', 'start a stopped, linked session first')
    .option('--user <id>', 'owner of the session (admin keys)');
  examples(
    command,
    'shop "+49 170 1234567" "Your order is ready"',
    'shop 12025550123-1612345678@g.us "Hello all"',
    'shop "+49 170 1234567" "Good morning" --wake',
    'shop "+49 170 1234567" "Our menu" --image https://example.org/menu.png',
  );
  const input = z.object({
    session: nameInput,
    chat: chatInput,
    text: z.string().min(1, 'must not be empty'),
    image: z.url().optional(),
    file: z.url().optional(),
    replyTo: z.string().optional(),
    idempotencyKey: z.string().min(1).max(255).optional(),
    wake: z.boolean().default(false),
    user: userInput,
  });
  runs(command, input, async (given, context) => {
    const { user: userId, idempotencyKey, wake } = given;
    const api = context.api();
    const { image, file = image, text } = given;
    const to = {
      session: given.session,
      chatId: given.chat,
      ...(given.replyTo ? { reply_to: given.replyTo } : {}),
    };
    const options = { userId, idempotencyKey, wake };
    const send = image === undefined ? api.messages.sendFile : api.messages.sendImage;
    const sent = await (file === undefined
      ? api.messages.sendText({ ...to, text }, options)
      : send({ ...to, file: { url: file }, caption: text }, options));
    const message = 'commandId' in sent ? await followCommand(context, api, sent.commandId, userId) : sent;
    context.out.result(
      message,
      `sent to ${message.toPn ?? message.to}: ${message.id} (${message.ackName.toLowerCase()})`,
    );
  });
};

/** The session takes longer to start than a request may last: prints this, and waits for the command's result. */
const followCommand = (
  context: Context,
  api: Client,
  id: string,
  userId: string | undefined,
): Promise<Message> => {
  context.out.note(`the session is starting; waiting for command ${id}`);
  return api.commands.wait(id, { userId, timeoutMs: WAIT_MS });
};
