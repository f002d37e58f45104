import type * as z from 'zod';
import { acceptedCommandSchema, type sendTextRequestSchema } from '../api/commands.ts';
import { type Message, messageSchema } from '../commands.ts';
import type { CallOptions } from './sessions.ts';
import type { Transport } from './transport.ts';

export type SendOptions = CallOptions & {
  /** With it, a send whose outcome is unknown is repeated and sent once; without it, it is never repeated. */
  readonly idempotencyKey?: string | undefined;
};

/** It is sent once the session works; `commands.wait` tells. */
export type AcceptedCommand = z.infer<typeof acceptedCommandSchema>;

export type MessagesClient = {
  /** Sends a text. Resolves with the message as WhatsApp took it (`ack` may still be 0). */
  readonly sendText: {
    (
      request: z.input<typeof sendTextRequestSchema>,
      options?: SendOptions & { wake?: false },
    ): Promise<Message>;
    /**
     * With `wake`, a stopped, linked session is started first. Resolves with the message, or with the id of the
     * command where the start takes longer than a request may. A key is made for you where it is missing.
     */
    (
      request: z.input<typeof sendTextRequestSchema>,
      options: SendOptions & { wake: boolean },
    ): Promise<Message | AcceptedCommand>;
  };
};

export const messagesClient = (transport: Transport, newKey: () => string): MessagesClient => {
  const send = (
    request: z.input<typeof sendTextRequestSchema>,
    { idempotencyKey, userId, signal }: SendOptions,
    wake: boolean,
  ) => ({
    method: 'POST' as const,
    path: '/api/sendText',
    query: { userId, ...(wake ? { wake } : {}) },
    body: request,
    idempotencyKey,
    idempotent: idempotencyKey !== undefined,
    signal,
  });

  function sendText(
    request: z.input<typeof sendTextRequestSchema>,
    options?: SendOptions & { wake?: false },
  ): Promise<Message>;
  function sendText(
    request: z.input<typeof sendTextRequestSchema>,
    options: SendOptions & { wake: boolean },
  ): Promise<Message | AcceptedCommand>;
  function sendText(
    request: z.input<typeof sendTextRequestSchema>,
    options: SendOptions & { wake?: boolean } = {},
  ): Promise<Message | AcceptedCommand> {
    if (!options.wake) return transport.json(send(request, options, false), messageSchema);
    const idempotencyKey = options.idempotencyKey ?? newKey();
    return transport.json(
      send(request, { ...options, idempotencyKey }, true),
      messageSchema.or(acceptedCommandSchema),
    );
  }
  return { sendText };
};
