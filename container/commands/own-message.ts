/**
 * The page's reports of a message that this command sends: that it exists, and how far it got. The library's answer
 * alone says neither: it resolves before the server has the message, loses messages whose ids it cannot read, and
 * fails for messages that were sent.
 */
import type { Message } from '../../contract/whatsapp/messages.ts';
import { ackPayload } from '../whatsapp/event-payloads.ts';
import { messagePayload } from '../whatsapp/payloads.ts';
import type { CommandContext } from './context.ts';

/** WhatsApp's server has it. Below zero: it refused it, or the page gave up. */
export const SERVER_ACK = 1;

export type OwnMessage = {
  /** The message with its newest acknowledgement; undefined: the page has not shown it. */
  current(): Message | undefined;
  /** The library named the message: from now on this one counts. */
  is(message: Message): void;
  /** Resolves once the server has accepted or refused it, or after `ms`. */
  settled(ms: number): Promise<void>;
  stop(): void;
};

/** Begins to listen; `isIt` distinguishes the command's message from the account's other new messages. */
export const watchOwnMessage = (
  { time, onEvent }: Pick<CommandContext, 'time' | 'onEvent'>,
  isIt: (message: Message) => boolean,
): OwnMessage => {
  let found: Message | undefined;
  /** By message id: an acknowledgement may come before the library names its message. */
  const acks = new Map<string, Pick<Message, 'ack' | 'ackName'>>();
  let wake = () => {};

  const current = (): Message | undefined => {
    if (!found) return undefined;
    const ack = acks.get(found.id);
    return ack && (ack.ack < 0 || ack.ack > found.ack) ? { ...found, ...ack } : found;
  };
  const isSettled = (): boolean => {
    const ack = current()?.ack ?? 0;
    return ack >= SERVER_ACK || ack < 0;
  };

  const stop = onEvent((name, values) => {
    let isOwn = false;
    if (name === 'message_create') {
      const message = messagePayload(values[0]);
      isOwn = message?.fromMe === true && !found && isIt(message);
      if (isOwn) found = message;
    } else if (name === 'message_ack') {
      const payload = ackPayload(values[0], values[1]);
      if (payload?.fromMe) acks.set(payload.id, { ack: payload.ack, ackName: payload.ackName });
    } else return false;
    if (isSettled()) wake();
    return isOwn;
  });

  return {
    current,
    is(message) {
      found = message;
    },
    settled: (ms) =>
      new Promise((resolve) => {
        if (isSettled()) return resolve();
        const cancel = time.after(ms, () => resolve());
        wake = () => {
          cancel();
          resolve();
        };
      }),
    stop,
  };
};
