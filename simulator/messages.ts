/** Carries messages, and what happens to them, between companions, phones and the other accounts here. */
import type { Clock } from '../contract/clock.ts';
import { notifyHolders } from './companion/call-context.ts';
import type { Connection } from './connection.ts';
import type { MediaStore } from './media-store.ts';
import { isGroup } from './model/jid.ts';
import type { AccountRecord, DeviceRecord, MessageRecord } from './model/records.ts';
import { type Draft, type Incoming, isMember, type World } from './model/world.ts';
import { type CallAnswer, type PageEvent, wire } from './protocol.ts';
import { CallRefusal, PhoneRefusal } from './refusal.ts';

type MessagesOptions = {
  readonly world: World;
  readonly media: MediaStore;
  readonly clock: Clock;
  readonly random: (bytes: number) => string;
  /** The servers reject every message. */
  readonly refusesSends: () => boolean;
  readonly pagesOf: (account: string) => readonly Connection[];
  /** Sends an event to every connected page of an account. */
  readonly notify: (account: string, event: PageEvent) => void;
};

export class Messages {
  readonly #options: MessagesOptions;

  constructor(options: MessagesOptions) {
    this.#options = options;
  }

  /** A companion sends a message; its account's other pages get it too. */
  send(device: DeviceRecord, connection: Connection, draft: Draft): CallAnswer['send'] {
    const { world, media, pagesOf, refusesSends } = this.#options;
    if (refusesSends()) throw new CallRefusal(463, 'message refused');
    this.requireMayWrite(device.account, draft.chatId);
    if (draft.file && !media.get(draft.file.directPath))
      throw new CallRefusal(400, 'no such file was uploaded');
    const { message, arrived } = world.send(device, draft);
    for (const copy of arrived) this.deliver(copy);
    for (const other of pagesOf(device.account)) {
      if (other !== connection) other.send({ type: 'message', message: wire(message) });
    }
    // The sender learns "at the server" from the answer and anything higher as a receipt after it.
    if (message.ack > 1) setImmediate(() => this.#sendAck(message));
    return { ack: 1, timestamp: message.timestamp };
  }

  /** A contact writes to an account. */
  receive(account: AccountRecord, incoming: Incoming): MessageRecord {
    const { world } = this.#options;
    const message = world.receive(account, { ...incoming, from: world.personId(incoming.from) });
    this.deliver(message);
    return message;
  }

  /** The account reads a chat: the other side gets receipts. */
  see(account: string, chatId: string): void {
    for (const receipt of this.#options.world.see(account, chatId).receipts) this.#sendAck(receipt);
  }

  /** A person reacts to a message: every account here that has it is notified. */
  react(account: string, messageId: string, by: string, text: string): void {
    const { world, random, clock } = this.#options;
    this.#requireMessage(account, messageId);
    const author = world.personId(by);
    const id = random(16).toUpperCase();
    notifyHolders(this.#options, (holder) => {
      const message = world.react(holder, messageId, author, text);
      return (
        message && {
          type: 'reaction',
          id,
          about: messageId,
          chatId: message.chatId,
          author,
          text,
          at: clock(),
        }
      );
    });
  }

  vote(account: string, messageId: string, by: string, options: string[]): void {
    const { world, random, clock } = this.#options;
    const voter = world.personId(by);
    const known = this.#requireMessage(account, messageId).poll?.options;
    if (!known || options.some((option) => !known.includes(option)))
      throw new PhoneRefusal('unknown_message', 'the message is no poll with these options');
    const id = random(16).toUpperCase();
    notifyHolders(this.#options, (holder) => {
      const message = world.vote(holder, messageId, voter, options);
      return (
        message && {
          type: 'vote',
          id,
          about: messageId,
          chatId: message.chatId,
          voter,
          options,
          at: clock(),
        }
      );
    });
  }

  revoke(account: string, messageId: string): void {
    const { world } = this.#options;
    this.#requireMessage(account, messageId);
    notifyHolders(this.#options, (holder) => {
      const message = world.revoke(holder, messageId);
      return message && { type: 'revoked', chatId: message.chatId, id: messageId };
    });
  }

  /** The other side's receipt for one message, or for everything that the account sent. Returns how many changed. */
  acknowledge(account: AccountRecord, messageId: string | undefined, ack: number): number {
    const { world } = this.#options;
    const sent = world.messages(account.phoneNumber).filter(({ fromMe }) => fromMe);
    const chosen = messageId === undefined ? sent : sent.filter(({ id }) => id === messageId);
    if (messageId !== undefined && chosen.length === 0) {
      throw new PhoneRefusal('unknown_message', 'the account did not send this message');
    }
    const changed = chosen.flatMap(({ id }) => world.acknowledge(account.phoneNumber, id, ack) ?? []);
    for (const message of changed) this.#sendAck(message);
    return changed.length;
  }

  /** Sends a message to the pages of its account. */
  deliver(message: MessageRecord): void {
    const { world, notify } = this.#options;
    const contact = world.contacts(message.account).find(({ id }) => id === message.author);
    notify(message.account, {
      type: 'message',
      message: wire(message),
      contact: contact && { id: contact.id, name: contact.name },
    });
  }

  /** A blocked account cannot write at all, a non-member not to a group, a follower not to a channel. */
  requireMayWrite(account: string, chatId: string): void {
    const { world } = this.#options;
    const groups = () => world.groups(account).filter(({ id }) => id === chatId);
    const channels = () => world.channels(account).filter(({ id }) => id === chatId);
    const allowed =
      !world.account(account)?.banned &&
      (!isGroup(chatId) || groups().some((group) => isMember(group, account))) &&
      (!chatId.endsWith('@newsletter') ||
        channels().some(({ role }) => role === 'owner' || role === 'admin'));
    if (!allowed) throw new CallRefusal(403, 'forbidden');
  }

  #requireMessage(account: string, id: string): MessageRecord {
    const message = this.#options.world.message(account, id);
    if (!message) throw new PhoneRefusal('unknown_message', `the account has no message ${id}`);
    return message;
  }

  #sendAck({ account, chatId, id, ack }: MessageRecord): void {
    this.#options.notify(account, { type: 'ack', chatId, id, ack });
  }
}
