import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../../simulator/simulator.ts';
import { Bench, eventually, next } from './harness.ts';

const bench = new Bench();
let simulator: Simulator;
let profile: string;

beforeAll(async () => {
  simulator = await startSimulator();
});
beforeEach(async () => {
  profile = await bench.folder();
});
afterEach(async () => {
  await bench.close();
  await simulator.phone.setFaults({ rateLimitPairing: false, unpairedIdle: false });
});
afterAll(() => simulator.close());

describe('linking by QR', () => {
  it('shows a code, renews it, links the account that scans the new one, and refuses the old one', async () => {
    const { client, code } = await bench.atQr(simulator, profile);
    expect(code.split(',')).toHaveLength(5);

    const renewed = next(client, 'qr');
    await simulator.phone.refreshCode();
    const second = String(await renewed);
    expect(second).not.toBe(code);
    await expect(simulator.phone.scan({ code })).rejects.toMatchObject({ code: 'code_expired' });

    const [authenticated, ready] = [next(client, 'authenticated'), next(client, 'ready')];
    await simulator.phone.scan({
      code: second,
      account: { phoneNumber: '+49 170 1234567', pushName: 'Ada' },
    });
    await authenticated;
    await ready;
    expect(client.info.wid.user).toBe('491701234567');
    expect(client.info.pushname).toBe('Ada');
    expect(await client.getState()).toBe('CONNECTED');
    const { accounts } = await simulator.phone.accounts();
    expect(accounts).toMatchObject([{ phoneNumber: '491701234567', devices: [{ connected: true }] }]);
  });

  it('waits in UNPAIRED_IDLE once the page gave up, and shows codes again after a reload', async () => {
    const { client } = await bench.atQr(simulator, profile);
    await simulator.phone.setFaults({ unpairedIdle: true });
    await eventually(() => client.getState()).toBe('UNPAIRED_IDLE');
    await expect(simulator.phone.scan({})).rejects.toMatchObject({ code: 'code_expired' });

    await simulator.phone.setFaults({ unpairedIdle: false });
    const again = next(client, 'qr');
    await client.pupPage?.reload();
    const ready = next(client, 'ready');
    await simulator.phone.scan({ code: String(await again) });
    await ready;
  });
});

describe('linking by pairing code', () => {
  it('links the account whose phone enters the code', async () => {
    const { client } = await bench.atQr(simulator, profile);
    const code = await client.requestPairingCode('491709999999');
    await expect(simulator.phone.enterPairingCode({ code: 'ABCD1234' })).rejects.toMatchObject({
      code: 'pairing_code_unknown',
    });
    const ready = next(client, 'ready');
    await simulator.phone.enterPairingCode({ code });
    await ready;
    expect(client.info.wid.user).toBe('491709999999');
  });

  it('refuses a number that is none, and too many requests', async () => {
    const { client } = await bench.atQr(simulator, profile);
    await expect(client.requestPairingCode('12')).rejects.toThrow(/bad-request/);
    await simulator.phone.setFaults({ rateLimitPairing: true });
    await expect(client.requestPairingCode('491709999999')).rejects.toThrow(/rate-overlimit/);
  });
});
