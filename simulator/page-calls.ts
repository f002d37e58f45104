/** Answers what pages ask for on their open connections. */
import type { Faults } from '../contract/phone/behavior.ts';
import type { CallContext } from './companion/call-context.ts';
import { companionCalls } from './companion/index.ts';
import type { Connection } from './connection.ts';
import type { Groups } from './groups.ts';
import type { Linking } from './linking.ts';
import type { Messages } from './messages.ts';
import { isNumberJid, userJid } from './model/jid.ts';
import type { AccountRecord } from './model/records.ts';
import type { World } from './model/world.ts';
import type { Pages } from './pages.ts';
import { type Call, type CallAnswer, isCompanionCall } from './protocol.ts';
import { CallRefusal } from './refusal.ts';

type ChatState = 'composing' | 'recording' | 'paused';

/** What the calls work on. */
type Server = {
  readonly world: World;
  readonly pages: Pages;
  readonly linking: Linking;
  readonly messages: Messages;
  readonly groups: Groups;
  readonly faults: Faults;
  /** Unlinks the devices of a target. */
  logout(target: string, quiet: boolean): number;
};

export class PageCalls {
  readonly #server: Server;
  readonly #companionCall: ReturnType<typeof companionCalls>;
  /** The activity that companions show (typing, online), by account and chat. */
  readonly #chatStates = new Map<string, Map<string, ChatState>>();
  /** Dialogs that pages showed, by account. */
  readonly #dialogs = new Map<string, { opened: number; open: number }>();

  constructor(server: Server, context: CallContext) {
    this.#server = server;
    this.#companionCall = companionCalls(context);
  }

  /** Throws CallRefusal as WhatsApp's servers do. */
  answer(
    connection: Connection,
    call: Call,
  ): CallAnswer[Call['op']] | Promise<CallAnswer['passkeyPrologue']> {
    const { world, pages, linking, messages, groups, faults } = this.#server;
    if (isCompanionCall(call)) {
      const device = pages.deviceOf(connection);
      return this.#companionCall(call, pages.accountOf(connection), device);
    }
    switch (call.op) {
      case 'refreshCode':
        linking.restart(connection);
        return {};
      case 'pairingCode':
        return { code: linking.startPairing(connection, call.phoneNumber) };
      case 'showQr':
        linking.endPairing(connection);
        return {};
      case 'passkeyOptions':
        return linking.passkeyOptions(connection);
      case 'passkeyPrologue':
        return linking.takeAssertion(connection, call.assertion);
      case 'confirmPasskey':
        linking.confirmPasskey(connection);
        return {};
      case 'cancelPasskey':
        linking.cancelPasskey(connection);
        return {};
      case 'send':
        return messages.send(pages.deviceOf(connection), connection, call.message);
      case 'received':
        world.confirmReceipt(pages.deviceOf(connection).id, call.seq);
        return {};
      case 'seen':
        messages.see(pages.deviceOf(connection).account, call.chatId);
        return {};
      case 'react': {
        const { account } = pages.deviceOf(connection);
        if (!world.message(account, call.messageId)) throw new CallRefusal(404, 'item-not-found');
        messages.react(account, call.messageId, userJid(account), call.text);
        return {};
      }
      case 'chatState':
        this.#setChatState(pages.deviceOf(connection).account, call.chatId, call.state);
        return {};
      case 'exists':
        return this.#lookUp(call.id);
      case 'createGroup':
        return groups.createByCompanion(pages.accountOf(connection), call.subject, call.participants);
      case 'addParticipant':
        return {
          code: groups.addByCompanion(pages.deviceOf(connection).account, call.group, call.participant),
        };
      case 'removeParticipants':
        groups.removeByCompanion(pages.deviceOf(connection).account, call.group, call.participants);
        return {};
      case 'logout':
        world.unlink(pages.deviceOf(connection).id);
        return {};
      case 'linkPreview':
        return { becomes: faults.linkPreviews };
      case 'groupMetadata':
        return { waitMs: faults.groupMetadataMs };
      case 'dialog':
        this.#noteDialog(connection, call.happened);
        return {};
    }
  }

  /** Dialogs that the account's pages showed so far, and how many are open now. */
  dialogs(account: string): { opened: number; open: number } {
    return this.#dialogs.get(account) ?? { opened: 0, open: 0 };
  }

  chatStates(account: AccountRecord): { chatId: string; state: ChatState }[] {
    const states = this.#chatStates.get(account.phoneNumber) ?? new Map();
    return [...states].map(([chatId, state]) => ({ chatId, state }));
  }

  #lookUp(id: string): CallAnswer['exists'] {
    const { world } = this.#server;
    const pn = world.registeredId(world.personId(id));
    if (!world.exists(pn)) return { exists: false };
    return isNumberJid(pn) ? { exists: true, identity: { lid: world.lidOf(pn), pn } } : { exists: true };
  }

  /** Left open too long, the "what's new" dialog costs the link. */
  #noteDialog(connection: Connection, happened: 'opened' | 'closed' | 'ignored'): void {
    const { account, id } = this.#server.pages.deviceOf(connection);
    const { opened, open } = this.dialogs(account);
    if (happened === 'ignored') this.#server.logout(id, false);
    else if (happened === 'opened') this.#dialogs.set(account, { opened: opened + 1, open: open + 1 });
    else this.#dialogs.set(account, { opened, open: Math.max(0, open - 1) });
  }

  #setChatState(account: string, chatId: string, state: ChatState): void {
    const states = this.#chatStates.get(account) ?? new Map<string, ChatState>();
    this.#chatStates.set(account, states.set(chatId, state));
  }
}
