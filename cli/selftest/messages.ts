/** Each kind of message to the account's own chat, read back; then what can be done with one. */
import type { Message } from '../../client/index.ts';
import { SAMPLES } from './samples.ts';
import { expect, keyOf, NotSeen, newest, readBack, type Step, type Trial, until } from './trial.ts';

type Sent = (trial: Trial) => Promise<Message>;

/** Sends to the own chat, reads back, and holds one against the other. */
const sends = (name: string, send: Sent, check: (message: Message, trial: Trial) => string): Step => ({
  name,
  run: async (trial) => {
    const message = await readBack(trial, trial.me.id, await send(trial));
    expect(message.fromMe, 'it is not shown as the account’s own');
    return `${check(message, trial)}, ${message.ackName}`;
  },
});

const own = ({ session, me }: Trial) => ({ session, chatId: me.id });

const typed = (message: Message, ...types: readonly string[]): string => {
  expect(types.includes(message.type ?? ''), `its type is ${message.type} and not ${types.join(' or ')}`);
  return message.type ?? '';
};

const text: Step = sends(
  'text',
  (trial) =>
    trial.berth.messages.sendText({ ...own(trial), text: `${trial.mark} text ✓ ü 你好` }, trial.about),
  ({ body }, { mark }) => {
    expect(body === `${mark} text ✓ ü 你好`, 'the text is another');
    return 'the same text';
  },
);

const reply: Step = sends(
  'reply',
  async (trial) => {
    const first = (await newest(trial, trial.session, trial.me.id)).find(({ body }) =>
      body.startsWith(`${trial.mark} text`),
    );
    if (!first) throw new NotSeen('there is no message to reply to');
    const request = { ...own(trial), text: `${trial.mark} reply`, reply_to: first.id };
    return trial.berth.messages.sendText(request, trial.about);
  },
  ({ replyTo }) => {
    expect(replyTo !== undefined, 'it quotes nothing');
    return 'quotes the text';
  },
);

const mention: Step = sends(
  'mention',
  (trial) => {
    const digits = /^\d+/.exec(trial.me.id)?.[0] ?? '';
    const request = { ...own(trial), text: `${trial.mark} @${digits}`, mentions: [trial.me.id] };
    return trial.berth.messages.sendText(request, trial.about);
  },
  ({ body }) => {
    expect(body.includes('@'), 'the mention is not in the text');
    return 'in the text';
  },
);

const once: Step = {
  name: 'one Idempotency-Key',
  run: async (trial) => {
    const request = { ...own(trial), text: `${trial.mark} once` };
    const options = { ...trial.about, idempotencyKey: `${trial.mark} once`.replaceAll(' ', '-') };
    const first = await trial.berth.messages.sendText(request, options);
    const second = await trial.berth.messages.sendText(request, options);
    expect(first.id === second.id, 'two calls with one key were answered with two messages');
    await readBack(trial, trial.me.id, first);
    const found = (await newest(trial, trial.session, trial.me.id)).filter(
      ({ body }) => body === request.text,
    );
    expect(found.length === 1, `it was sent ${found.length} times`);
    return 'sent once for two calls';
  },
};

const image: Step = sends(
  'image',
  (trial) =>
    trial.berth.messages.sendImage(
      { ...own(trial), file: SAMPLES.image, caption: `${trial.mark} image` },
      trial.about,
    ),
  (message, { mark }) => {
    expect(message.hasMedia && message.body === `${mark} image`, 'file or caption is missing');
    return typed(message, 'image');
  },
);
const video: Step = sends(
  'video',
  (trial) => trial.berth.messages.sendVideo({ ...own(trial), file: SAMPLES.video }, trial.about),
  (message) => typed(message, 'video'),
);
const voice: Step = sends(
  'voice',
  (trial) => trial.berth.messages.sendVoice({ ...own(trial), file: SAMPLES.voice }, trial.about),
  (message) => typed(message, 'ptt', 'audio'),
);
const file: Step = sends(
  'file',
  (trial) => trial.berth.messages.sendFile({ ...own(trial), file: document(trial) }, trial.about),
  (message) => {
    expect(message.hasMedia, 'it has no file');
    return typed(message, 'document');
  },
);

/** A text that no other run has. */
export const document = ({ mark }: Pick<Trial, 'mark'>) => ({
  data: Buffer.from(`${mark}\n`.repeat(200)).toString('base64'),
  mimetype: 'text/plain',
  filename: 'selftest.txt',
});

