import { request } from 'node:http';
import puppeteer from 'puppeteer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { phoneClient } from '../../../contract/phone/client.ts';
import { type Simulator, startSimulator } from '../../../simulator/simulator.ts';
import { chromiumPath, HEADLESS_ARGS } from '../../helpers/chromium.ts';
import { Bench, next } from './harness.ts';

const bench = new Bench();
let simulator: Simulator;

beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(async () => {
  await bench.close();
  await simulator.close();
});

/** A raw request, with headers that fetch would not let through. */
const ask = (path: string, options: { method?: string; headers?: Record<string, string>; body?: string }) => {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number | undefined; body: string }>();
  const asking = request(new URL(path, simulator.controlUrl), options, (answer) => {
    let body = '';
    answer.on('data', (chunk) => {
      body += chunk;
    });
    answer.on('end', () => resolve({ status: answer.statusCode, body }));
  });
  asking.on('error', reject).end(options.body);
  return promise;
};

describe('the phone API', () => {
  it('names what is wrong with a request', async () => {
    const wrong = simulator.phone.send({ account: 'nobody', from: 'not a number', text: 'x' });
    await expect(wrong).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('from'),
    });
    const unknown = simulator.phone.send({ account: '15559999999', from: '15550001111', text: 'x' });
    await expect(unknown).rejects.toMatchObject({ code: 'unknown_account' });
    await expect(simulator.phone.logout({ target: 'nobody' })).rejects.toMatchObject({
      code: 'unknown_target',
    });
    const json = { 'content-type': 'application/json' };
    expect(await ask('/phone/scan', { method: 'POST', headers: json, body: '{' })).toMatchObject({
      status: 400,
    });
    expect(await ask('/phone/nothing', {})).toMatchObject({ status: 404 });
  });

  it('does nothing for another web page', async () => {
    const json = { 'content-type': 'application/json' };
    const body = JSON.stringify({ syncFast: true });
    const foreign: Record<string, string>[] = [
      { ...json, origin: 'https://example.org' },
      { ...json, host: 'rebound.example.org' },
      { 'content-type': 'text/plain' },
    ];
    for (const headers of foreign) {
      expect(await ask('/phone/faults', { method: 'POST', headers, body })).toMatchObject({ status: 400 });
    }
    expect((await simulator.phone.faults()).syncFast).toBe(false);
  });

  it('is not started if its port is taken, and leaves nothing open', async () => {
    const taken = Number(new URL(simulator.controlUrl).port);
    const [first, second] = await Promise.allSettled([
      startSimulator({ controlPort: taken }),
      startSimulator({ port: simulator.port }),
    ]);
    expect([first, second]).toMatchObject([
      { reason: { code: 'EADDRINUSE' } },
      { reason: { code: 'EADDRINUSE' } },
    ]);
  });

  it('says that there is no response when no simulator runs', async () => {
    const gone = await startSimulator();
    await gone.close();
    await expect(phoneClient(gone.controlUrl).pages()).rejects.toMatchObject({ code: 'unreachable' });
  });
});

it("links, writes and logs out by clicks on the person's page", async () => {
  const { client } = await bench.atQr(simulator, await bench.folder());
  const browser = await puppeteer.launch({
    executablePath: await chromiumPath(),
    args: [...HEADLESS_ARGS],
    pipe: true,
  });
  try {
    const page = await browser.newPage();
    const failures: string[] = [];
    page.on('pageerror', (error) => failures.push(String(error)));
    await page.goto(simulator.controlUrl);

    const ready = next(client, 'ready');
    await page.locator('#pages button').click();
    await ready;

    const arrived = next(client, 'message');
    await page.locator('#accounts input[name=text]').fill('by hand');
    await page.locator('#accounts form button').click();
    const { lid } = await simulator.phone.identity({ id: '15550001111' });
    expect(await arrived).toMatchObject({ body: 'by hand', from: lid });

    const disconnected = next(client, 'disconnected');
    await page.locator(`aria/Log out ${client.info.wid.user}`).click();
    expect(await disconnected).toBe('LOGOUT');
    expect(failures).toEqual([]);
  } finally {
    await browser.close();
  }
});
