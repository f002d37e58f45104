/** The worker's calls to the library for a linked account, except sending. Results are parsed by their readers. */
import type whatsapp from 'whatsapp-web.js';
import { type AccountActs, libraryActs } from './account-acts.ts';
import { lastMessages } from './chat-messages.ts';

export type LibraryAccount = AccountActs & {
  /** Null if there is none of this id. */
  message(id: string): Promise<unknown>;
  /** Base64 with its type and name; undefined if WhatsApp gives it no more. */
  downloadMedia(message: unknown): Promise<unknown>;
  /** Null: WhatsApp Web does not let it be edited. */
  edit(messageId: string, text: string, options: EditOptions): Promise<unknown>;
  /** Resolves once WhatsApp Web is done with it; that it was done is another question. */
  delete(messageId: string, everyone: boolean): Promise<void>;
  react(messageId: string, reaction: string): Promise<void>;
  /** False: no such chat. */
  sendSeen(chatId: string): Promise<boolean>;
  setTyping(chatId: string, typing: boolean): Promise<void>;
  showInChat(chatId: string, state: 'typing' | 'recording' | 'stop'): Promise<void>;
  chats(): Promise<readonly unknown[]>;
  chat(chatId: string): Promise<unknown>;
  /** The last so many, oldest first. */
  messages(chatId: string, limit: number): Promise<readonly unknown[]>;
  contacts(): Promise<readonly unknown[]>;
  contact(id: string): Promise<unknown>;
  /** The id of a number; null: it is not on WhatsApp. */
  numberId(digits: string): Promise<unknown>;
  /** `{ lid, pn }` of those that the page knows by hidden id; `pn` null if it knows no number. */
  knownLids(): Promise<unknown>;
  /** `[{ lid, pn }]` of a person's id, either of them missing if WhatsApp does not reveal it. */
  lidAndNumber(id: string): Promise<unknown>;
  createGroup(name: string, participants: readonly string[]): Promise<unknown>;
  addParticipants(groupId: string, participants: readonly string[]): Promise<unknown>;
  removeParticipants(groupId: string, participants: readonly string[]): Promise<unknown>;
};

type EditOptions = { readonly mentions?: string[]; readonly linkPreview: boolean };

/** Runs in the page: people of its contacts and chats, each once. */
const KNOWN_LIDS = `(() => {
  const { Contact, Chat } = window.require('WAWebCollections');
  const { getCurrentLid, getPhoneNumber } = window.require('WAWebApiContact');
  const known = new Map();
  for (const { id } of [...Contact.getModelsArray(), ...Chat.getModelsArray()]) {
    const lid = id.server === 'lid' ? id : id.server === 'c.us' ? getCurrentLid(id) : undefined;
    if (!lid) continue;
    const pn = id.server === 'lid' ? getPhoneNumber(id) : id;
    const text = String(lid);
    known.set(text, { lid: text, pn: pn ? String(pn) : (known.get(text)?.pn ?? null) });
  }
  return [...known.values()];
})()`;

export const libraryAccount = (client: whatsapp.Client): LibraryAccount => {
  const group = async (id: string): Promise<whatsapp.GroupChat> => {
    const chat = await client.getChatById(id);
    if (!isGroupChat(chat)) throw new Error('no such group');
    return chat;
  };
  return {
    ...libraryActs(client),
    message: (id) => client.getMessageById(id),
    downloadMedia: async (message) => (isDownloadable(message) ? await message.downloadMedia() : undefined),
    edit: async (messageId, text, options) => {
      const message = await client.getMessageById(messageId);
      return await message.edit(text, { ...options });
    },
    delete: async (messageId, everyone) => {
      const message = await client.getMessageById(messageId);
      await message.delete(everyone);
    },
    // In the library, and missing in its types.
    react: async (messageId, reaction) => {
      const message = await client.getMessageById(messageId);
      await message.react(reaction);
    },
    sendSeen: (chatId) => client.sendSeen(chatId),
    // The library's own way answers before the page has notified WhatsApp.
    setTyping: async (chatId, typing) => {
      const state = JSON.stringify(typing ? 'typing' : 'stop');
      await client.pupPage?.evaluate(`window.WWebJS.sendChatstate(${state}, ${JSON.stringify(chatId)})`);
    },
    showInChat: async (chatId, state) => {
      const values = [state, chatId].map((value) => JSON.stringify(value)).join(', ');
      await client.pupPage?.evaluate(`window.WWebJS.sendChatstate(${values})`);
    },
    chats: () => client.getChats(),
    chat: (chatId) => client.getChatById(chatId),
    messages: (chatId, limit) => lastMessages(client, chatId, limit),
    contacts: () => client.getContacts(),
    contact: (id) => client.getContactById(id),
    numberId: (digits) => client.getNumberId(digits),
    knownLids: async () => await client.pupPage?.evaluate(KNOWN_LIDS),
    lidAndNumber: (id) => client.getContactLidAndPhone([id]),
    createGroup: (name, participants) => client.createGroup(name, [...participants]),
    addParticipants: async (id, participants) => (await group(id)).addParticipants([...participants]),
    removeParticipants: async (id, participants) => (await group(id)).removeParticipants([...participants]),
  };
};

const isGroupChat = (chat: whatsapp.Chat | undefined): chat is whatsapp.GroupChat =>
  chat !== undefined && 'addParticipants' in chat;

const isDownloadable = (message: unknown): message is { downloadMedia(): Promise<unknown> } =>
  typeof message === 'object' &&
  message !== null &&
  'downloadMedia' in message &&
  typeof message.downloadMedia === 'function';
