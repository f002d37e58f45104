import type { PhoneAccount, PhoneMessage, PhoneRequest } from '../contract/phone/api.ts';
import type { Exchange } from './exchange.ts';
import type { Content } from './model/content.ts';
import { fileType } from './model/file-type.ts';
import { isGroup, isNumberJid } from './model/jid.ts';
import type { AccountRecord, MessageRecord } from './model/records.ts';
import { ACK } from './model/world.ts';
import { newPasskey, RP_ID, signWith } from './passkeys.ts';
import type { PhoneHandlers } from './phone-server.ts';
import type { ProxyServer } from './proxy.ts';
import { PhoneRefusal } from './refusal.ts';

type Written = Pick<PhoneRequest<'send'>, 'text' | 'file' | 'location' | 'poll' | 'vcard'>;

/** The phone's operations. Each one works on the exchange. */
export const phoneHandlers = (exchange: Exchange, proxy: ProxyServer): PhoneHandlers => {
  const { world, linking, happenings, pages, messages, groups } = exchange;

  const accountOf = (name: string): AccountRecord => {
    const device = world.device(name);
    const account = world.account(device?.account ?? name);
    if (!account) throw new PhoneRefusal('unknown_account', `no account is called ${name}`);
    return account;
  };

  /** A contact's message, as WhatsApp keeps it. */
  const written = ({
    text,
    file,
    location,
    poll,
    vcard,
  }: Written): Content & { type: string; body: string } => {
    if (file) {
      const { data, mimetype, filename, as } = file;
      const stored = exchange.upload(Buffer.from(data, 'base64'));
      return {
        type: fileType(mimetype, as),
        body: text,
        file: { mimetype, ...(filename && { filename }), ...stored },
      };
    }
    if (location) return { type: 'location', body: text, location };
    if (poll) return { type: 'poll_creation', body: text, poll };
    if (vcard) return { type: 'vcard', body: vcard };
    if (text === '')
      throw new PhoneRefusal('bad_request', 'there is nothing to send: neither a text nor anything else');
    return { type: 'chat', body: text };
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
      language: exchange.languageOf(id),
    })),
  });

  const linked = ({ account, deviceId }: { account: AccountRecord; deviceId?: string }) => ({
    account: describe(account),
    ...(deviceId === undefined ? {} : { deviceId }),
  });

  return {
    pages: () => ({ pages: linking.pages() }),
    accounts: () => ({ accounts: world.accounts().map(describe) }),
    scan: ({ code, page, account }) => linked(exchange.scan({ code, page }, account)),
    enterPairingCode: ({ code, account }) => linked(linking.enterPairingCode(code, account)),
    setPasskey: ({ account: phoneNumber, required, confirm }) => {
      const account = world.ensureAccount({ phoneNumber });
      const passkey = {
        ...(world.passkey(phoneNumber) ?? newPasskey(phoneNumber, exchange.random)),
        required,
        confirm,
      };
      world.keepPasskey(passkey);
      const { id, privateKey, userHandle } = passkey;
      return { account: describe(account), passkey: { id, privateKey, userHandle, rpId: RP_ID } };
    },
    signPasskey: ({ challenge, origin, rpId }) => {
      const known = linking.passkeyFor(challenge);
      const passkey = { ...known, counter: (world.passkey(known.account)?.counter ?? 0) + 1 };
      world.keepPasskey(passkey);
      return signWith(passkey, { challenge, ...(origin && { origin }), ...(rpId && { rpId }) });
    },
    passkeyCodes: ({ account }) => ({ codes: linking.passkeyCodes(accountOf(account)) }),
    refreshCode: ({ page }) => {
      linking.refresh(page);
      return { ok: true };
    },
    send: ({
      account: name,
      from,
      name: contactName,
      chat,
      replyTo,
      mentions,
      viewOnce,
      waiting,
      ...what
    }) => {
      const account = accountOf(name);
      if (
        chat !== undefined &&
        isGroup(chat) &&
        !world.groups(account.phoneNumber).some(({ id }) => id === chat)
      ) {
        throw new PhoneRefusal('unknown_chat', `the account is in no group ${chat}`);
      }
      if (replyTo !== undefined && !world.message(account.phoneNumber, replyTo)) {
        throw new PhoneRefusal('unknown_message', `the account has no message ${replyTo}`);
      }
      const incoming = {
        from,
        name: contactName,
        chatId: chat,
        quotedId: replyTo,
        mentions,
        viewOnce,
        waiting,
        ...written(what),
      };
      return { message: message(messages.receive(account, incoming)) };
    },
    react: ({ account, from, message: id, text }) => {
      messages.react(accountOf(account).phoneNumber, id, from, text);
      return { ok: true };
    },
    vote: ({ account, from, message: id, options }) => {
      messages.vote(accountOf(account).phoneNumber, id, from, options);
      return { ok: true };
    },
    revoke: ({ account, message: id }) => {
      messages.revoke(accountOf(account).phoneNumber, id);
      return { ok: true };
    },
    call: ({ account, from, video }) => ({ callId: exchange.ring(accountOf(account), from, video) }),
    chatStates: ({ account }) => ({ chats: exchange.calls.chatStates(accountOf(account)) }),
    changeGroup: ({ account: name, chat, by, ...change }) => {
      const account = accountOf(name);
      const group = world.groups(account.phoneNumber).find(({ id }) => id === chat);
      if (!group) throw new PhoneRefusal('unknown_chat', `the account is in no group ${chat}`);
      return { participants: groups.change(chat, by ?? group.owner, change) };
    },
    ack: ({ account, message: id, ack }) => ({
      affected: messages.acknowledge(accountOf(account), id, ACK[ack]),
    }),
    inbox: ({ account, chat, sent, limit }) => ({
      messages: world
        .messages(accountOf(account).phoneNumber)
        .filter(({ type }) => type !== 'gp2')
        .filter(
          ({ chatId, fromMe }) =>
            (chat === undefined || chatId === world.personId(chat)) && (!sent || fromMe),
        )
        .slice(-limit)
        .map(message),
    }),
    createGroup: ({ account, subject, participants }) => ({
      chatId: groups.create(accountOf(account), subject, participants).id,
    }),
    logout: ({ target, quiet }) => ({ affected: exchange.logout(target, quiet ?? false) }),
    state: ({ target, state }) => ({ affected: pages.send(target, { type: 'state', state }) }),
    network: ({ target, mode, delayMs }) => {
      pages.setNetwork(target, { mode, delayMs });
      return { ok: true };
    },
    disturb: ({ target, how }) => ({ affected: pages.send(target, { type: how }) }),
    identity: ({ id }) => {
      const known = world.personId(id);
      return isNumberJid(known) ? { lid: world.lidOf(known), pn: known } : { lid: known, pn: null };
    },
    dialogs: ({ account }) => exchange.calls.dialogs(accountOf(account).phoneNumber),
    build: () => ({ build: exchange.build }),
    setBuild: ({ build }) => {
      exchange.build = build;
      return { build };
    },
    write: ({ account, chat, text, secondsAgo }) => ({
      message: message(happenings.typeOnPhone(accountOf(account), chat, text, secondsAgo)),
    }),
    edit: ({ account, message: id, text }) => ({
      message: message(happenings.edit(accountOf(account), id, text)),
    }),
    resolve: ({ account, message: id }) => ({ message: message(happenings.resolve(accountOf(account), id)) }),
    ban: ({ account, banned }) => {
      happenings.ban(accountOf(account), banned);
      return { ok: true };
    },
    createChannel: ({ account, name, role }) => ({
      chatId: happenings.createChannel(accountOf(account), name, role).id,
    }),
    chats: ({ account }) => ({
      chats: world
        .chats(accountOf(account).phoneNumber)
        .map(({ id, archived, markedUnread, labels, gone }) => ({
          id,
          archived: archived ?? false,
          markedUnread: markedUnread ?? false,
          labels: labels ?? [],
          deleted: gone ?? false,
        })),
    }),
    groups: ({ account }) => ({
      groups: world.groups(accountOf(account).phoneNumber).map((group) => ({
        id: group.id,
        subject: group.subject,
        description: group.description ?? '',
        announce: group.announce ?? false,
        restrict: group.restrict ?? false,
        invite: group.invite ?? null,
        participants: group.participants,
      })),
    }),
    channels: ({ account }) => ({
      channels: world
        .channels(accountOf(account).phoneNumber)
        .map(({ id, name, role, muted }) => ({ id, name, role, muted: muted ?? false })),
    }),
    settings: ({ account: name }) => {
      const account = accountOf(name);
      const { pushName, blocked = [], online = false, rejectedCalls = [], phoneNumber } = account;
      return {
        pushName,
        about: world.profile(`${phoneNumber}@c.us`).about ?? '',
        blocked,
        online,
        rejectedCalls,
        contacts: world.contacts(phoneNumber).map(({ id, name: called }) => ({ id, name: called })),
      };
    },
    profile: ({ id }) => {
      const { about = '', picture = null } = world.profile(world.personId(id));
      return { about, picture };
    },
    setProfile: ({ id, about, picture }) => {
      const profile = world.profile(world.personId(id));
      world.keep({
        ...profile,
        ...(about === undefined ? {} : { about }),
        ...(picture === undefined ? {} : { picture }),
      });
      return { ok: true };
    },
    setLabels: ({ account, labels }) => {
      happenings.setLabels(accountOf(account), labels);
      return { ok: true };
    },
    labelChat: ({ account, chat, labels }) => {
      happenings.labelChat(accountOf(account), chat, labels);
      return { ok: true };
    },
    showPresence: ({ account, from, chat, state }) => {
      accountOf(account);
      const person = world.personId(from);
      exchange.presences.show(chat ?? person, person, state);
      return { ok: true };
    },
    fill: ({ account, ...what }) => happenings.fill(accountOf(account), what),
    proxy: () => {
      const { username, password, url, counts } = proxy;
      return { server: url(), username, password, ...counts() };
    },
    faults: () => exchange.faults,
    setFaults: (change) => exchange.setFaults(change),
  };
};

