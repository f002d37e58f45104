import type { App } from '../app.ts';
import type { ChatModel } from '../models.ts';
import { define, ownModule } from '../registry.ts';
import { createWid, type Wid } from '../wid.ts';

type Participant = { id: Wid };

/** Actions on groups, except to create groups and add members. */
export const defineGroupActions = (app: App): void => {
  const setAdmins = async (chat: ChatModel, participants: Participant[], admin: boolean) => {
    const ids = participants.map(({ id }) => String(id));
    await app.deliver({ op: 'setAdmins', group: String(chat.id), participants: ids, admin });
  };
  define({
    WAWebGroupModifyInfoJob: {
      setGroupSubject: (group: Wid, subject: string) =>
        app.deliver({ op: 'setSubject', group: String(group), subject }),
      setGroupDescription: (group: Wid, description: string) =>
        app.deliver({ op: 'setDescription', group: String(group), description }),
    },
    WAWebSetPropertyGroupAction: {
      setGroupProperty: (chat: ChatModel, property: 'announcement' | 'restrict', value: 0 | 1) =>
        app.deliver({ op: 'setGroupProperty', group: String(chat.id), property, value: value === 1 }),
    },
    WAWebExitGroupAction: {
      sendExitGroup: (chat: ChatModel) => app.deliver({ op: 'leaveGroup', group: String(chat.id) }),
    },
    WAWebMexFetchGroupInviteCodeJob: {
      fetchMexGroupInviteCode: async (group: string) =>
        (await app.deliver({ op: 'inviteCode', group: String(group), reset: false })).code,
    },
    WAWebGroupInviteJob: {
      joinGroupViaInvite: async (code: string) => ({
        gid: createWid((await app.deliver({ op: 'joinGroup', code })).id),
      }),
    },
  });
  Object.assign(ownModule('WAWebGroupQueryJob'), {
    resetGroupInviteCode: (group: Wid) =>
      app.deliver({ op: 'inviteCode', group: String(group), reset: true }),
    queryGroupInvite: async (code: string) => {
      const { id, subject, owner, createdAt, description, size } = await app.deliver({
        op: 'inviteInfo',
        code,
      });
      return {
        id: createWid(id),
        subject,
        owner: createWid(owner),
        creation: Math.floor(createdAt / 1000),
        desc: description,
        size,
      };
    },
  });
  Object.assign(ownModule('WAWebModifyParticipantsGroupAction'), {
    promoteParticipants: (chat: ChatModel, people: Participant[]) => setAdmins(chat, people, true),
    demoteParticipants: (chat: ChatModel, people: Participant[]) => setAdmins(chat, people, false),
  });
};
