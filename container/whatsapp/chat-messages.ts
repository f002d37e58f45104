/**
 * The last messages of a chat. The library's own `fetchMessages` sorts with a comparison that calls equal times unequal,
 * so it reverses messages of the same second. This reads the same messages and keeps the chat's order.
 */
import whatsapp from 'whatsapp-web.js';

/** The part of the page's global object that is used here. The page's modules have no types (compat/page-pieces.ts). */
declare const window: {
  require(name: string): unknown;
  WWebJS: Record<string, unknown>;
};

/**
 * Runs in the page by itself: it may use nothing outside its own body. Answers the library's models of the last
 * `limit` messages that a person wrote, oldest first, and null if there is no such chat. Earlier ones are loaded as
 * needed.
 */
export const readLastMessages = async (chatId: string, limit: number): Promise<unknown[] | null> => {
  type Msg = { t: number; type?: string; isNotification?: boolean };
  type Chat = { msgs: { getModelsArray(): Msg[] } };
  type Library = {
    getChat(id: string, options: { getAsModel: boolean }): Promise<Chat | undefined>;
    getMessageModel(msg: Msg): unknown;
  };
  type Loader = { loadEarlierMsgs(args: { chat: Chat }): Promise<Msg[] | undefined> };
  const { getChat, getMessageModel } = window.WWebJS as Library;
  const chat = await getChat(chatId, { getAsModel: false });
  if (!chat) return null;
  const written = (msgs: readonly Msg[]) =>
    msgs.filter(({ isNotification, type }) => !isNotification && type !== 'newsletter_notification');
  let msgs = written(chat.msgs.getModelsArray());
  while (msgs.length < limit) {
    const loader = window.require('WAWebChatLoadMessages') as Loader;
    const earlier = await loader.loadEarlierMsgs({ chat });
    if (!earlier || earlier.length === 0) break;
    msgs = [...written(earlier), ...msgs];
  }
  return msgs
    .sort((a, b) => a.t - b.t)
    .slice(-limit)
    .map((msg) => getMessageModel(msg));
};

/** The last messages of a chat as the library's objects, oldest first. Rejects if there is no such chat. */
export const lastMessages = async (
  client: whatsapp.Client,
  chatId: string,
  limit: number,
): Promise<readonly unknown[]> => {
  const models = await client.pupPage?.evaluate(readLastMessages, chatId, limit);
  if (!models) throw new Error('no such chat');
  return models.map((model) => toMessage(client, model));
};

/** The library's types show its class as an interface. */
const toMessage = (client: whatsapp.Client, model: unknown): unknown => {
  const made: unknown = Reflect.get(whatsapp, 'Message');
  if (!isMessageClass(made)) throw new Error('whatsapp-web.js has no class Message');
  return new made(client, model);
};

const isMessageClass = (value: unknown): value is new (client: whatsapp.Client, model: unknown) => unknown =>
  typeof value === 'function';
