/** Companions' calls for groups, except to create groups and add members. */
import { userJid } from '../model/jid.ts';
import type { GroupRecord } from '../model/records.ts';
import { isMember } from '../model/world.ts';
import type { GroupCall } from '../protocol.ts';
import { CallRefusal } from '../refusal.ts';
import { type CallContext, type CallHandlers, groupOf, isAdminOf } from './call-context.ts';

const forbidden = () => new CallRefusal(403, 'forbidden');

export const groupHandlers = (context: CallContext): CallHandlers<GroupCall> => {
  const { world } = context;
  const requireAdmin = (account: string, group: string): void => {
    if (!isAdminOf(context, account, group)) throw forbidden();
  };
  /** Its name and description: any member may change them, unless the group restricts that to admins. */
  const requireMayChangeInfo = (account: string, id: string): void => {
    const group = groupOf(context, account, id);
    if (!isMember(group, account) || (group.restrict && !isAdminOf(context, account, id))) throw forbidden();
  };
  const byCode = (code: string): GroupRecord => {
    const group = world.everyGroup().find(({ invite }) => invite === code);
    if (!group) throw new CallRefusal(406, 'not-acceptable');
    return group;
  };

  return {
    setSubject: ({ group, subject }, { phoneNumber }) => {
      requireMayChangeInfo(phoneNumber, group);
      context.changeGroup(group, userJid(phoneNumber), { subject });
      return {};
    },
    setDescription: ({ group, description }, { phoneNumber }) => {
      requireMayChangeInfo(phoneNumber, group);
      context.changeGroup(group, userJid(phoneNumber), { description });
      return {};
    },
    setGroupProperty: ({ group, property, value }, { phoneNumber }) => {
      requireAdmin(phoneNumber, group);
      const change = property === 'announcement' ? { announce: value } : { restrict: value };
      context.changeGroup(group, userJid(phoneNumber), change);
      return {};
    },
    setAdmins: ({ group, participants, admin }, { phoneNumber }) => {
      requireAdmin(phoneNumber, group);
      context.changeGroup(
        group,
        userJid(phoneNumber),
        admin ? { promote: participants } : { demote: participants },
      );
      return {};
    },
    leaveGroup: ({ group }, { phoneNumber }) => {
      const me = userJid(phoneNumber);
      if (!isMember(groupOf(context, phoneNumber, group), phoneNumber))
        throw new CallRefusal(404, 'item-not-found');
      context.changeGroup(group, me, { remove: [me] });
      return {};
    },
    inviteCode: ({ group, reset }, { phoneNumber }) => {
      requireAdmin(phoneNumber, group);
      const { invite } = groupOf(context, phoneNumber, group);
      const code = invite !== undefined && !reset ? invite : context.random(11);
      world.changeGroup(group, () => ({ invite: code }));
      return { code };
    },
    inviteInfo: ({ code }) => {
      const { id, subject, owner, participants, createdAt, description } = byCode(code);
      return { id, subject, owner, createdAt, description: description ?? '', size: participants.length };
    },
    joinGroup: ({ code }, account) => {
      const group = byCode(code);
      const me = userJid(account.phoneNumber);
      if (isMember(group, account.phoneNumber)) throw new CallRefusal(409, 'conflict');
      context.changeGroup(group.id, me, { add: [me] });
      return { id: group.id };
    },
  };
};
