import type * as z from 'zod';
import type { Message, sendTextArgs } from '../../contract/whatsapp/messages.ts';
import type { CommandContext } from './context.ts';
import { send } from './send.ts';

export const sendText = (
  context: CommandContext,
  { text, ...to }: z.output<typeof sendTextArgs>,
): Promise<Message> => send(context, to, text, ({ body }) => body === text);
