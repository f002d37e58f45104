import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Message } from 'whatsapp-web.js';
import { buildNames } from '../../../contract/phone/behavior.ts';
import { type Simulator, startSimulator } from '../../../simulator/simulator.ts';
import { Bench, type Client, eventually, next } from './harness.ts';

const ME = '491701234567';
const ADA = '15550001111@c.us';

describe.each(buildNames)('build %s', (build) => {
  const bench = new Bench();
  let simulator: Simulator;
  let client: Client;
  /** How this build names a person. */
  let at: (id: string) => Promise<string>;

  beforeAll(async () => {
    simulator = await startSimulator({ build });
    at = async (id) => (build === '2026-04' ? id : (await simulator.phone.identity({ id })).lid);
    client = await bench.linked(simulator, await bench.folder(), ME);
  });
  afterAll(async () => {
    await bench.close();
    await simulator.close();
  });

  const receive = async (
    message: Omit<Parameters<Simulator['phone']['send']>[0], 'account'>,
  ): Promise<Message> => {
    const arrived = next(client, 'message');
    await simulator.phone.send({ account: ME, ...message });
    return (await arrived) as Message;
  };

  describe('messages in', () => {
    it('arrive as an event with sender, text and chat', async () => {
      const message = await receive({
        from: '+1 555 000 1111',
        name: 'Ada',
        text: 'hi https://example.org/x',
      });
      expect(message).toMatchObject({
        body: 'hi https://example.org/x',
        from: await at(ADA),
        to: await at(`${ME}@c.us`),
        fromMe: false,
      });
      expect(message.id._serialized).toBe(`false_${await at(ADA)}_${message.id.id}`);
      expect(message.links).toMatchObject([{ link: 'https://example.org/x', isSuspicious: false }]);
      const contact = await message.getContact();
      expect([contact.number, contact.name]).toEqual(['15550001111', 'Ada']);
    });

    it('count as unread until they are seen', async () => {
      await receive({ from: '15550004444', text: 'one' });
      await receive({ from: '15550004444', text: 'two' });
      const chat = await client.getChatById('15550004444@c.us');
      expect([chat.unreadCount, chat.lastMessage.body]).toEqual([2, 'two']);
      await client.sendSeen('15550004444@c.us');
      expect((await client.getChatById('15550004444@c.us')).unreadCount).toBe(0);
    });

    it('in a group name the group and who wrote', async () => {
      const { chatId } = await simulator.phone.createGroup({
        account: ME,
        subject: 'Team',
        participants: [ADA],
      });
      const message = await receive({ from: ADA, chat: chatId, text: 'hi all' });
      expect(message).toMatchObject({ from: chatId, author: await at(ADA), body: 'hi all' });
      const chat = await message.getChat();
      expect([chat.name, chat.isGroup]).toEqual(['Team', true]);
      const answer = await client.sendMessage(chatId, 'hello group');
      expect(answer.id._serialized).toBe(`true_${chatId}_${answer.id.id}_${await at(`${ME}@c.us`)}`);
    });
  });

  describe('messages out', () => {
    it('reach the server, then the other side, then are read; each step is an event', async () => {
      const reported: { id: string; ack: number }[] = [];
      const note = (message: Message, ack: number) => reported.push({ id: message.id.id, ack });
      client.on('message_ack', note);
      const sent = await client.sendMessage(ADA, 'hello');
      const id = sent.id.id;
      const acks = () => reported.filter((entry) => entry.id === id).map(({ ack }) => ack);
      expect(sent).toMatchObject({ body: 'hello', to: await at(ADA), fromMe: true });
      await eventually(acks).toEqual([1]);
      await simulator.phone.ack({ account: ME, message: id, ack: 'delivered' });
      await simulator.phone.ack({ account: ME, message: id, ack: 'read' });
      await eventually(acks).toEqual([1, 2, 3]);
      client.off('message_ack', note);
      const { messages } = await simulator.phone.inbox({ account: ME, chat: ADA, sent: true });
      expect(messages).toContainEqual(expect.objectContaining({ id, body: 'hello', ack: 3 }));
    });

    it('may quote and mention', async () => {
      const question = await receive({ from: ADA, text: 'who?' });
      const reply = await question.reply('@15550003333', undefined, { mentions: ['15550003333@c.us'] });
      expect(reply.hasQuotedMsg).toBe(true);
      expect((await reply.getQuotedMessage()).body).toBe('who?');
      await eventually(
        async () => (await simulator.phone.inbox({ account: ME, sent: true, limit: 1 })).messages,
      ).toMatchObject([{ quotedId: question.id.id, mentions: ['15550003333@c.us'] }]);

      const back = await receive({ from: ADA, text: 'thanks', replyTo: reply.id.id, mentions: [ME] });
      expect((await back.getQuotedMessage()).id._serialized).toBe(reply.id._serialized);
      expect(back.mentionedIds).toMatchObject([{ _serialized: await at(`${ME}@c.us`) }]);
    });

    it('stay at ack 0 if the server refuses; only the waiting caller gets the error', async () => {
      await simulator.phone.setFaults({ refuseSend: true });
      const sent = await client.sendMessage(ADA, 'refused');
      expect(sent.ack).toBe(0);
      await expect(client.sendMessage(ADA, 'refused', { waitUntilMsgSent: true })).rejects.toThrow(
        /message refused/,
      );
      await simulator.phone.setFaults({ refuseSend: false });
      const { messages } = await simulator.phone.inbox({ account: ME, sent: true });
      expect(messages.map(({ body }) => body)).not.toContain('refused');
    });

    it('arrive at another account here, which reads them', async () => {
      const other = await bench.linked(simulator, await bench.folder(), '15550007777');
      const arrived = next(other, 'message');
      const sent = await client.sendMessage('15550007777@c.us', 'from me to you');
      expect(await arrived).toMatchObject({ body: 'from me to you', from: await at(`${ME}@c.us`) });
      const read = next(client, 'message_ack');
      await other.sendSeen(`${ME}@c.us`);
      await read;
      await eventually(async () => (await client.getMessageById(sent.id._serialized)).ack).toBe(3);
    });
  });
});
