import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { WorldRecord } from '../../../simulator/model/records.ts';
import { ACK, World } from '../../../simulator/model/world.ts';

const KEYS = { noiseKey: 'noise-key', identityKey: 'identity-key', platform: 'Chrome (Linux)' };

const newWorld = (records: WorldRecord[] = []) => {
  const written: WorldRecord[] = [];
  const world = new World({
    records,
    write: (record) => written.push(record),
    clock: () => 1_800_000_000_000,
    random: (bytes) => randomBytes(bytes).toString('hex'),
  });
  return { world, written };
};

const draft = (id: string, chatId: string, body = 'hello') => ({
  id,
  chatId,
  type: 'chat',
  body,
  mentions: [],
});

describe('accounts and companions', () => {
  it('finds an account however its number is written', () => {
    const { world } = newWorld();
    const account = world.ensureAccount({ phoneNumber: '491701234567' });
    for (const name of [
      '491701234567',
      '+49 170 1234567',
      '491701234567@c.us',
      '491701234567:3@c.us',
      account.lid,
    ]) {
      expect(world.account(name)).toEqual(account);
    }
  });

  it('makes a new account with a new number if none is named', () => {
    const { world } = newWorld();
    expect(world.ensureAccount().phoneNumber).not.toBe(world.ensureAccount().phoneNumber);
  });

  it('knows a companion by its token and key together, and by neither alone', () => {
    const { world } = newWorld();
    const device = world.link(world.ensureAccount(), KEYS);
    const credentials = { id: device.id, token: device.token, identityKey: KEYS.identityKey };
    expect(world.authenticate(credentials)?.id).toBe(device.id);
    expect(world.authenticate({ ...credentials, token: 'other' })).toBeUndefined();
    expect(world.authenticate({ ...credentials, identityKey: 'other' })).toBeUndefined();
  });

  it('rejects a companion that the phone removed, and gives its number to no other', () => {
    const { world } = newWorld();
    const account = world.ensureAccount();
    const first = world.link(account, KEYS);
    world.unlink(first.id);
    expect(
      world.authenticate({ id: first.id, token: first.token, identityKey: KEYS.identityKey }),
    ).toBeUndefined();
    expect(world.devices(account.phoneNumber)).toEqual([]);
    expect(world.link(account, KEYS).index).toBe(2);
  });
});

describe('messages', () => {
  it('arrive at an account here with the sender, and are read when its companion reads', () => {
    const { world } = newWorld();
    const [ada, ben] = [
      world.ensureAccount({ phoneNumber: '15550001111' }),
      world.ensureAccount({ phoneNumber: '15550002222' }),
    ];
    const { message, arrived } = world.send(world.link(ada, KEYS), draft('3EB0AAAA', '15550002222@c.us'));
    expect(message.ack).toBe(ACK.delivered);
    expect(arrived).toMatchObject([
      { account: ben.phoneNumber, chatId: '15550001111@c.us', fromMe: false, body: 'hello' },
    ]);
    expect(world.see(ben.phoneNumber, '15550001111@c.us').receipts).toMatchObject([
      { id: '3EB0AAAA', ack: ACK.read },
    ]);
    expect(world.see(ben.phoneNumber, '15550001111@c.us').receipts).toEqual([]);
  });

  it('are kept once when a companion sends the same id twice', () => {
    const { world } = newWorld();
    const account = world.ensureAccount();
    const device = world.link(account, KEYS);
    world.send(device, draft('3EB0AAAA', '15550002222@c.us'));
    world.send(device, draft('3EB0AAAA', '15550002222@c.us'));
    expect(world.messages(account.phoneNumber)).toHaveLength(1);
  });

  it('never fall back to a lower acknowledgement', () => {
    const { world } = newWorld();
    const account = world.ensureAccount();
    world.send(world.link(account, KEYS), draft('3EB0AAAA', '15550002222@c.us'));
    expect(world.acknowledge(account.phoneNumber, '3EB0AAAA', ACK.read)?.ack).toBe(ACK.read);
    expect(world.acknowledge(account.phoneNumber, '3EB0AAAA', ACK.delivered)).toBeUndefined();
    expect(world.message(account.phoneNumber, '3EB0AAAA')?.ack).toBe(ACK.read);
  });

  it('go to every member of a group that is an account here', () => {
    const { world } = newWorld();
    const [ada, ben] = [
      world.ensureAccount({ phoneNumber: '15550001111' }),
      world.ensureAccount({ phoneNumber: '15550002222' }),
    ];
    const group = world.createGroup(ada, 'Team', ['15550002222@c.us', '15550003333@c.us']);
    const { arrived } = world.send(world.link(ada, KEYS), draft('3EB0AAAA', group.id));
    expect(arrived).toMatchObject([
      { account: ben.phoneNumber, chatId: group.id, author: '15550001111@c.us' },
    ]);
    expect(world.groups(ben.phoneNumber)).toMatchObject([{ id: group.id, subject: 'Team' }]);
  });

  it('make a deleted chat again, without what it was before', () => {
    const { world } = newWorld();
    const account = world.ensureAccount({ phoneNumber: '15550001111' });
    const id = '15550002222@c.us';
    world.keep({ ...world.chat(account.phoneNumber, id), archived: true, gone: true });
    world.receive(account, { from: id, body: 'again' });
    expect(world.chat(account.phoneNumber, id)).toEqual({ kind: 'chat', account: account.phoneNumber, id });
  });
});

it('a world made from what was written equals the one that wrote it', () => {
  const { world, written } = newWorld();
  const account = world.ensureAccount({ phoneNumber: '15550001111' });
  const device = world.link(account, KEYS);
  world.receive(account, { from: '15550002222@c.us', name: 'Ben', body: 'one' });
  const second = world.receive(account, { from: '15550002222@c.us', body: 'two' });
  world.confirmReceipt(device.id, second.seq);
  world.see(account.phoneNumber, '15550002222@c.us');
  const again = newWorld(written).world;
  expect(again.records()).toEqual(world.records());
  expect(again.messages(account.phoneNumber).map(({ body }) => body)).toEqual(['one', 'two']);
  expect(again.messages(account.phoneNumber)).toEqual(world.messages(account.phoneNumber));
});
