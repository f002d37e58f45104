/** Companions' calls for the account's chats, for people, and for its own profile. */
import { isGroup, userJid } from '../model/jid.ts';
import type { ChatRecord } from '../model/records.ts';
import type { ChatCall } from '../protocol.ts';
import { CallRefusal } from '../refusal.ts';
import { type CallContext, type CallHandlers, groupOf, isAdminOf } from './call-context.ts';

export const chatHandlers = (context: CallContext): CallHandlers<ChatCall> => {
  const { world } = context;
  const change = (account: string, id: string, changes: Partial<ChatRecord>): void => {
    const chat = world.keep({ ...world.chat(account, id), ...changes });
    context.notify(account, { type: 'chat', chat: { ...chat } });
  };
  /**
   * Whether the account may change the picture: a person's own, or a group's. A group can allow it to admins only.
   */
  const requireMayPicture = (account: string, id: string): void => {
    const allowed = isGroup(id)
      ? !groupOf(context, account, id).restrict || isAdminOf(context, account, id)
      : id === userJid(account);
    if (!allowed) throw new CallRefusal(403, 'forbidden');
  };

  return {
    setChat: ({ op: _op, chatId, ...changes }, { phoneNumber, labels }) => {
      if (changes.labels && !labels) throw new CallRefusal(403, 'forbidden');
      change(phoneNumber, chatId, changes);
      return {};
    },
    emptyChat: ({ chatId, whole }, { phoneNumber }) => {
      for (const message of world.messages(phoneNumber).filter((one) => one.chatId === chatId))
        world.keep({ ...message, deleted: true });
      change(phoneNumber, chatId, whole ? { gone: true } : {});
      return {};
    },
    block: ({ id, blocked }, account) => {
      const others = (account.blocked ?? []).filter((one) => one !== id);
      world.keep({ ...account, blocked: blocked ? [...others, id] : others });
      return {};
    },
    saveContact: ({ id, name }, { phoneNumber }) => {
      world.nameContact(phoneNumber, id, name);
      return {};
    },
    about: ({ id }) => ({ about: world.profile(id).about ?? '' }),
    picture: ({ id }) => {
      const { picture } = world.profile(id);
      if (picture === undefined) throw new CallRefusal(404, 'item-not-found');
      return { url: `https://pps.whatsapp.net/v/${picture.slice(-12).replaceAll(/\W/g, '')}.jpg` };
    },
    setPicture: ({ id, picture }, { phoneNumber }) => {
      requireMayPicture(phoneNumber, id);
      const { picture: _before, ...profile } = world.profile(id);
      world.keep({ ...profile, ...(picture === null ? {} : { picture }) });
      return {};
    },
    setProfile: ({ name, about }, account) => {
      if (name !== undefined) world.keep({ ...account, pushName: name });
      if (about !== undefined) world.keep({ ...world.profile(userJid(account.phoneNumber)), about });
      return {};
    },
    presence: ({ available }, account) => {
      world.keep({ ...account, online: available });
      return {};
    },
    followPresence: ({ chatId }, { phoneNumber }) => {
      context.followPresence(phoneNumber, chatId);
      return {};
    },
    rejectCall: ({ id }, account) => {
      world.keep({ ...account, rejectedCalls: [...(account.rejectedCalls ?? []), id] });
      return {};
    },
  };
};
