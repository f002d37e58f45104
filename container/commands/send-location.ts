import type * as z from 'zod';
import type { Message, sendLocationArgs } from '../../contract/whatsapp/messages.ts';
import type { CommandContext } from './context.ts';
import { send } from './send.ts';

export const sendLocation = (
  context: CommandContext,
  { latitude, longitude, title, ...to }: z.output<typeof sendLocationArgs>,
): Promise<Message> =>
  send(context, to, { kind: 'location', latitude, longitude, title }, ({ type }) => type === 'location');