const message = (record: MessageRecord): PhoneMessage => {
  const { id, chatId, fromMe, author, type, body, timestamp, ack, mentions, quoted, unread, file } = record;
  const {
    location,
    poll,
    cards,
    reactions = [],
    votes = [],
    viewOnce,
    waiting,
    edited,
    deleted,
    starred,
    pinnedSeconds,
    forwarded,
    event,
    preview,
  } = record;
  return {
    ...{ id, chatId, fromMe, author, type, body, timestamp, ack, mentions, quotedId: quoted?.id, unread },
    ...(file && {
      file: {
        mimetype: file.mimetype,
        ...(file.filename !== undefined && { filename: file.filename }),
        size: file.size,
        sha256: Buffer.from(file.sha256, 'base64').toString('hex'),
      },
    }),
    ...(location && { location }),
    ...(poll && { poll }),
    ...(event && { event }),
    ...(cards && { cards }),
    ...(viewOnce && { viewOnce }),
    ...(waiting && { waiting }),
    ...(edited && { edited }),
    ...(deleted && { deleted }),
    ...(starred && { starred }),
    ...(pinnedSeconds !== undefined && { pinnedSeconds }),
    ...(forwarded && { forwarded }),
    ...(preview !== undefined && { preview }),
    reactions,
    votes,
  };
};
