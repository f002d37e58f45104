import type { PageEvent } from '../../protocol.ts';
import type { App } from '../app.ts';
import type { MsgModel } from '../models.ts';
import { MsgKey } from '../msg-key.ts';
import { define } from '../registry.ts';
import { createWid } from '../wid.ts';

/** Reactions and votes, which belong to messages. And calls, which leave no message. */
export class Addons {
  readonly #app: App;
  /** The library replaces these functions in place, and so receives every row. */
  readonly #reactions = { reactionTableMode: { bulkUpsert: async (_rows: unknown[]) => {} } };
  readonly #votes = { pollVoteTableMode: { bulkUpsert: async (_rows: unknown[]) => {} } };
  readonly #calls = { calls: new Map<string, unknown>(), on: () => {} };

  constructor(app: App) {
    this.#app = app;
    define({
      WAWebAddonReactionTableMode: this.#reactions,
      WAWebAddonPollVoteTableMode: this.#votes,
      WAWebCallCollection: this.#calls,
      WAWebSendReactionMsgAction: {
        sendReactionToMsg: (msg: MsgModel, text: string) =>
          app.deliver({ op: 'react', messageId: msg.id.id, text }),
      },
    });
  }

  react(event: Extract<PageEvent, { type: 'reaction' }>): void {
    const about = this.#app.messageOf(event.chatId, event.about);
    if (!about) return;
    this.#app.reactions.take(about, event);
    void this.#reactions.reactionTableMode.bulkUpsert([
      {
        id: this.#keyBeside(about, event.id, event.author),
        reactionParentKey: about.id,
        reactionTimestamp: event.at,
        reactionText: event.text,
        from: createWid(event.author),
        author: createWid(event.author),
        orphan: 0,
        read: false,
        ack: 1,
      },
    ]);
  }

  vote(event: Extract<PageEvent, { type: 'vote' }>): void {
    const about = this.#app.messageOf(event.chatId, event.about);
    if (!about) return;
    const chosen = (about.pollOptions ?? []).filter(({ name }) => event.options.includes(name));
    void this.#votes.pollVoteTableMode.bulkUpsert([
      {
        id: this.#keyBeside(about, event.id, event.voter),
        pollUpdateParentKey: about.id,
        t: event.at,
        senderTimestampMs: event.at,
        from: createWid(event.voter),
        author: createWid(event.voter),
        selectedOptionLocalIds: chosen.map(({ localId }) => localId),
      },
    ]);
  }

  ring({ id, from, isVideo, isGroup }: Extract<PageEvent, { type: 'call' }>): void {
    this.#calls.calls.set(id, {
      id,
      peerJid: createWid(from),
      isVideo,
      isGroup,
      outgoing: false,
      canHandleLocally: false,
      webClientShouldHandle: false,
      participants: [],
    });
  }

  #keyBeside(about: MsgModel, id: string, author: string): MsgKey {
    return new MsgKey({
      fromMe: this.#app.isMe(author),
      remote: about.id.remote,
      id,
      participant: about.id.remote.isGroup() ? createWid(author) : undefined,
    });
  }
}
