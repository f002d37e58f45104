/** Companions' calls that change existing messages. The servers enforce the limits, even if the page does not. */
import { isGroup, userJid } from '../model/jid.ts';
import type { MessageRecord } from '../model/records.ts';
import type { MessageCall } from '../protocol.ts';
import { CallRefusal } from '../refusal.ts';
import {
  type CallContext,
  type CallHandlers,
  isAdminOf,
  messageOf,
  notifyHolders,
  requireSends,
} from './call-context.ts';

/** How long a text can be changed: WhatsApp says 15 minutes, and is a little more patient. Seconds. */
const EDIT_WINDOW_S = 20 * 60;
/** How long a message can be deleted for all participants: two days and twelve hours. Seconds. */
const REVOKE_WINDOW_S = 60 * 60 * 60;

export const messageHandlers = (context: CallContext): CallHandlers<MessageCall> => {
  const { world } = context;
  const age = ({ timestamp }: MessageRecord): number => context.clock() / 1000 - timestamp;
  const notAllowed = () => new CallRefusal(405, 'not-allowed');

  return {
    edit: ({ messageId, text }, { phoneNumber }) => {
      const message = messageOf(context, phoneNumber, messageId);
      requireSends(context, phoneNumber, message.chatId);
      if (!message.fromMe || age(message) > EDIT_WINDOW_S) throw notAllowed();
      const at = context.clock();
      notifyHolders(context, (holder) => {
        const edited = world.edit(holder, message.id, text);
        return edited && { type: 'edited', chatId: edited.chatId, about: message.id, text, at };
      });
      return { at };
    },
    revoke: ({ messageId }, { phoneNumber }) => {
      const message = messageOf(context, phoneNumber, messageId);
      requireSends(context, phoneNumber, message.chatId);
      const mayRevoke = message.fromMe || isAdminOf(context, phoneNumber, message.chatId);
      if (!mayRevoke || age(message) > REVOKE_WINDOW_S) throw notAllowed();
      notifyHolders(context, (holder) => {
        const revoked = world.revoke(holder, message.id);
        return revoked && { type: 'revoked', chatId: revoked.chatId, id: message.id };
      });
      return {};
    },
    deleteMessage: ({ messageId }, { phoneNumber }) => {
      const message = messageOf(context, phoneNumber, messageId);
      world.keep({ ...message, deleted: true });
      context.notify(phoneNumber, { type: 'deleted', chatId: message.chatId, id: message.id });
      return {};
    },
    star: ({ messageId, star }, { phoneNumber }) => {
      world.keep({ ...messageOf(context, phoneNumber, messageId), starred: star });
      return {};
    },
    pin: ({ messageId, seconds }, { phoneNumber }) => {
      const message = messageOf(context, phoneNumber, messageId);
      requireSends(context, phoneNumber, message.chatId);
      if (isGroup(message.chatId) && !isAdminOf(context, phoneNumber, message.chatId)) throw notAllowed();
      for (const holder of world.accounts()) {
        const copy = world.message(holder.phoneNumber, messageId);
        if (copy) world.keep({ ...copy, pinnedSeconds: seconds });
      }
      return {};
    },
    vote: ({ messageId, options }, { phoneNumber }) => {
      const message = messageOf(context, phoneNumber, messageId);
      requireSends(context, phoneNumber, message.chatId);
      context.vote(phoneNumber, messageId, userJid(phoneNumber), options);
      return {};
    },
  };
};
