/**
 * An account that has a passkey, linked by real parts: the library in its browser, a second browser that signs at
 * WhatsApp's origin with a virtual authenticator, and a simulator that verifies what it is given.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { PasskeyChallenge } from '../../../contract/whatsapp/passkey.ts';
import { passkeyChallengeSchema, signingScript } from '../../../contract/whatsapp/passkey.ts';
import { assertionIn, openPasskeyBrowser, type PasskeyBrowser } from '../../helpers/passkey-browser.ts';
import { type Bench, openBench, type RunningWorker } from './harness.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const ACCOUNT = '491700000071';
const BY_CODE = '491700000072';

let bench: Bench;
let browser: PasskeyBrowser;
beforeAll(async () => {
  bench = await openBench();
  const { passkey } = await bench.simulator.phone.setPasskey({ account: ACCOUNT, required: true });
  browser = await openPasskeyBrowser(bench.simulator.chromiumArgs, passkey);
});
afterAll(async () => {
  await browser?.close();
  await bench?.close();
});

const challengeNow = async (): Promise<PasskeyChallenge> => {
  const { status, body } = await bench.api.command('getPasskeyChallenge', { waitSeconds: 20 });
  expect(status, JSON.stringify(body)).toBe(200);
  return passkeyChallengeSchema.parse(body);
};

const scan = async (worker: RunningWorker) => {
  await bench.status(worker, 'SCAN_QR_CODE');
  const { body } = await bench.api.command('getQr', { waitSeconds: 10 });
  const { phone } = bench.simulator;
  await phone.scan({ code: String(Object(body).value), account: { phoneNumber: ACCOUNT } });
  await bench.status(worker, 'PASSKEY_REQUIRED');
};

const submit = (assertion: unknown) => bench.api.command('submitPasskey', assertion);
const devices = async (account: string) =>
  (await bench.simulator.phone.accounts()).accounts.find(({ phoneNumber }) => phoneNumber === account)
    ?.devices.length ?? 0;

describe.sequential('an account with a passkey', () => {
  let worker: RunningWorker;
  let first: PasskeyChallenge;
  let signed: string;

  test('asks for it after the scan, and says so with the challenge', async () => {
    worker = bench.start();
    expect(await bench.api.command('getPasskeyChallenge', {}).catch(() => undefined)).not.toMatchObject({
      status: 200,
    });
    await scan(worker);
    first = await challengeNow();
    expect(first).toMatchObject({ rpId: 'web.whatsapp.com', userVerification: 'required' });
    expect(bench.api.reports.findLast(({ statusData }) => statusData)?.statusData).toMatchObject({
      challenge: first.challenge,
    });
    expect(await bench.api.command('getQr', {})).toMatchObject({ status: 422 });
    expect(await bench.api.command('getPasskeyConfirmation', {})).toMatchObject({ status: 422 });
    expect(await bench.api.command('confirmPasskey', {})).toMatchObject({ status: 422 });
  });

  test('refuses what answers another challenge, another origin or another site, and changes nothing', async () => {
    const { phone } = bench.simulator;
    const elsewhere = await phone.signPasskey({
      challenge: first.challenge,
      origin: 'https://evil.example',
    });
    expect(await submit(elsewhere)).toMatchObject({ status: 422, body: { code: 'assertion_invalid' } });
    const otherSite = await phone.signPasskey({ challenge: first.challenge, rpId: 'evil.example' });
    expect(await submit(otherSite)).toMatchObject({ status: 422, body: { code: 'assertion_invalid' } });

    signed = await browser.sign(signingScript({ ...first, challenge: 'c29tZW9uZSBlbHNl' }));
    expect(await submit(assertionIn(signed))).toMatchObject({
      status: 422,
      body: { code: 'challenge_unknown' },
    });
    const assertion = await phone.signPasskey({ challenge: first.challenge });
    expect(
      await submit({ ...assertion, response: { ...assertion.response, clientDataJSON: 'e30' } }),
    ).toMatchObject({ status: 400 });
    expect(await submit({ ...assertion, rawId: 'AAAA' })).toMatchObject({ status: 400 });

    expect((await challengeNow()).challenge).toBe(first.challenge);
    expect(bench.api.status).toBe('PASSKEY_REQUIRED');
    expect(await devices(ACCOUNT)).toBe(0);
  });

  test('asks again if WhatsApp rejects the signature; the first challenge is spent', async () => {
    const assertion = await bench.simulator.phone.signPasskey({ challenge: first.challenge });
    const forged = Buffer.from(assertion.response.signature, 'base64url');
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    const response = { ...assertion.response, signature: forged.toString('base64url') };
    expect(await submit({ ...assertion, response })).toMatchObject({ status: 200 });

    await vi.waitFor(async () => expect((await challengeNow()).challenge).not.toBe(first.challenge), {
      timeout: 60_000,
    });
    await bench.status(worker, 'PASSKEY_REQUIRED');
    expect(await submit(assertion)).toMatchObject({ status: 409, body: { code: 'challenge_answered' } });
    expect(await devices(ACCOUNT)).toBe(0);
  });

  test('is linked by what the person’s browser signs', async () => {
    signed = await browser.sign(signingScript(await challengeNow()));
    expect(await submit(assertionIn(signed))).toMatchObject({ status: 200 });
    await bench.status(worker, 'WORKING');
    expect(bench.api.reports.at(-1)).toMatchObject({ me: { id: `${ACCOUNT}@c.us` } });
    expect(bench.api.reports.at(-1)?.statusData).toBeUndefined();
    expect(await devices(ACCOUNT)).toBe(1);
    expect(await submit(assertionIn(signed))).toMatchObject({
      status: 409,
      body: { code: 'challenge_answered' },
    });
  });

  test('and neither challenge nor assertion is in the log', () => {
    const log = worker.log();
    expect(log).toContain('PASSKEY_REQUIRED');
    for (const secret of [first.challenge, ...Object.values(assertionIn(signed).response)])
      expect(log).not.toContain(secret);
  });

  test('a pairing code leads to it as well, and to a code that is compared', async () => {
    const { api, simulator } = bench;
    await simulator.phone.logout({ target: ACCOUNT });
    await worker.exit;
    api.nextEpoch();
    await simulator.phone.setPasskey({ account: BY_CODE, required: true, confirm: true });
    worker = bench.start();
    await bench.status(worker, 'SCAN_QR_CODE');
    const { body } = await api.command('requestCode', { phoneNumber: BY_CODE });
    await simulator.phone.enterPairingCode({ code: String(Object(body).code) });
    await bench.status(worker, 'PASSKEY_REQUIRED');

    const { challenge } = await challengeNow();
    expect(await submit(await simulator.phone.signPasskey({ challenge }))).toMatchObject({ status: 200 });
    await bench.status(worker, 'PASSKEY_CONFIRMATION_REQUIRED');
    const shown = await api.command('getPasskeyConfirmation', { waitSeconds: 5 });
    const { codes } = await simulator.phone.passkeyCodes({ account: BY_CODE });
    expect(shown).toMatchObject({ status: 200, body: { code: codes[0] } });
    expect(await devices(BY_CODE)).toBe(0);
    expect(await api.command('confirmPasskey', {})).toMatchObject({ status: 200 });
    await bench.status(worker, 'WORKING');
    expect(await devices(BY_CODE)).toBe(1);
    expect(await api.command('confirmPasskey', {})).toMatchObject({ status: 422 });
  });
});

test('a challenge that is not signed in time is replaced, and a later answer to it is refused', async () => {
  const short = await openBench({ passkeyChallengeMs: 3_000 });
  try {
    const { api, simulator } = short;
    await simulator.phone.setPasskey({ account: ACCOUNT, required: true });
    const worker = short.start();
    await short.status(worker, 'SCAN_QR_CODE');
    const { body } = await api.command('getQr', { waitSeconds: 10 });
    await simulator.phone.scan({
      code: String(Object(body).value),
      account: { phoneNumber: ACCOUNT },
    });
    const challenge = async () => {
      const answer = await api.command('getPasskeyChallenge', { waitSeconds: 20 });
      return passkeyChallengeSchema.parse(answer.body).challenge;
    };
    const first = await challenge();
    await vi.waitFor(async () => expect(await challenge()).not.toBe(first), { timeout: 60_000 });
    // Signed by hand: the phone itself may have given the challenge up by now.
    const clientData = { type: 'webauthn.get', challenge: first, origin: 'https://web.whatsapp.com' };
    const clientDataJSON = Buffer.from(JSON.stringify(clientData)).toString('base64url');
    const response = { clientDataJSON, authenticatorData: 'AAAA', signature: 'AAAA' };
    const late = { id: 'AAAA', rawId: 'AAAA', type: 'public-key', response };
    expect(await api.command('submitPasskey', late)).toMatchObject({
      status: 410,
      body: { code: 'challenge_expired' },
    });
    expect((await simulator.phone.accounts()).accounts[0]?.devices).toEqual([]);
    const reported = () =>
      api.reports.flatMap(({ statusData }) =>
        statusData && 'challenge' in statusData ? [statusData.challenge] : [],
      );
    await vi.waitFor(() => expect(new Set(reported()).size).toBeGreaterThan(1), { timeout: 60_000 });
  } finally {
    await short.close();
  }
});
