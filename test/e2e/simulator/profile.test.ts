import { cp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Message } from 'whatsapp-web.js';
import { type Simulator, startSimulator } from '../../../simulator/simulator.ts';
import { Bench, eventually, next } from './harness.ts';

const ME = '491701234567';
const bench = new Bench();
let simulator: Simulator;
let profile: string;

beforeEach(async () => {
  simulator = await startSimulator();
  profile = await bench.folder();
});
afterEach(async () => {
  await bench.close();
  await simulator.close();
});

const weightOf = async (folder: string): Promise<number> => {
  const entries = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(entries.map(async (entry) => (await stat(join(folder, entry))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
};

describe('a linked profile', () => {
  it('is ready again without a QR; its copied IndexedDB and Local Storage are as good; wiped it asks for one', async () => {
    await bench.linked(simulator, profile, ME);
    await bench.closeClients();
    await bench.restored(simulator, profile);
    await bench.closeClients();

    const copy = await bench.folder();
    for (const part of ['IndexedDB', 'Local Storage']) {
      await cp(join(profile, 'Default', part), join(copy, 'Default', part), { recursive: true });
    }
    // Kilobytes of rows beside the keys, as a real profile has: a snapshot of next to nothing would prove little.
    expect(await weightOf(copy)).toBeGreaterThan(256 * 1024);
    await simulator.phone.setFaults({ needLocalStorage: true });
    const restored = await bench.restored(simulator, copy);
    expect(restored.info.wid.user).toBe(ME);
    await bench.closeClients();

    await rm(copy, { recursive: true });
    await bench.atQr(simulator, copy);
    expect((await simulator.phone.accounts()).accounts[0]?.devices).toHaveLength(1);
  });

  it('gets what was written to it while it was away as unread history', async () => {
    const client = await bench.linked(simulator, profile, ME);
    const arrived = next(client, 'message');
    await simulator.phone.send({ account: ME, from: '15550001111', text: 'before' });
    await arrived;
    await bench.closeClients();
    await simulator.phone.send({ account: ME, from: '15550001111', text: 'while away' });
    const back = await bench.restored(simulator, profile);
    const chat = await back.getChatById('15550001111@c.us');
    expect([chat.unreadCount, chat.lastMessage.body]).toEqual([2, 'while away']);
  });

  it('is notified when the phone logs it out, and shows a QR after that', async () => {
    const client = await bench.linked(simulator, profile, ME);
    const [disconnected, qr] = [next(client, 'disconnected'), next(client, 'qr')];
    await simulator.phone.logout({ target: ME });
    expect(await disconnected).toBe('LOGOUT');
    await qr;
    expect((await simulator.phone.accounts()).accounts[0]?.devices).toEqual([]);
  });

  it('can log itself out', async () => {
    const client = await bench.linked(simulator, profile, ME);
    await client.logout();
    expect((await simulator.phone.accounts()).accounts[0]?.devices).toEqual([]);
  });

  it('cannot start any more once it was revoked while away: the library breaks, the page shows a QR', async () => {
    await bench.linked(simulator, profile, ME);
    await bench.closeClients();
    await simulator.phone.logout({ target: ME, quiet: true });
    const client = await bench.client(simulator, profile);
    await expect(client.initialize()).rejects.toThrow(/Execution context was destroyed/);
    await eventually(() => client.pupPage?.url()).toContain('post_logout=1');
    await eventually(() => client.getState().catch(() => null)).toBe('UNPAIRED');
  });

  it('used in two browsers at once notifies the older one of the conflict', async () => {
    const older = await bench.linked(simulator, profile, ME);
    const copy = await bench.folder();
    await cp(join(profile, 'Default'), join(copy, 'Default'), { recursive: true });
    const disconnected = next(older, 'disconnected');
    await bench.restored(simulator, copy);
    expect(await disconnected).toBe('CONFLICT');
  });

  it('can take over from the page that took over from it', async () => {
    await bench.linked(simulator, profile, ME);
    await bench.closeClients();
    const first = await bench.restored(simulator, profile, { takeoverOnConflict: true });
    const copy = await bench.folder();
    await cp(join(profile, 'Default'), join(copy, 'Default'), { recursive: true });
    const second = await bench.restored(simulator, copy);
    // The library closes the browser of a page in conflict, unless it was not listening yet.
    await eventually(() => second.getState().catch(() => 'closed')).toMatch(/^(CONFLICT|closed)$/);
    await eventually(() => first.getState()).toBe('CONNECTED');
  });
});

describe('the network and the simulator', () => {
  it('a lost network leaves the page OPENING and brings it back with what it missed', async () => {
    const client = await bench.linked(simulator, profile, ME);
    await simulator.phone.network({ mode: 'offline' });
    await eventually(() => client.getState()).toBe('OPENING');
    const arrived = next(client, 'message');
    await simulator.phone.send({ account: ME, from: '15550001111', text: 'missed' });
    await simulator.phone.network({ mode: 'online' });
    expect(((await arrived) as Message).body).toBe('missed');
    expect(await client.getState()).toBe('CONNECTED');
  });

  it('what is sent without a network goes out once it is back, once', async () => {
    const client = await bench.linked(simulator, profile, ME);
    // Without a network a number that the page has not met yet can't be looked up.
    expect(await client.getNumberId('15550001111')).not.toBeNull();
    await simulator.phone.network({ target: ME, mode: 'offline' });
    await eventually(() => client.getState()).toBe('OPENING');
    const acked = next(client, 'message_ack');
    const sent = await client.sendMessage('15550001111@c.us', 'patience');
    expect(sent.ack).toBe(0);
    await simulator.phone.network({ target: ME, mode: 'online' });
    await acked;
    const { messages } = await simulator.phone.inbox({ account: ME, sent: true });
    expect(messages).toMatchObject([{ id: sent.id.id, body: 'patience' }]);
  });

  it('a slow network delivers everything, in order', async () => {
    const client = await bench.linked(simulator, profile, ME);
    await simulator.phone.network({ target: ME, mode: 'slow', delayMs: 200 });
    const bodies: string[] = [];
    client.on('message', ({ body }) => bodies.push(body));
    for (const text of ['one', 'two', 'three'])
      await simulator.phone.send({ account: ME, from: '15550001111', text });
    await client.sendMessage('15550001111@c.us', 'four', { waitUntilMsgSent: true });
    await eventually(() => bodies).toEqual(['one', 'two', 'three']);
    expect((await simulator.phone.inbox({ account: ME, sent: true })).messages).toMatchObject([
      { body: 'four' },
    ]);
  });

  it('a network that is down keeps a new page from loading', async () => {
    await simulator.phone.network({ mode: 'offline' });
    const client = await bench.client(simulator, profile);
    await expect(client.initialize()).rejects.toThrow(/net::ERR_/);
  });

  it('a restart keeps accounts, links and messages, for pages that stay open and for profiles', async () => {
    const dir = await bench.folder();
    const first = await startSimulator({ dir });
    const client = await bench.linked(first, profile, ME);
    await first.phone.send({ account: ME, from: '15550001111', text: 'kept' });
    await first.close();
    await eventually(() => client.getState()).toBe('OPENING');

    const second = await startSimulator({ dir, port: first.port });
    expect(second.chromiumArgs).toEqual(first.chromiumArgs);
    await eventually(() => client.getState()).toBe('CONNECTED');
    expect((await second.phone.inbox({ account: ME })).messages).toMatchObject([{ body: 'kept' }]);
    await bench.closeClients();
    await bench.restored(second, profile);
    await bench.closeClients();
    await second.close();
  });
});

describe('on demand the page misbehaves:', () => {
  it('it takes any state of the socket', async () => {
    const client = await bench.linked(simulator, profile, ME);
    await simulator.phone.state({ target: ME, state: 'TIMEOUT' });
    await eventually(() => client.getState()).toBe('TIMEOUT');
    const disconnected = next(client, 'disconnected');
    await simulator.phone.state({ target: ME, state: 'PROXYBLOCK' });
    expect(await disconnected).toBe('PROXYBLOCK');
  });

  it('it syncs before a listener is attached: the library alone is never ready, with compatibility it is', async () => {
    await bench.linked(simulator, profile, ME);
    await bench.closeClients();
    await simulator.phone.setFaults({ syncFast: true });
    await bench.restored(simulator, profile);
    await bench.closeClients();
    const client = await bench.client(simulator, profile, { compatible: false });
    const emitted: string[] = [];
    client.on('authenticated', () => emitted.push('authenticated'));
    client.on('ready', () => emitted.push('ready'));
    await client.initialize();
    const synced = () => client.pupPage?.evaluate('window.require("WAWebSocketModel").Socket.hasSynced');
    await eventually(synced).toBe(true);
    expect(await client.getState()).toBe('CONNECTED');
    expect(emitted).toEqual([]);
  });

  it('it reloads while the library injects itself', async () => {
    await simulator.phone.setFaults({ reloadOnConnect: 1 });
    const client = await bench.client(simulator, profile);
    await expect(client.initialize()).rejects.toThrow(/Execution context was destroyed/);
    await eventually(() => client.getState().catch(() => null)).toBe('UNPAIRED');
  });

  it('it never leaves OPENING', async () => {
    await simulator.phone.setFaults({ hangOpening: true });
    const client = await bench.client(simulator, profile);
    void client.initialize().catch(() => {});
    await eventually(async () => client.pupPage && (await client.getState().catch(() => null))).toBe(
      'OPENING',
    );
    expect((await simulator.phone.pages()).pages).toEqual([]);
  });

  it('its build gives ids without _serialized, and the library alone cannot return what it sent', async () => {
    const client = await bench.linked(simulator, profile, ME, { compatible: false });
    const arrived = next(client, 'message');
    await simulator.phone.send({ account: ME, from: '15550001111', text: 'new build' });
    const { id } = (await arrived) as Message;
    const { lid } = await simulator.phone.identity({ id: '15550001111' });
    expect(id).toMatchObject({ $1: `false_${lid}_${id.id}` });
    expect(id._serialized).toBeUndefined();
    await expect(client.getChats()).rejects.toThrow();
    expect(await client.sendMessage('15550001111@c.us', 'sent all the same')).toBeUndefined();
    await eventually(
      async () => (await simulator.phone.inbox({ account: ME, sent: true })).messages,
    ).toMatchObject([{ body: 'sent all the same' }]);
  });

  it('its "what\'s new" dialog is left open, and the account is unlinked', async () => {
    await simulator.phone.setFaults({ whatsNewSeconds: 1 });
    const { client, code } = await bench.atQr(simulator, profile);
    const disconnected = next(client, 'disconnected');
    await simulator.phone.scan({ code, account: { phoneNumber: ME } });
    expect(await disconnected).toBe('LOGOUT');
    expect((await simulator.phone.accounts()).accounts[0]?.devices).toEqual([]);
  });

  it('it blocks its main thread, and a question to it gets no answer', async () => {
    const client = await bench.linked(simulator, profile, ME);
    await simulator.phone.disturb({ target: ME, how: 'freeze' });
    const asked = async () =>
      Promise.race([client.getState(), new Promise((resolve) => setTimeout(resolve, 300, 'no answer'))]);
    await eventually(asked).toBe('no answer');
  });
});
