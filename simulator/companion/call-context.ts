/** The dependencies of the handlers of companions' calls. */
import type { Clock } from '../../contract/clock.ts';
import { isGroup, userJid } from '../model/jid.ts';
import type { AccountRecord, DeviceRecord, GroupRecord, MessageRecord } from '../model/records.ts';
import type { World } from '../model/world.ts';
import type { CallAnswer, PageEvent } from '../protocol.ts';
import { CallRefusal } from '../refusal.ts';

export type GroupChange = {
  readonly subject?: string | undefined;
  readonly description?: string | undefined;
  readonly announce?: boolean | undefined;
  readonly restrict?: boolean | undefined;
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  readonly promote?: readonly string[];
  readonly demote?: readonly string[];
};

export type CallContext = {
  readonly world: World;
  readonly clock: Clock;
  readonly random: (bytes: number) => string;
  /** The servers reject every message. */
  readonly refusesSends: () => boolean;
  /** Throws if the account may not write to the chat. */
  readonly requireMayWrite: (account: string, chatId: string) => void;
  /** Sends an event to every connected page of an account. */
  readonly notify: (account: string, event: PageEvent) => void;
  /** The account's pages receive the presence in this chat. */
  readonly followPresence: (account: string, chatId: string) => void;
  readonly changeGroup: (id: string, by: string, change: GroupChange) => void;
  readonly vote: (account: string, messageId: string, by: string, options: string[]) => void;
};

type WithOp = { op: string };
/** One handler for each call. */
export type CallHandlers<C extends WithOp> = {
  readonly [O in C['op'] & keyof CallAnswer]: (
    call: Extract<C, { op: O }>,
    account: AccountRecord,
    device: DeviceRecord,
  ) => CallAnswer[O];
};

/** An edit, a revocation, a pin are messages too: what refuses messages refuses them. */
export const requireSends = (context: CallContext, account: string, chatId: string): void => {
  if (context.refusesSends()) throw new CallRefusal(463, 'message refused');
  context.requireMayWrite(account, chatId);
};

export const messageOf = ({ world }: CallContext, account: string, id: string): MessageRecord => {
  const message = world.message(account, id);
  if (!message || message.deleted) throw new CallRefusal(404, 'item-not-found');
  return message;
};

export const groupOf = ({ world }: CallContext, account: string, id: string): GroupRecord => {
  const group = world.groups(account).find((one) => one.id === id);
  if (!group) throw new CallRefusal(404, 'item-not-found');
  return group;
};

export const isAdminOf = (context: CallContext, account: string, chatId: string): boolean =>
  isGroup(chatId) &&
  groupOf(context, account, chatId).participants.some(
    ({ id, isAdmin }) => isAdmin && id === userJid(account),
  );

/** Notifies every account here that has the message, in that account's form. */
export const notifyHolders = (
  context: Pick<CallContext, 'world' | 'notify'>,
  change: (account: string) => PageEvent | undefined,
): void => {
  for (const { phoneNumber } of context.world.accounts()) {
    const event = change(phoneNumber);
    if (event) context.notify(phoneNumber, event);
  }
};