const place: Step = sends(
  'location',
  (trial) =>
    trial.berth.messages.sendLocation(
      { ...own(trial), latitude: 52.5163, longitude: 13.3777, title: trial.mark },
      trial.about,
    ),
  ({ location }) => {
    const near = Math.abs((location?.latitude ?? 0) - 52.5163) < 0.001;
    expect(near, 'the place is another');
    return `${location?.latitude}, ${location?.longitude}`;
  },
);
const card: Step = sends(
  'contact card',
  (trial) =>
    trial.berth.messages.sendContactVcard(
      { ...own(trial), contacts: [{ fullName: trial.mark, phoneNumber: '+49 171 4445555' }] },
      trial.about,
    ),
  ({ vCards }, { mark }) => {
    expect(vCards?.some((vcard) => vcard.includes(mark)) === true, 'the card is missing');
    return 'the card';
  },
);
const poll: Step = sends(
  'poll',
  (trial) =>
    trial.berth.messages.sendPoll(
      { ...own(trial), poll: { name: `${trial.mark} poll`, options: ['one', 'two'], multipleAnswers: true } },
      trial.about,
    ),
  (message) => {
    expect(message.poll?.options.join() === 'one,two', 'the options are others');
    return 'with its options';
  },
);

const reaction: Step = {
  name: 'reaction',
  run: async (trial) => {
    const request = { ...own(trial), text: `${trial.mark} to react to` };
    const message = await trial.berth.messages.sendText(request, trial.about);
    const about = { session: trial.session, messageId: message.id };
    const shows = (text: string | undefined, what: string) =>
      until(trial, what, async () => {
        const { berth, session, me } = trial;
        const { reactions } = await berth.chats.message(session, me.id, message.id, trial.about);
        return reactions?.[0]?.text === text || undefined;
      });
    await trial.berth.messages.setReaction({ ...about, reaction: '👍' }, trial.about);
    await shows('👍', 'the message does not show the reaction');
    await trial.berth.messages.setReaction({ ...about, reaction: '' }, trial.about);
    await shows(undefined, 'the message still shows the reaction');
    return 'shown at the message, and taken away';
  },
};

const edit: Step = {
  name: 'edit',
  run: async (trial) => {
    const { berth, session, me, mark, about } = trial;
    const sent = await berth.messages.sendText({ ...own(trial), text: `${mark} with a tpyo` }, about);
    const request = { text: `${mark} without a typo` };
    const edited = await berth.messages.edit(session, me.id, sent.id, request, about);
    expect(edited.body === request.text, 'the answer has another text');
    const { body } = await readBack(trial, me.id, sent);
    expect(body === request.text, 'the chat shows another text');
    return 'the chat shows the new text';
  },
};

/** The message as the chat shows it, once it is as it should be. */
const shown = (trial: Trial, sent: Message, isIt: (message: Message | undefined) => boolean, what: string) =>
  until(trial, what, async () => {
    const messages = await newest(trial, trial.session, trial.me.id);
    return isIt(messages.find(({ id }) => keyOf(id) === keyOf(sent.id))) || undefined;
  });

const deletion: Step = {
  name: 'delete',
  run: async (trial) => {
    const { berth, session, me, mark, about } = trial;
    const send = (text: string) => berth.messages.sendText({ ...own(trial), text: `${mark} ${text}` }, about);
    const forAll = await send('to be deleted');
    await berth.messages.delete(session, me.id, forAll.id, { ...about, for: 'everyone' });
    await shown(trial, forAll, (message) => message?.type === 'revoked', 'it is not shown as deleted');
    const forMe = await send('to be deleted here');
    await berth.messages.delete(session, me.id, forMe.id, { ...about, for: 'me' });
    await shown(trial, forMe, (message) => message === undefined, 'it is still in the chat');
    return 'one for everyone, one for this account';
  },
};

const presence: Step = {
  name: 'seen and typing',
  run: async (trial) => {
    const { messages } = trial.berth;
    const { berth, session, me, about } = trial;
    const unread = async (wanted: (count: number) => boolean) => {
      const chats = await berth.chats.list(session, { ...about, limit: 100 });
      const count = chats.find(({ id }) => id === me.id || id === me.lid)?.unreadCount;
      return (count !== undefined && wanted(count)) || undefined;
    };
    await berth.chats.unread(session, me.id, about);
    await until(trial, 'the chat is not shown as unread', () => unread((count) => count !== 0));
    await messages.sendSeen(own(trial), about);
    await until(trial, 'the chat is still shown as unread', () => unread((count) => count === 0));
    await messages.startTyping(own(trial), about);
    await messages.stopTyping(own(trial), about);
    return 'unread, then seen; typing was accepted: only the other side sees it';
  },
};

export const MESSAGE_STEPS: readonly Step[] = [
  text,
  reply,
  mention,
  once,
  image,
  video,
  voice,
  file,
  place,
  card,
  poll,
  reaction,
  edit,
  deletion,
  presence,
];
