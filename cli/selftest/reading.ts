/** The reads of an account, and the second number. */
import { document } from './messages.ts';
import { arrived, expect, keyOf, NotSeen, newest, readBack, type Step, type Trial, until } from './trial.ts';

const READ = 3;

const chats: Step = {
  name: 'chats',
  run: async ({ berth, session, me, about }) => {
    const found = await berth.chats.list(session, { ...about, limit: 100 });
    const own = [me.id, me.lid];
    expect(
      found.some(({ id }) => own.includes(id)),
      'the own chat is not among them',
    );
    return `${found.length}, the own chat among them`;
  },
};

const pages: Step = {
  name: 'messages in pages',
  run: async ({ berth, session, me, about }) => {
    const read = (limit: number, offset: number) =>
      berth.chats.messages(session, me.id, { ...about, limit, offset });
    const whole = await read(6, 0);
    const parts = [...(await read(3, 0)), ...(await read(3, 3))];
    const ids = (messages: readonly { id: string }[]) => messages.map(({ id }) => keyOf(id)).join();
    expect(ids(whole) === ids(parts), 'two pages of three are not the page of six');
    return `${whole.length} in one page and in two`;
  },
};

const contacts: Step = {
  name: 'contacts',
  run: async ({ berth, session, me, about }) => {
    const found = await berth.contacts.list(session, { ...about, limit: 100 });
    const own = await berth.contacts.get(session, me.id, about);
    expect(own.isMe, 'the own contact is not shown as such');
    return `${found.length}, and the own one`;
  },
};

const numbers: Step = {
  name: 'number lookup',
  run: async ({ berth, session, me, about }) => {
    const digits = /^\d+/.exec(me.id)?.[0] ?? '';
    const { numberExists, chatId } = await berth.contacts.checkExists(session, digits, about);
    expect(numberExists, 'the own number is said not to be on WhatsApp');
    return `the own number is ${chatId}`;
  },
};

const lids: Step = {
  name: 'hidden ids',
  run: async ({ berth, session, me, about }) => {
    const digits = /^\d+/.exec(me.id)?.[0] ?? '';
    const known = await berth.lids.count(session, about);
    const { lid } = await berth.lids.lid(session, digits, about);
    if (lid === null) return `${known} known; the own number has none`;
    const { pn } = await berth.lids.number(session, lid, about);
    expect(pn === me.id, `${lid} is said to be ${pn}`);
    return `${known} known; ${lid} is the own number`;
  },
};

/** The chat of the second number; the step is skipped without one. */
const chatOf = ({ to }: Trial): string => {
  if (to === undefined) throw new NotSeen('no second number was given');
  return to;
};

const second: Step = {
  name: 'text to the second number',
  needs: 'to',
  run: async (trial) => {
    const request = { session: trial.session, chatId: chatOf(trial), text: `${trial.mark} to you` };
    const sent = await trial.berth.messages.sendText(request, trial.about);
    const { ackName } = await readBack(trial, chatOf(trial), sent);
    if (!trial.peer) return `sent, ${ackName}`;
    const { body } = await arrived(trial, sent);
    expect(body === request.text, 'another text arrived');
    return `arrived, ${ackName}`;
  },
};

const receipts: Step = {
  name: 'read receipt',
  needs: 'peer',
  run: async (trial) => {
    const { berth, session, about, peer, me } = trial;
    const request = { session, chatId: chatOf(trial), text: `${trial.mark} read me` };
    const sent = await berth.messages.sendText(request, about);
    await arrived(trial, sent);
    await berth.messages.sendSeen({ session: peer?.session, chatId: me.id }, about);
    await until(trial, 'the message was not marked as read', async () =>
      (await newest(trial, session, chatOf(trial))).find(
        ({ id, ack }) => keyOf(id) === keyOf(sent.id) && ack >= READ,
      ),
    );
    return 'READ';
  },
};

const fileDown: Step = {
  name: 'file from the second number',
  needs: 'peer',
  run: async (trial) => {
    const { berth, session, about, peer, me } = trial;
    const given = document(trial);
    const sent = await berth.messages.sendFile({ session: peer?.session, chatId: me.id, file: given }, about);
    const message = await until(trial, 'the file did not arrive with a link', async () =>
      (await newest(trial, session, chatOf(trial), true)).find(
        ({ id, media }) => keyOf(id) === keyOf(sent.id) && media?.url !== undefined,
      ),
    );
    const bytes = Buffer.from(await trial.download(message.media?.url ?? ''));
    expect(bytes.equals(Buffer.from(given.data, 'base64')), 'other bytes came than were sent');
    return `${bytes.length} bytes, the same`;
  },
};

const groups: Step = {
  name: 'groups',
  needs: 'to',
  run: async (trial) => {
    const { berth, session, about } = trial;
    const member = chatOf(trial);
    const name = trial.mark.slice(0, 25);
    const made = await berth.groups.create(session, { name, participants: [{ id: member }] }, about);
    const group = await until(trial, 'the new group could not be read', async () => {
      const found = (await berth.groups.list(session, { ...about, limit: 500 })).find(
        ({ id }) => id === made.id,
      );
      return found && (await berth.groups.get(session, found.id, about));
    });
    expect(group.subject === name, 'the group has another name');
    const sent = await berth.messages.sendText(
      { session, chatId: made.id, text: `${trial.mark} to all` },
      about,
    );
    await readBack(trial, made.id, sent);
    if (trial.peer) await arrived(trial, sent, made.id);
    const before = await berth.groups.participants(session, made.id, about);
    await berth.groups.remove(session, made.id, [member], about);
    const after = await until(trial, 'the second number was not removed', async () => {
      const left = await berth.groups.participants(session, made.id, about);
      return left.length < before.length ? left : undefined;
    });
    const { participants } = await berth.groups.add(session, made.id, [member], about);
    const code = participants[0]?.code;
    return `made, ${before.length} members, ${after.length} after a removal, added again with code ${code}`;
  },
};

export const READING_STEPS: readonly Step[] = [
  chats,
  pages,
  contacts,
  numbers,
  lids,
  second,
  receipts,
  fileDown,
  groups,
];
