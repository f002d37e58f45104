import type * as z from 'zod';
import { acceptedCommandSchema } from '../contract/bodies/commands.ts';
import {
  COMMANDS,
  type CommandArgs,
  type CommandName,
  type CommandResult,
} from '../contract/worker/commands.ts';
import type { CallOptions } from './sessions.ts';
import type { Transport } from './transport.ts';

export type SendOptions = CallOptions & {
  /** With it, a send whose outcome is unknown is repeated and sent once; without it, it is never repeated. */
  readonly idempotencyKey?: string | undefined;
};

/** It is sent once the session works; `commands.wait` tells. */
export type AcceptedCommand = z.infer<typeof acceptedCommandSchema>;

type InSession<N extends CommandName> = CommandArgs<N> & { readonly session?: string | undefined };

/** Resolves once WhatsApp's server has accepted it, a message with the message as it took it (`ack` may still be 0). */
type Send<N extends CommandName> = {
  (request: InSession<N>, options?: SendOptions & { wake?: false }): Promise<CommandResult<N>>;
  /**
   * With `wake`, a stopped, linked session is started first. Resolves as without it, or with the id of the command
   * where the start takes longer than a request may. A key is made for you where it is missing.
   */
  (
    request: InSession<N>,
    options: SendOptions & { wake: boolean },
  ): Promise<CommandResult<N> | AcceptedCommand>;
};

/** Files go by `url`, which the session fetches, or as base64 (up to 4 MiB). */
export type MessagesClient = {
  readonly sendText: Send<'sendText'>;
  readonly sendImage: Send<'sendImage'>;
  readonly sendFile: Send<'sendFile'>;
  readonly sendVideo: Send<'sendVideo'>;
  readonly sendVoice: Send<'sendVoice'>;
  readonly sendLocation: Send<'sendLocation'>;
  readonly sendContactVcard: Send<'sendContactVcard'>;
  readonly sendPoll: Send<'sendPoll'>;
  /** An empty reaction takes the earlier one away. */
  readonly setReaction: Send<'setReaction'>;
  readonly sendSeen: Send<'sendSeen'>;
  readonly startTyping: Send<'startTyping'>;
  readonly stopTyping: Send<'stopTyping'>;
};

export const messagesClient = (transport: Transport, newKey: () => string): MessagesClient => {
  const sends = <N extends CommandName>(
    name: N,
    method: 'POST' | 'PUT' = 'POST',
    path = `/api/${name}`,
  ): Send<N> => {
    // The command's own schema; TypeScript loses that link through the table.
    const result: z.ZodType<CommandResult<N>> = COMMANDS[name].result as never;

    function send(request: InSession<N>, options?: SendOptions & { wake?: false }): Promise<CommandResult<N>>;
    function send(
      request: InSession<N>,
      options: SendOptions & { wake: boolean },
    ): Promise<CommandResult<N> | AcceptedCommand>;
    function send(
      request: InSession<N>,
      { wake = false, userId, signal, ...options }: SendOptions & { wake?: boolean } = {},
    ): Promise<CommandResult<N> | AcceptedCommand> {
      const idempotencyKey = options.idempotencyKey ?? (wake ? newKey() : undefined);
      const call = {
        method,
        path,
        query: { userId, ...(wake ? { wake } : {}) },
        body: request,
        idempotencyKey,
        idempotent: idempotencyKey !== undefined,
        signal,
      };
      // Answers that say nothing fit anything: what tells the two apart is asked first.
      return transport.json(call, wake ? acceptedCommandSchema.or(result) : result);
    }
    return send;
  };

  return {
    sendText: sends('sendText'),
    sendImage: sends('sendImage'),
    sendFile: sends('sendFile'),
    sendVideo: sends('sendVideo'),
    sendVoice: sends('sendVoice'),
    sendLocation: sends('sendLocation'),
    sendContactVcard: sends('sendContactVcard'),
    sendPoll: sends('sendPoll'),
    setReaction: sends('setReaction', 'PUT', '/api/reaction'),
    sendSeen: sends('sendSeen'),
    startTyping: sends('startTyping'),
    stopTyping: sends('stopTyping'),
  };
};
