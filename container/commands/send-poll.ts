import type * as z from 'zod';
import type { Message, sendPollArgs } from '../../contract/whatsapp/messages.ts';
import type { CommandContext } from './context.ts';
import { send } from './send.ts';

export const sendPoll = (
  context: CommandContext,
  { poll, ...to }: z.output<typeof sendPollArgs>,
): Promise<Message> => send(context, to, { kind: 'poll', ...poll }, ({ body }) => body === poll.name);
