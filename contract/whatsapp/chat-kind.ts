/** The kind of chat that an id names. */
export type ChatKind = 'person' | 'group' | 'channel' | 'status' | 'broadcast';

/** `…@c.us` and `…@lid` are persons; `status@broadcast` is Status, every other `…@broadcast` a broadcast list. */
export const chatKindOf = (chatId: string): ChatKind => {
  if (chatId === 'status@broadcast') return 'status';
  const server = chatId.slice(chatId.lastIndexOf('@') + 1);
  if (server === 'g.us') return 'group';
  if (server === 'newsletter') return 'channel';
  return server === 'broadcast' ? 'broadcast' : 'person';
};

/** Whether what comes in there is written to this account: it keeps the session from being idle. */
export const countsAsUse = (kind: ChatKind): boolean => kind === 'person' || kind === 'group';
