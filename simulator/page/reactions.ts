import type { MsgModel } from './models.ts';
import { createWid, type Wid } from './wid.ts';

type Sender = { reactionText: string; senderUserJid: Wid; timestamp: number; parentMsgKey: unknown };
type Grouped = { id: string; aggregateEmoji: string; hasReactionByMe: boolean; senders: Sender[] };
/** As WhatsApp Web's collection has it. */
type Shown = { reactions: { length: number; serialize: () => Grouped[] } };

/** The reactions to a message, grouped by emoji. */
export class Reactions {
  readonly #byMessage = new Map<string, Map<string, Sender>>();

  take(msg: MsgModel, { author, text, at }: { author: string; text: string; at: number }): void {
    const senders = this.#byMessage.get(String(msg.id)) ?? new Map<string, Sender>();
    this.#byMessage.set(String(msg.id), senders);
    const sender = {
      reactionText: text,
      senderUserJid: createWid(author),
      timestamp: at,
      parentMsgKey: msg.id,
    };
    if (text === '') senders.delete(author);
    else senders.set(author, sender);
    msg.set({ hasReaction: senders.size > 0 });
  }

  get(id: string): Shown | undefined {
    const senders = [...(this.#byMessage.get(id)?.values() ?? [])];
    const emojis = [...new Set(senders.map(({ reactionText }) => reactionText))];
    const grouped = emojis.map((emoji) => ({
      id: emoji,
      aggregateEmoji: emoji,
      hasReactionByMe: false,
      senders: senders.filter(({ reactionText }) => reactionText === emoji),
    }));
    return { reactions: { length: grouped.length, serialize: () => grouped } };
  }
}
