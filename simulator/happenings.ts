/**
 * Events of an account other than messages from others. They are kept in the world and sent to the account's pages.
 */
import type { Clock } from '../contract/clock.ts';
import {
  createChannel,
  editMessage,
  fillChat,
  fillGroups,
  type Random,
  resolveMessage,
  typeOnPhone,
} from './model/happenings.ts';
import type { AccountRecord, ChannelRecord, MessageRecord } from './model/records.ts';
import type { World } from './model/world.ts';
import { type PageEvent, type WireLabel, wire } from './protocol.ts';

type HappeningsOptions = {
  readonly world: World;
  readonly clock: Clock;
  readonly random: Random;
  /** Sends an event to every connected page of an account. */
  readonly notify: (account: string, event: PageEvent) => void;
};

export class Happenings {
  readonly #options: HappeningsOptions;

  constructor(options: HappeningsOptions) {
    this.#options = options;
  }

  typeOnPhone(account: AccountRecord, chat: string, text: string, secondsAgo: number): MessageRecord {
    const { world, random, clock } = this.#options;
    const at = clock() - secondsAgo * 1000;
    const message = typeOnPhone(world, account, chat, text, { random, at });
    this.#notify(account, { type: 'message', message: wire(message) });
    return message;
  }

  edit(account: AccountRecord, id: string, text: string): MessageRecord {
    const message = editMessage(this.#options.world, account, id, text);
    this.#notify(account, {
      type: 'edited',
      chatId: message.chatId,
      about: id,
      text,
      at: this.#options.clock(),
    });
    return message;
  }

  resolve(account: AccountRecord, id: string): MessageRecord {
    const message = resolveMessage(this.#options.world, account, id);
    this.#notify(account, { type: 'resolved', message: wire(message) });
    return message;
  }

  /** Its devices stay linked; their pages are put into the state of a blocked account, now and at every connect. */
  ban(account: AccountRecord, banned: boolean): void {
    this.#options.world.keep({ ...account, banned });
    if (banned) this.#notify(account, { type: 'state', state: 'TOS_BLOCK' });
  }

  /** The account is a business from now on, with these labels. */
  setLabels(account: AccountRecord, labels: WireLabel[]): void {
    this.#options.world.keep({ ...account, labels });
    this.#notify(account, { type: 'labels', labels });
  }

  /** The owner gives a chat these labels on the phone. */
  labelChat(account: AccountRecord, chatId: string, labels: string[]): void {
    const { world } = this.#options;
    const chat = world.keep({ ...world.chat(account.phoneNumber, world.personId(chatId)), labels });
    this.#notify(account, { type: 'chat', chat: { ...chat } });
  }

  createChannel(account: AccountRecord, name: string, role: ChannelRecord['role']): ChannelRecord {
    const { world, random } = this.#options;
    const channel = createChannel(world, account, name, role, random);
    this.#notify(account, { type: 'channel', channel: { id: channel.id, name, role } });
    return channel;
  }

  fill(
    account: AccountRecord,
    { chat, messages, groups }: { chat?: string | undefined; messages: number; groups: number },
  ): { messages: number; groups: number } {
    const { world, random, clock } = this.#options;
    if (chat !== undefined) fillChat(world, account, chat, messages, { random, now: clock() });
    fillGroups(world, account, groups);
    return { messages: chat === undefined ? 0 : messages, groups };
  }

  #notify(account: AccountRecord, event: PageEvent): void {
    this.#options.notify(account.phoneNumber, event);
  }
}
