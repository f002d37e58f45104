/** A command to a stopped session starts it: one admission, each command sent once, even with simultaneous calls. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acceptedCommandSchema, commandViewSchema } from '../../../contract/bodies/commands.ts';
import { problemSchema } from '../../../contract/errors.ts';
import { messageSchema } from '../../../contract/whatsapp/messages.ts';
import type { System } from '../../helpers/system.ts';

const CONTACT = '491712223333@c.us';

/**
 * @param open the running system; nothing but its session was ever admitted there, and the session is gone at the end
 * @param ACCOUNT that of the session, `shop`, which works
 */
export const wakes = (open: () => System, ACCOUNT: string): void => {
  let system: System;
  beforeAll(() => {
    system = open();
  });
  afterAll(() => system.berth.sessions.delete('shop'));

  const send = (text: string, key: string | undefined, wake = true) =>
    system.call('POST', `/api/sendText${wake ? '?wake=true' : ''}`, {
      body: { session: 'shop', chatId: CONTACT, text },
      ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
    });

  const stopped = async () => {
    await system.berth.sessions.stop('shop');
    return system.berth.sessions.waitForStatus('shop', ['STOPPED', 'FAILED']);
  };

  /** How often the phone's account sent this. */
  const sentTimes = async (text: string): Promise<number> => {
    const { messages } = await system.phone.inbox({ account: ACCOUNT, sent: true });
    return messages.filter((m) => m.body === text).length;
  };

  /** The message of an answer, which for a slow start is the command's. */
  const messageOf = async (answer: Response) => {
    const body: unknown = await answer.json();
    if (answer.status === 202) return system.berth.commands.wait(acceptedCommandSchema.parse(body).commandId);
    expect(answer.status, JSON.stringify(body)).toBe(201);
    return messageSchema.parse(body);
  };

  describe.sequential('a stopped, linked session', () => {
    test('is admitted once and sends once for concurrent calls with the same Idempotency-Key', async () => {
      const before = await stopped();
      const answers = await Promise.all([1, 2, 3].map(() => send('wake up', 'wake-1')));
      const messages = await Promise.all(answers.map(messageOf));
      expect(new Set(messages.map((m) => m.id)).size).toBe(1);
      expect(messages[0]).toMatchObject({ fromMe: true, toPn: CONTACT, body: 'wake up' });
      expect(await sentTimes('wake up')).toBe(1);
      expect(await system.berth.sessions.get('shop')).toMatchObject({
        status: 'WORKING',
        epoch: before.epoch + 1,
      });
    });

    test('answers a later repeat with what was sent, also after it stopped, and starts nothing for it', async () => {
      const before = await stopped();
      const message = await messageOf(await send('wake up', 'wake-1'));
      expect(message.body).toBe('wake up');
      expect(await sentTimes('wake up')).toBe(1);
      expect(await system.berth.sessions.get('shop')).toMatchObject({
        status: 'STOPPED',
        epoch: before.epoch,
      });
    });

    test('refuses the key of another request', async () => {
      const answer = await send('something else', 'wake-1');
      expect(answer.status).toBe(422);
      expect(await sentTimes('something else')).toBe(0);
    });

    test('is admitted once and sends each of two concurrent messages once', async () => {
      const before = await system.berth.sessions.get('shop');
      const answers = await Promise.all([send('first', 'wake-2'), send('second', undefined)]);
      const messages = await Promise.all(answers.map(messageOf));
      expect(messages.map((m) => m.body)).toEqual(['first', 'second']);
      expect([await sentTimes('first'), await sentTimes('second')]).toEqual([1, 1]);
      expect(await system.berth.sessions.get('shop')).toMatchObject({ epoch: before.epoch + 1 });
    });

    test('sends at once while it works, and once for a key', async () => {
      const before = await system.berth.sessions.get('shop');
      expect((await send('works already', undefined)).status).toBe(201);
      const [one, two] = await Promise.all([send('with key', 'wake-3'), send('with key', 'wake-3')]);
      expect(await messageOf(one)).toEqual(await messageOf(two));
      expect([await sentTimes('works already'), await sentTimes('with key')]).toEqual([1, 1]);
      // The worker knows the key as well: a repeat that starts no session is recognized.
      expect((await send('with key', 'wake-3', false)).status).toBe(201);
      expect(await sentTimes('with key')).toBe(1);
      expect(await system.berth.sessions.get('shop')).toMatchObject({ epoch: before.epoch });
    });

    test('is not started without wake', async () => {
      const before = await stopped();
      const answer = await send('no wake', undefined, false);
      expect(answer.status).toBe(422);
      expect(await answer.json()).toMatchObject({ state: 'STOPPED' });
      expect(await system.berth.sessions.get('shop')).toMatchObject({
        status: 'STOPPED',
        epoch: before.epoch,
      });
    });

    test('answers 202 if the start is slow; the command is pending, and done once the session works', async () => {
      const goOn = system.stack.faults.ecs.holdStarts(1);
      const answer = await send('patience', 'wake-4');
      expect(answer.status).toBe(202);
      const { commandId } = acceptedCommandSchema.parse(await answer.json());
      expect(await system.berth.commands.get(commandId)).toEqual({
        id: commandId,
        session: 'shop',
        status: 'pending',
      });
      goOn();
      const message = await system.berth.commands.wait(commandId);
      expect(message.body).toBe('patience');
      expect(await sentTimes('patience')).toBe(1);
      const refusal = async (key: string, id: string) => {
        const answer = await system.call('GET', `/api/commands/${id}`, { key });
        const { status, title, detail } = problemSchema.parse(await answer.json());
        return { status, title, detail };
      };
      const another = await system.berth.keys.create({ userId: 'mallory' });
      const limited = await system.berth.keys.create({ userId: 'admin', sessions: ['another'] });
      const unknown = await refusal(system.adminKey, 'cmd_unknown');
      expect(unknown.status).toBe(404);
      expect(await refusal(another.key, commandId)).toEqual(unknown);
      expect(await refusal(limited.key, commandId)).toEqual(unknown);
      const view = await system.call('GET', `/api/commands/${commandId}`);
      expect(commandViewSchema.parse(await view.json())).toMatchObject({ status: 'done', result: message });
    });

    test('a command that waits fails when the session ends before it works; nothing is sent', async () => {
      await stopped();
      system.stack.faults.ecs.holdStarts(1);
      const sending = send('in vain', 'wake-5');
      await system.berth.sessions.waitForStatus('shop', 'STARTING');
      await system.berth.sessions.stop('shop');
      const answer = await sending;
      expect(answer.status).toBe(503);
      expect(await sentTimes('in vain')).toBe(0);
      system.stack.faults.ecs.clear();
      // Nothing was done, so the same key may try again.
      await system.berth.sessions.waitForStatus('shop', ['STOPPED', 'FAILED']);
      expect((await messageOf(await send('in vain', 'wake-5'))).body).toBe('in vain');
      expect(await sentTimes('in vain')).toBe(1);
    });
  });

  test('a session without a linked account is not woken', async () => {
    await system.berth.sessions.create({ name: 'blank', start: false });
    const answer = await system.call('POST', '/api/sendText?wake=true', {
      body: { session: 'blank', chatId: CONTACT, text: 'hello' },
    });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ state: 'STOPPED' });
    expect(await system.berth.sessions.get('blank')).toMatchObject({ status: 'STOPPED', epoch: 0 });
  });

  test('at the limit a wake is refused as a start is, and sends nothing', async () => {
    await stopped();
    await system.berth.limits.set({ global: 0 });
    const answer = await send('too many', 'wake-6');
    expect(answer.status).toBe(429);
    expect(await answer.json()).toMatchObject({ scope: 'global', limit: 0 });
    await system.berth.limits.set({ global: 50 });
    expect((await messageOf(await send('too many', 'wake-6'))).body).toBe('too many');
    expect(await sentTimes('too many')).toBe(1);
  });

  test('the statistics of the last day count what happened', async () => {
    const { lastDay } = await system.berth.stats();
    expect(lastDay).toMatchObject({
      refused: { global: 1 },
      ended: { user: expect.any(Number) },
      drift: 0,
      createToQr: { count: 1, p50Ms: expect.any(Number) },
    });
    const { epoch } = await system.berth.sessions.get('shop');
    expect(lastDay?.admitted).toBe(epoch);
  });
};
