/** Who is online, types or records, and which accounts follow it. */
import type { Clock } from '../contract/clock.ts';
import type { ShownPresence } from '../contract/phone/happenings.ts';
import type { PageEvent } from './protocol.ts';

type Shown = { readonly participant: string; readonly state: ShownPresence; readonly at: number };

export type PresencesOptions = {
  readonly clock: Clock;
  /** Sends an event to every connected page of an account. */
  readonly notify: (account: string, event: PageEvent) => void;
};

export class Presences {
  readonly #options: PresencesOptions;
  /** By chat and participant. */
  readonly #shown = new Map<string, Map<string, Shown>>();
  /** By account: chats. */
  readonly #followed = new Map<string, Set<string>>();

  constructor(options: PresencesOptions) {
    this.#options = options;
  }

  /** The account's page receives the presence in this chat, as it is and from now on. */
  follow(account: string, chatId: string): void {
    const chats = this.#followed.get(account) ?? new Set<string>();
    this.#followed.set(account, chats.add(chatId));
    for (const shown of this.#shown.get(chatId)?.values() ?? []) this.#send(account, chatId, shown);
  }

  /** A page that connects follows nothing yet. */
  forget(account: string): void {
    this.#followed.delete(account);
  }

  show(chatId: string, participant: string, state: ShownPresence): void {
    const shown = { participant, state, at: Math.floor(this.#options.clock() / 1000) };
    const inChat = this.#shown.get(chatId) ?? new Map<string, Shown>();
    this.#shown.set(chatId, inChat.set(participant, shown));
    for (const [account, chats] of this.#followed) if (chats.has(chatId)) this.#send(account, chatId, shown);
  }

  #send(account: string, chatId: string, shown: Shown): void {
    this.#options.notify(account, { type: 'presence', chatId, ...shown });
  }
}
