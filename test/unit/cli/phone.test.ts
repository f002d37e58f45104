import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../../simulator/simulator.ts';
import { runCli } from './run-cli.ts';

let simulator: Simulator;
let folder: string;

beforeAll(async () => {
  simulator = await startSimulator();
  folder = await mkdtemp(join(tmpdir(), 'berth-phone-'));
  await mkdir(join(folder, '.berth'));
  await writeFile(join(folder, '.berth', 'phone-url'), `${simulator.controlUrl}\n`);
});
afterAll(async () => {
  await simulator.close();
  await rm(folder, { recursive: true });
});

/** Run in the folder in which the local system keeps the phone's address. */
const phone = (...args: string[]) => runCli(['phone', ...args], { cwd: folder });

describe('berth phone, against the simulator', () => {
  test('finds it by .berth/phone-url and says that no page waits', async () => {
    expect(await phone('pending')).toEqual({ code: 0, stdout: '', stderr: 'no page waits to be linked\n' });
  });

  test('scanning if no page waits is "not found"', async () => {
    const ended = await phone('scan', '--account', '+1 555 000 1111', '--name', 'Anna');
    expect(ended.code).toBe(3);
    expect(ended.stderr).toMatch(/^berth: .+\n$/);
  });

  test('an account that is not known is "not found"', async () => {
    expect((await phone('logout', '15550001111')).code).toBe(3);
    expect((await phone('send', '15550001111', '15550002222', 'Hello')).code).toBe(3);
  });

  test('faults are switched on and shown', async () => {
    expect((await phone('faults', 'refuseSend=true', 'reloadOnConnect=2')).code).toBe(0);
    expect(JSON.parse((await phone('faults', '--json')).stdout)).toMatchObject({
      refuseSend: true,
      reloadOnConnect: 2,
    });
  });

  test('a switch that does not exist, or a wrong state, is wrong usage', async () => {
    expect((await phone('faults', 'noSuchFault=true')).code).toBe(2);
    expect((await phone('state', '15550001111', 'HAPPY')).code).toBe(2);
  });
});
