import type * as z from 'zod';
import type { sendEventArgs } from '../../contract/whatsapp/message-acts.ts';
import type { Message } from '../../contract/whatsapp/messages.ts';
import type { CommandContext } from './context.ts';
import { send } from './send.ts';

export const sendEvent = (
  context: CommandContext,
  { chatId, reply_to, event }: z.output<typeof sendEventArgs>,
): Promise<Message> => {
  const { name, description, startTime, endTime, location } = event;
  return send(
    context,
    { chatId, ...(reply_to ? { reply_to } : {}) },
    {
      kind: 'event',
      name,
      startTime,
      description: description ?? undefined,
      endTime: endTime ?? undefined,
      location: location?.name,
    },
    ({ type }) => type === 'event_creation',
  );
};
