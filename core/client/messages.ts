import type * as z from 'zod';
import type { sendTextRequestSchema } from '../api/commands.ts';
import { type Message, messageSchema } from '../commands.ts';
import type { CallOptions } from './sessions.ts';
import type { Transport } from './transport.ts';

export type SendOptions = CallOptions & {
  /** With it, a send whose outcome is unknown is repeated and sent once; without it, it is never repeated. */
  readonly idempotencyKey?: string | undefined;
};

export type MessagesClient = {
  /** Sends a text. Resolves with the message as WhatsApp took it (`ack` may still be 0). */
  readonly sendText: (
    request: z.input<typeof sendTextRequestSchema>,
    options?: SendOptions,
  ) => Promise<Message>;
};

export const messagesClient = (transport: Transport): MessagesClient => ({
  sendText: (request, options = {}) =>
    transport.json(
      {
        method: 'POST',
        path: '/api/sendText',
        query: { userId: options.userId },
        body: request,
        idempotencyKey: options.idempotencyKey,
        idempotent: options.idempotencyKey !== undefined,
        signal: options.signal,
      },
      messageSchema,
    ),
});
