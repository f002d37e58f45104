import { type App, Blocked } from '../app.ts';
import type { ContactModel } from '../models.ts';
import { define, ownModule } from '../registry.ts';
import { createWid, type Wid } from '../wid.ts';

type Stanza = { tag: string; attrs: Record<string, string>; children: Stanza[] };

/** People: what they show of themselves, who is blocked; the account's own profile and presence; calls. */
export const definePeople = (app: App): void => {
  const { Conn } = ownModule('WAWebConnModel') as { Conn: object };
  Object.assign(Conn, { canSetMyPushname: () => true });
  const setBlocked = async (contact: ContactModel, blocked: boolean): Promise<void> => {
    await app.deliver({ op: 'block', id: String(contact.id), blocked });
    if (blocked) app.blocked.add(new Blocked({ id: contact.id }));
    else for (const id of [contact.id, app.identities.otherOf(contact.id)]) app.blocked.remove(id);
    contact.set({ isContactBlocked: blocked });
  };
  /** The server names the account itself by its number. */
  const shown = (id: Wid): string => String(app.isMe(id) ? app.me?.wid : id);

  define({
    WAWebContactStatusBridge: {
      getStatus: async ({ wid }: { wid: Wid }) => ({
        status: (await app.deliver({ op: 'about', id: shown(wid) })).about,
      }),
      setMyStatus: (about: string) => app.deliver({ op: 'setProfile', about }),
    },
    WAWebSetPushnameConnAction: {
      setPushname: async (name: string) => {
        await app.deliver({ op: 'setProfile', name });
        app.conn.set({ pushname: name });
      },
    },
    WAWebContactProfilePicThumbBridge: {
      requestProfilePicFromServer: async ({ id }: { id: Wid }) => {
        const { url } = await app.deliver({ op: 'picture', id: shown(createWid(id)) });
        return { eurl: url };
      },
      sendSetPicture: async (id: Wid, _thumbnail: string, picture: string) => {
        await app.deliver({ op: 'setPicture', id: shown(id), picture });
        return { status: 200 };
      },
      requestDeletePicture: async (id: Wid) => {
        await app.deliver({ op: 'setPicture', id: shown(id), picture: null });
        return { status: 200 };
      },
    },
    WAWebBlockContactUtils: {
      getContactToBlockOnlyUseIfNoAssociatedChat: (contact: ContactModel) => contact,
    },
    WAWebBlockContactAction: {
      blockContact: ({ contact }: { contact: ContactModel }) => setBlocked(contact, true),
      unblockContact: (contact: ContactModel) => setBlocked(contact, false),
    },
    WAWebSaveContactAction: {
      saveContactAction: async (saved: { phoneNumber: string; firstName: string; lastName: string }) => {
        const id = createWid(`${saved.phoneNumber}@c.us`);
        const name = `${saved.firstName} ${saved.lastName}`.trim();
        await app.deliver({ op: 'saveContact', id: String(id), name });
        app.contact(id).set({ name });
      },
    },
    WAWebPresenceChatAction: {
      sendPresenceAvailable: () => app.deliver({ op: 'presence', available: true }),
      sendPresenceUnavailable: () => app.deliver({ op: 'presence', available: false }),
    },
    WAWebPresenceCollection: { PresenceCollection: app.presences },
    WAWebContactPresenceBridge: {
      subscribePresence: (wid: Wid) => app.deliver({ op: 'followPresence', chatId: String(wid) }),
    },
    WAWap: {
      generateId: () => crypto.randomUUID(),
      wap: (tag: string, attrs: Record<string, string>, children: Stanza[] = []): Stanza => ({
        tag,
        attrs,
        children,
      }),
    },
    WADeprecatedSendIq: {
      deprecatedCastStanza: async ({ children: [reject] }: Stanza) => {
        const { 'call-id': id = '', 'call-creator': from = '' } = reject?.attrs ?? {};
        await app.deliver({ op: 'rejectCall', id, from });
      },
    },
  });
};
