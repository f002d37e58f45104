import type { App } from '../app.ts';
import type { ChatModel } from '../models.ts';
import { GroupMetadataModel } from '../models.ts';
import { define } from '../registry.ts';
import { createWid, type Wid } from '../wid.ts';

type Participant = { id: Wid };
type AddArgs = { participantArgs: { participantJid: string }[]; iqTo: string };

/** Which numbers use WhatsApp, the members of groups, and a person's activity in a chat. */
export const defineGroups = (app: App): void => {
  const showState = (chatId: Wid, state: 'composing' | 'recording' | 'paused') =>
    app.deliver({ op: 'chatState', chatId: String(chatId), state });
  define({
    WAWebQueryExistsJob: {
      queryWidExists: (wid: Wid) => lookUp(app, wid),
    },
    WAWebChatStateBridge: {
      sendChatStateComposing: (chatId: Wid) => showState(chatId, 'composing'),
      sendChatStateRecording: (chatId: Wid) => showState(chatId, 'recording'),
      sendChatStatePaused: (chatId: Wid) => showState(chatId, 'paused'),
    },
    WAWebWidToJid: { widToGroupJid: (wid: Wid) => wid.toJid(), widToUserJid: (wid: Wid) => wid.toJid() },
    WAWebGroupQueryJob: { queryAndUpdateGroupMetadataById: async () => {} },
    WAWebGroupCreateJob: {
      createGroup: ({ title }: { title: string }, participants: { phoneNumber: Wid }[]) =>
        createGroup(app, title, participants),
    },
    WASmaxGroupsAddParticipantsRPC: { sendAddParticipantsRPC: (args: AddArgs) => addParticipant(app, args) },
    WAWebModifyParticipantsGroupAction: {
      removeParticipants: async (chat: ChatModel, participants: Participant[]) => {
        const ids = participants.map(({ id }) => String(id));
        await app.deliver({ op: 'removeParticipants', group: String(chat.id), participants: ids });
      },
    },
  });
};

/** Asks the servers for an id; their answer about its other id is known from then on. */
const lookUp = async (app: App, wid: Wid): Promise<{ wid: Wid; lid?: Wid } | null> => {
  const { exists, identity } = await app.deliver({ op: 'exists', id: String(wid) });
  if (!exists) return null;
  if (!identity) return { wid };
  app.identities.learn(identity);
  // WhatsApp names the spelling under which it knows the number.
  const known = wid.isLid() ? wid : createWid(identity.pn);
  return { wid: known, lid: createWid(identity.lid) };
};

const createGroup = async (app: App, title: string, participants: { phoneNumber: Wid }[]) => {
  const ids = participants.map(({ phoneNumber }) => String(phoneNumber));
  const group = await app.deliver({ op: 'createGroup', subject: title, participants: ids });
  const wid = createWid(group.id);
  app.chat(wid).groupMetadata = new GroupMetadataModel(group);
  return {
    wid,
    subject: group.subject,
    participants: group.participants.map(({ id }) => ({
      wid: createWid(id),
      type: id === group.owner ? 'superadmin' : 'participant',
    })),
  };
};

/** The answer in the nesting in which WhatsApp Web's generated code has it. */
const addParticipant = async (app: App, { participantArgs: [first], iqTo }: AddArgs) => {
  const participant = String(createWid(first?.participantJid));
  const { code } = await app.deliver({ op: 'addParticipant', group: iqTo, participant });
  const mixins = code === 200 ? undefined : { value: { error: String(code) } };
  return {
    name: 'AddParticipantsResponseSuccess',
    value: {
      addParticipant: [
        {
          addParticipantsParticipantAddedOrNonRegisteredWaUserParticipantErrorLidResponseMixinGroup: {
            value: { addParticipantsParticipantMixins: mixins },
          },
        },
      ],
    },
  };
};
