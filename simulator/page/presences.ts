/** Who is online or types, as WhatsApp Web keeps it: one model a chat, with a state for each person in it. */
import type { PageEvent } from '../protocol.ts';
import { Collection, modelOf } from './model.ts';
import { createWid, type Wid } from './wid.ts';

type PresenceEvent = Extract<PageEvent, { type: 'presence' }>;

class ChatState extends modelOf<{ id: Wid; type: string; t: number }>() {}

class PresenceModel extends modelOf<{ id: Wid; isOnline: boolean }>() {
  readonly #states = new Collection<ChatState>();

  /** Of a chat with one person. */
  get chatstate(): ChatState | undefined {
    return this.id.isGroup() ? undefined : this.#states.getModelsArray()[0];
  }

  /** Of a group. */
  get chatstates(): Collection<ChatState> | undefined {
    return this.id.isGroup() ? this.#states : undefined;
  }

  state(id: Wid): ChatState {
    return this.#states.get(id) ?? this.#states.add(new ChatState({ id, type: '', t: 0 }));
  }
}

const TYPES = {
  online: 'available',
  offline: 'unavailable',
  typing: 'composing',
  recording: 'recording_audio',
} as const;

export class PresenceCollection extends Collection<PresenceModel> {
  /** Takes what the server reports about a chat that is followed. */
  take({ chatId, participant, state, at }: PresenceEvent): void {
    const chat = createWid(chatId);
    const presence = this.get(chat) ?? this.add(new PresenceModel({ id: chat, isOnline: false }));
    const shown = presence.state(createWid(participant));
    presence.set({ isOnline: state !== 'offline' });
    const before = shown.type;
    shown.set({ type: TYPES[state], t: state === 'offline' ? at : 0 });
    // A model within a model has events under its own name as well.
    if (before !== shown.type) this.trigger('change:chatstate.type', shown);
  }
}
