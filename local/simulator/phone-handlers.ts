import type { PhoneAccount, PhoneMessage } from '../../core/phone/api.ts';
import type { Exchange } from './exchange.ts';
import { isGroup } from './model/jid.ts';
import type { AccountRecord, MessageRecord } from './model/records.ts';
import { ACK } from './model/world.ts';
import type { PhoneHandlers } from './phone-server.ts';
import { Refusal } from './refusal.ts';

/** What the phone's operations do, each one on the exchange. */
export function phoneHandlers(exchange: Exchange): PhoneHandlers {
  const { world, linking } = exchange;

  const accountOf = (name: string): AccountRecord => {
    const device = world.device(name);
    const account = world.account(device?.account ?? name);
    if (!account) throw new Refusal('unknown_account', `no account is called ${name}`);
    return account;
  };

  const describe = (account: AccountRecord): PhoneAccount => ({
    phoneNumber: account.phoneNumber,
    id: `${account.phoneNumber}@c.us`,
    lid: account.lid,
    pushName: account.pushName,
    devices: world.devices(account.phoneNumber).map(({ id, platform, linkedAt }) => ({
      id,
      platform,
      linkedAt,
      connected: exchange.connected(id),
    })),
  });

  const linked = ({ account, deviceId }: { account: AccountRecord; deviceId: string }) => ({
    account: describe(account),
    deviceId,
  });

  return {
    pages: () => ({ pages: linking.pages() }),
    accounts: () => ({ accounts: world.accounts().map(describe) }),
    scan: ({ code, page, account }) => linked(exchange.scan({ code, page }, account)),
    enterPairingCode: ({ code, account }) => linked(linking.enterPairingCode(code, account)),
    refreshCode: ({ page }) => {
      linking.refresh(page);
      return { ok: true };
    },
    send: ({ account: name, from, name: contactName, chat, text, replyTo, mentions }) => {
      const account = accountOf(name);
      if (
        chat !== undefined &&
        isGroup(chat) &&
        !world.groups(account.phoneNumber).some(({ id }) => id === chat)
      ) {
        throw new Refusal('unknown_chat', `the account is in no group ${chat}`);
      }
      if (replyTo !== undefined && !world.message(account.phoneNumber, replyTo)) {
        throw new Refusal('unknown_message', `the account has no message ${replyTo}`);
      }
      const incoming = { from, name: contactName, chatId: chat, body: text, quotedId: replyTo, mentions };
      return { message: message(exchange.receive(account, incoming)) };
    },
    ack: ({ account, message: id, ack }) => ({
      affected: exchange.acknowledge(accountOf(account), id, ACK[ack]),
    }),
    inbox: ({ account, chat, sent, limit }) => ({
      messages: world
        .messages(accountOf(account).phoneNumber)
        .filter(({ chatId, fromMe }) => (chat === undefined || chatId === chat) && (!sent || fromMe))
        .slice(-limit)
        .map(message),
    }),
    createGroup: ({ account, subject, participants }) => ({
      chatId: exchange.createGroup(accountOf(account), subject, participants).id,
    }),
    logout: ({ target, quiet }) => ({ affected: exchange.logout(target, quiet ?? false) }),
    state: ({ target, state }) => ({ affected: exchange.tell(target, { type: 'state', state }) }),
    network: ({ target, mode, delayMs }) => {
      exchange.setNetwork(target, { mode, delayMs });
      return { ok: true };
    },
    disturb: ({ target, how }) => ({ affected: exchange.tell(target, { type: how }) }),
    faults: () => exchange.faults,
    setFaults: (change) => exchange.setFaults(change),
  };
}

function message({
  id,
  chatId,
  fromMe,
  author,
  type,
  body,
  timestamp,
  ack,
  mentions,
  quoted,
}: MessageRecord): PhoneMessage {
  return { id, chatId, fromMe, author, type, body, timestamp, ack, mentions, quotedId: quoted?.id };
}
