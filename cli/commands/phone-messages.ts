/** `berth phone …`: what the other side of chats does. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Command } from 'commander';
import * as z from 'zod';
import { phoneRoutes } from '../../contract/phone/api.ts';
import { examples, runs } from '../command.ts';
import { showAffected } from './phone-affected.ts';

const account = z.string().min(1);
const optionalText = z.string().min(1).optional();

export const addPhoneMessages = (phone: Command): void => {
  const send = phone
    .command('send')
    .description('a contact writes to the account')
    .argument('<account>', 'the linked phone number')
    .argument('<from>', 'who writes')
    .argument('<text>', 'with a file its caption')
    .option('--file <path>', 'a file, with --type')
    .option('--type <mimetype>', "the file's type, such as image/png")
    .option('--name <name>', "the contact's name")
    .option('--chat <id>', 'in this group, channel or status@broadcast instead of a private chat')
    .option('--view-once', 'it may be seen once: linked devices get nothing of what it holds')
    .option('--waiting', 'its content does not come yet; berth phone resolve brings it')
    .option('--reply-to <id>', 'the message that it answers');
  examples(
    send,
    '15550001111 15550002222 "Hello"',
    '15550001111 15550002222 "my receipt" --file receipt.png --type image/png',
  );
  const sendInput = z.object({
    account,
    from: z.string().min(1),
    text: z.string(),
    file: optionalText,
    type: optionalText,
    name: optionalText,
    chat: optionalText,
    viewOnce: z.boolean().optional(),
    waiting: z.boolean().optional(),
    replyTo: optionalText,
  });
  runs(send, sendInput, async ({ file: path, type, ...given }, context) => {
    const file =
      path === undefined
        ? undefined
        : {
            data: (await readFile(path)).toString('base64'),
            mimetype: type ?? 'application/octet-stream',
            filename: basename(path),
          };
    const answer = await context.phone().send({ ...given, ...(file && { file }) });
    context.out.result(answer, `sent ${answer.message.id}`);
  });

  const ack = phone
    .command('ack')
    .description('the other side receives, reads or plays what the account sent')
    .argument('<account>')
    .argument('<how>', 'delivered, read or played')
    .option('--message <id>', 'this one only');
  examples(ack, '15550001111 read');
  const ackInput = z.object({ account, how: phoneRoutes.ack.request.shape.ack, message: optionalText });
  runs(ack, ackInput, async ({ how, ...given }, context) =>
    showAffected(context, await context.phone().ack({ ...given, ack: how })),
  );

  const inbox = phone
    .command('inbox')
    .description('what went through the account, oldest first')
    .argument('<account>')
    .option('--chat <id>', 'this chat only')
    .option('--sent', 'only what the session sent')
    .option('--limit <n>', 'at most so many');
  examples(inbox, '15550001111', '15550001111 --sent --json');
  const inboxInput = z.object({
    account,
    chat: optionalText,
    sent: z.boolean().optional(),
    limit: z.coerce.number().int().min(1).max(10_000).optional(),
  });
  runs(inbox, inboxInput, async (given, context) =>
    context.out.list(
      (await context.phone().inbox({ ...given })).messages,
      [
        ['TIME', (m) => new Date(m.timestamp * 1000).toISOString()],
        ['CHAT', (m) => m.chatId],
        ['FROM', (m) => (m.fromMe ? 'session' : m.author)],
        ['ACK', (m) => String(m.ack)],
        ['TYPE', (m) => m.type],
        ['TEXT', (m) => m.body],
      ],
      'no messages',
    ),
  );

  addAnswers(phone);

  const group = phone
    .command('group')
    .description('make a group')
    .argument('<account>')
    .argument('<subject>')
    .argument('[participants...]', 'phone numbers');
  examples(group, '15550001111 Friends 15550002222 15550003333');
  const groupInput = z.object({ account, subject: z.string().min(1), participants: z.array(z.string()) });
  runs(group, groupInput, async (given, context) => {
    const made = await context.phone().createGroup(given);
    context.out.result(made, made.chatId);
  });
};

/** The other side's actions on messages, except writing them. */
const addAnswers = (phone: Command): void => {
  const react = phone
    .command('react')
    .description('a contact reacts to a message; without an emoji it takes the reaction back')
    .argument('<account>')
    .argument('<from>', 'who reacts')
    .argument('<message>', "the message's id as inbox shows it")
    .argument('[emoji]');
  examples(react, '15550001111 15550002222 3EB0A1B2C3D4E5F6A7B8C9 👍');
  const about = { account, from: z.string().min(1), message: z.string().min(1) };
  runs(react, z.object({ ...about, emoji: z.string().default('') }), async ({ emoji, ...given }, context) =>
    context.out.result(await context.phone().react({ ...given, text: emoji }), 'done'),
  );

  const vote = phone
    .command('vote')
    .description('a contact votes in a poll')
    .argument('<account>')
    .argument('<from>', 'who votes')
    .argument('<message>', "the poll's id as inbox shows it")
    .argument('[options...]', 'the options chosen; none takes the vote back');
  examples(vote, '15550001111 15550002222 3EB0A1B2C3D4E5F6A7B8C9 Monday');
  runs(vote, z.object({ ...about, options: z.array(z.string()) }), async (given, context) =>
    context.out.result(await context.phone().vote(given), 'done'),
  );

  const revoke = phone
    .command('revoke-message')
    .description('the author of a message deletes it for everyone')
    .argument('<account>')
    .argument('<message>');
  examples(revoke, '15550001111 3EB0A1B2C3D4E5F6A7B8C9');
  runs(revoke, z.object({ account, message: z.string().min(1) }), async (given, context) =>
    context.out.result(await context.phone().revoke(given), 'done'),
  );

  const call = phone
    .command('call')
    .description('a contact calls')
    .argument('<account>')
    .argument('<from>')
    .option('--video', 'with pictures');
  examples(call, '15550001111 15550002222');
  const callInput = z.object({ account, from: z.string().min(1), video: z.boolean().default(false) });
  runs(call, callInput, async (given, context) => {
    const answer = await context.phone().call(given);
    context.out.result(answer, `call ${answer.callId}`);
  });
};
