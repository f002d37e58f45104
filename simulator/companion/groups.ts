/** What companions do with groups beside making and filling them. */
import { userJid } from '../model/jid.ts';
import type { GroupRecord } from '../model/records.ts';
import type { GroupCall } from '../protocol.ts';
import { CallRefusal } from '../refusal.ts';
import { type CallHandlers, groupOf, isAdminOf, isMember, type Place } from './place.ts';

const forbidden = () => new CallRefusal(403, 'forbidden');

export const groupHandlers = (place: Place): CallHandlers<GroupCall> => {
  const { world } = place;
  const requireAdmin = (account: string, group: string): void => {
    if (!isAdminOf(place, account, group)) throw forbidden();
  };
  /** Its name and description: everybody in it, where the group does not leave that to admins. */
  const requireMayChangeInfo = (account: string, id: string): void => {
    const group = groupOf(place, account, id);
    if (!isMember(group, account) || (group.restrict && !isAdminOf(place, account, id))) throw forbidden();
  };
  const byCode = (code: string): GroupRecord => {
    const group = world.everyGroup().find(({ invite }) => invite === code);
    if (!group) throw new CallRefusal(406, 'not-acceptable');
    return group;
  };

  return {
    setSubject: ({ group, subject }, { phoneNumber }) => {
      requireMayChangeInfo(phoneNumber, group);
      place.changeGroup(group, userJid(phoneNumber), { subject });
      return {};
    },
    setDescription: ({ group, description }, { phoneNumber }) => {
      requireMayChangeInfo(phoneNumber, group);
      place.changeGroup(group, userJid(phoneNumber), { description });
      return {};
    },
    setGroupProperty: ({ group, property, value }, { phoneNumber }) => {
      requireAdmin(phoneNumber, group);
      const change = property === 'announcement' ? { announce: value } : { restrict: value };
      place.changeGroup(group, userJid(phoneNumber), change);
      return {};
    },
    setAdmins: ({ group, participants, admin }, { phoneNumber }) => {
      requireAdmin(phoneNumber, group);
      place.changeGroup(
        group,
        userJid(phoneNumber),
        admin ? { promote: participants } : { demote: participants },
      );
      return {};
    },
    leaveGroup: ({ group }, { phoneNumber }) => {
      const me = userJid(phoneNumber);
      if (!isMember(groupOf(place, phoneNumber, group), phoneNumber))
        throw new CallRefusal(404, 'item-not-found');
      place.changeGroup(group, me, { remove: [me] });
      return {};
    },
    inviteCode: ({ group, reset }, { phoneNumber }) => {
      requireAdmin(phoneNumber, group);
      const { invite } = groupOf(place, phoneNumber, group);
      const code = invite !== undefined && !reset ? invite : place.random(11);
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
      place.changeGroup(group.id, me, { add: [me] });
      return { id: group.id };
    },
  };
};
