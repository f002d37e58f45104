/** `berth phone …`: what happens to an account beside what others write to it. */
import type { Command } from 'commander';
import * as z from 'zod';
import { phoneRoutes } from '../../contract/phone/api.ts';
import { examples, runs } from '../command.ts';
import { details } from '../output.ts';

const text = z.string().min(1);

/** `type`, `edit`, `resolve`, `ban`, `presence`, `label`, `channel`, `fill`, `proxy`. */
export const addHappenings = (phone: Command): void => {
  const type = phone
    .command('type')
    .description("the account's owner types a message on the phone")
    .argument('<account>', 'the phone number')
    .argument('<chat>', 'to whom')
    .argument('<text>');
  examples(type, '15550001111 15550002222 "from my phone"');
  runs(type, z.object({ account: text, chat: text, text }), async (given, context) => {
    const { message } = await context.phone().write(given);
    context.out.result(message, message.id);
  });

  const edit = phone
    .command('edit')
    .description('who wrote a message changes its text')
    .argument('<account>')
    .argument('<message>', "the message's id as inbox shows it")
    .argument('<text>', 'the new text');
  examples(edit, '15550001111 3EB0A1B2C3D4E5F6A7B8C9 "what I meant"');
  runs(edit, z.object({ account: text, message: text, text }), async (given, context) =>
    context.out.result((await context.phone().edit(given)).message, 'changed'),
  );

  const resolve = phone
    .command('resolve')
    .description('the content of a message that was sent with --waiting has come')
    .argument('<account>')
    .argument('<message>');
  examples(resolve, '15550001111 3EB0A1B2C3D4E5F6A7B8C9');
  runs(resolve, z.object({ account: text, message: text }), async (given, context) =>
    context.out.result((await context.phone().resolve(given)).message, 'come'),
  );

  const ban = phone
    .command('ban')
    .description('WhatsApp blocks an account: its devices stay linked and are turned away')
    .argument('<account>')
    .option('--lift', 'the block is lifted');
  examples(ban, '15550001111', '15550001111 --lift');
  runs(
    ban,
    z.object({ account: text, lift: z.boolean().default(false) }),
    async ({ account, lift }, context) =>
      context.out.result(await context.phone().ban({ account, banned: !lift }), lift ? 'lifted' : 'blocked'),
  );

  const presence = phone
    .command('presence')
    .description('a person comes online, goes, types or records; pages that follow the chat receive it')
    .argument('<account>')
    .argument('<from>')
    .argument('<state>', 'online, offline, typing or recording')
    .option('--chat <id>', 'in this group');
  examples(presence, '15550001111 15550002222 typing');
  const presenceInput = z.object({
    account: text,
    from: text,
    state: phoneRoutes.showPresence.request.shape.state,
    chat: text.optional(),
  });
  runs(presence, presenceInput, async (given, context) =>
    context.out.result(await context.phone().showPresence(given), given.state),
  );

  const label = phone
    .command('label')
    .description('the owner gives a chat labels on the phone; without any it has none')
    .argument('<account>')
    .argument('<chat>')
    .argument('[labels...]', 'their ids');
  examples(label, '15550001111 15550002222 1');
  runs(label, z.object({ account: text, chat: text, labels: z.array(text) }), async (given, context) =>
    context.out.result(await context.phone().labelChat(given), 'done'),
  );

  const channel = phone
    .command('channel')
    .description('a channel that the account owns or follows')
    .argument('<account>')
    .argument('<name>')
    .option('--role <role>', 'owner, admin or subscriber');
  examples(channel, '15550001111 News', '15550001111 "Their news" --role subscriber');
  const channelInput = phoneRoutes.createChannel.request;
  runs(channel, channelInput, async (given, context) => {
    const made = await context.phone().createChannel(given);
    context.out.result(made, made.chatId);
  });

  const fill = phone
    .command('fill')
    .description('old messages and groups, without events; before a session is started')
    .argument('<account>')
    .option('--chat <id>', 'with whom the messages were written')
    .option('--messages <number>', 'how many')
    .option('--groups <number>', 'how many');
  examples(fill, '15550001111 --chat 15550002222 --messages 2000', '15550001111 --groups 1000');
  const count = z.coerce.number().int().min(0).optional();
  const fillInput = z.object({ account: text, chat: text.optional(), messages: count, groups: count });
  runs(fill, fillInput, async (given, context) => {
    const made = await context.phone().fill(given);
    context.out.result(made, `${made.messages} messages, ${made.groups} groups`);
  });

  const proxy = phone.command('proxy').description('the proxy that leads to the simulated WhatsApp');
  examples(proxy, '');
  runs(proxy, z.object({}), async (_, context) => {
    const found = await context.phone().proxy();
    context.out.result(
      found,
      details(Object.entries(found).map(([name, value]) => [name, String(value)] as const)),
    );
  });
};
