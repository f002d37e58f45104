/** Groups: every member that is an account here has its own copy, gets each change, and a notification of it. */
import type { GroupChange } from './companion/call-context.ts';
import { userJid } from './model/jid.ts';
import type { AccountRecord, GroupRecord, MessageRecord } from './model/records.ts';
import { isMember, type World } from './model/world.ts';
import type { PageEvent, WireGroup } from './protocol.ts';
import { CallRefusal, PhoneRefusal } from './refusal.ts';

type GroupsOptions = {
  readonly world: World;
  /** Sends an event to every connected page of an account. */
  readonly notify: (account: string, event: PageEvent) => void;
  /** Sends a message to the pages of its account. */
  readonly deliver: (message: MessageRecord) => void;
};

export class Groups {
  readonly #options: GroupsOptions;

  constructor(options: GroupsOptions) {
    this.#options = options;
  }

  create(account: AccountRecord, subject: string, participants: readonly string[]): GroupRecord {
    const { world, notify } = this.#options;
    const group = world.createGroup(account, subject, participants);
    for (const member of group.participants.flatMap(({ id }) => world.account(id) ?? [])) {
      notify(member.phoneNumber, { type: 'group', group: wireGroup(group) });
    }
    return group;
  }

  /** A companion creates a group: unlike one that the phone creates, with a notification. */
  createByCompanion(account: AccountRecord, subject: string, participants: readonly string[]): WireGroup {
    const { world, deliver } = this.#options;
    const group = this.create(account, subject, participants);
    for (const each of this.#copiesOf(group.id)) {
      const happened = { subtype: 'create', by: group.owner, recipients: participants };
      deliver(world.notifyGroup(each.account, each, happened));
    }
    return wireGroup(group);
  }

  /** A person changes a group: its members here get the new state and a notification. */
  change(id: string, by: string, change: GroupChange): GroupRecord['participants'] {
    const { world, notify, deliver } = this.#options;
    const { subject, add = [], remove = [], promote = [], demote = [], ...settings } = change;
    const copies = this.#copiesOf(id);
    const before = copies.find((group) => isMember(group, group.account)) ?? copies[0];
    if (!before) throw new PhoneRefusal('unknown_chat', `there is no group ${id}`);
    const added = add.filter((one) => !before.participants.some((member) => member.id === one));
    const removed = remove.filter((one) => before.participants.some((member) => member.id === one));
    const participants = [...before.participants, ...added.map((one) => ({ id: one, isAdmin: false }))]
      .filter((member) => !removed.includes(member.id))
      .map((member) => (promote.includes(member.id) ? { ...member, isAdmin: true } : member))
      .map((member) => (demote.includes(member.id) ? { ...member, isAdmin: false } : member));
    const changed = world.changeGroup(id, (group) => ({
      participants,
      subject: subject ?? group.subject,
      ...settings,
    }));
    for (const account of added.flatMap((one) => world.account(one) ?? [])) {
      const group = { ...before, ...settings, participants, subject: subject ?? before.subject };
      changed.push(world.joinGroup(account, group));
    }
    const happenings = [
      ...(subject === undefined ? [] : [{ subtype: 'subject', by, recipients: [] }]),
      ...(added.length === 0 ? [] : [{ subtype: 'add', by, recipients: added }]),
      ...(removed.length === 0
        ? []
        : [{ subtype: removed.every((one) => one === by) ? 'leave' : 'remove', by, recipients: removed }]),
      ...(promote.length === 0 ? [] : [{ subtype: 'promote', by, recipients: promote }]),
      ...(demote.length === 0 ? [] : [{ subtype: 'demote', by, recipients: demote }]),
      ...(settings.description === undefined ? [] : [{ subtype: 'description', by, recipients: [] }]),
      ...(settings.announce === undefined ? [] : [{ subtype: 'announce', by, recipients: [] }]),
      ...(settings.restrict === undefined ? [] : [{ subtype: 'restrict', by, recipients: [] }]),
    ];
    for (const group of changed) {
      notify(group.account, { type: 'group', group: wireGroup(group) });
      for (const happening of happenings) deliver(world.notifyGroup(group.account, group, happening));
    }
    return participants;
  }

  /** A companion adds one person. The code is WhatsApp's. */
  addByCompanion(account: string, groupId: string, participant: string): number {
    const { world } = this.#options;
    const group = this.#groupOf(account, groupId);
    if (!group) throw new CallRefusal(404, 'item-not-found');
    if (!world.exists(participant)) return 404;
    if (group.participants.some(({ id }) => id === participant)) return 409;
    this.#requireAdmin(account, groupId);
    this.change(groupId, userJid(account), { add: [participant] });
    return 200;
  }

  /** A companion removes people. */
  removeByCompanion(account: string, groupId: string, participants: readonly string[]): void {
    this.#requireAdmin(account, groupId);
    this.change(groupId, userJid(account), { remove: participants });
  }

  #requireAdmin(account: string, groupId: string): void {
    const me = userJid(account);
    if (!this.#groupOf(account, groupId)?.participants.some(({ id, isAdmin }) => id === me && isAdmin))
      throw new CallRefusal(403, 'forbidden');
  }

  #groupOf(account: string, groupId: string): GroupRecord | undefined {
    return this.#options.world.groups(account).find(({ id }) => id === groupId);
  }

  /** The group as each of its members here has it. */
  #copiesOf(id: string): GroupRecord[] {
    const { world } = this.#options;
    return world
      .accounts()
      .flatMap(({ phoneNumber }) => world.groups(phoneNumber).filter((group) => group.id === id));
  }
}

export const wireGroup = ({
  kind: _kind,
  account: _account,
  invite: _invite,
  ...group
}: GroupRecord): WireGroup => {
  return group;
};
