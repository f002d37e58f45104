import { createContext, Script } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WEBHOOK_PAYLOADS } from '../../../contract/webhooks/bodies.ts';
import {
  type PasskeyChallenge,
  passkeyAssertionArgs,
  signingScript,
} from '../../../contract/whatsapp/passkey.ts';
import { createSession } from '../../../core/admission/create.ts';
import { launchAndPublish } from '../../../core/admission/launch-and-publish.ts';
import { deadlinesOf } from '../../../core/lifecycle/deadlines.ts';
import { sessionView } from '../../../core/lifecycle/session-view.ts';
import { report } from '../../../core/lifecycle/worker.ts';
import { reap } from '../../../core/reaping/reap.ts';
import { bootstrapped, load, USER, workingSession } from './session.ts';
import { type TestSystem, testSystem } from './test-system.ts';

const CHALLENGE: PasskeyChallenge = {
  challenge: 'Y2hhbGxlbmdl',
  timeout: 60_000,
  rpId: 'web.whatsapp.com',
  allowCredentials: [{ id: 'AQID', type: 'public-key', transports: ['internal'] }],
  userVerification: 'required',
};

/** Runs the script as a console does, in a browser that signs. */
const pasted = async (script: string, origin = 'https://web.whatsapp.com') => {
  const asked: unknown[] = [];
  const copied: string[] = [];
  const bytes = (...numbers: number[]) => Uint8Array.from(numbers).buffer;
  const context = createContext({
    atob,
    btoa,
    console: { log: () => {} },
    copy: (text: string) => copied.push(text),
    location: { origin },
    navigator: {
      credentials: {
        get: async (options: unknown) => {
          asked.push(options);
          const response = {
            clientDataJSON: bytes(1),
            authenticatorData: bytes(250, 251, 252, 253, 254, 255),
            signature: bytes(3),
            userHandle: null,
          };
          return { id: 'AQID', rawId: bytes(1, 2, 3), type: 'public-key', response };
        },
      },
    },
  });
  const answer: unknown = await new Script(script).runInContext(context);
  return { answer, asked, copied };
};

describe('the script that a person pastes', () => {
  test('asks for exactly what was asked, and gives what the API takes', async () => {
    const { answer, asked, copied } = await pasted(signingScript(CHALLENGE));
    expect(copied).toEqual([answer]);
    expect(passkeyAssertionArgs.parse(JSON.parse(String(answer)))).toMatchObject({
      id: 'AQID',
      rawId: 'AQID',
      response: { authenticatorData: '-vv8_f7_' },
    });
    const { publicKey } = Object(asked[0]);
    expect(Buffer.from(publicKey.challenge).toString()).toBe('challenge');
    expect([...publicKey.allowCredentials[0].id]).toEqual([1, 2, 3]);
    expect(publicKey).toMatchObject({
      rpId: 'web.whatsapp.com',
      userVerification: 'required',
      timeout: 60_000,
    });
  });

  test('refuses to run anywhere else', async () => {
    await expect(pasted(signingScript(CHALLENGE), 'https://example.com')).rejects.toThrow(
      /web\.whatsapp\.com/,
    );
  });

  test('holds WhatsApp’s request as data, and never as code', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.json(), async (rpId, json) => {
        const extensions = { odd: JSON.parse(json) };
        const script = signingScript({ ...CHALLENGE, rpId, extensions });
        expect(script).not.toContain('</');
        const { asked } = await pasted(script);
        const { publicKey } = Object(asked[0]);
        expect(JSON.stringify([publicKey.rpId, publicKey.extensions])).toBe(
          JSON.stringify([rpId, extensions]),
        );
      }),
      { numRuns: 50 },
    );
  });
});

describe('an assertion in a request', () => {
  const response = { clientDataJSON: 'AAAA', authenticatorData: 'AAAA', signature: 'AAAA' };
  const given = { id: 'AQID', rawId: 'AQID', type: 'public-key', response };

  test('may have what browsers add, and a user handle or none', () => {
    const more = { ...given, authenticatorAttachment: 'platform', clientExtensionResults: {} };
    expect(passkeyAssertionArgs.parse(more)).toEqual(given);
    for (const userHandle of [null, undefined, 'AAAA'])
      expect(
        passkeyAssertionArgs.safeParse({ ...given, response: { ...response, userHandle } }).success,
      ).toBe(true);
  });

  test.each([
    ['another raw id', { ...given, rawId: 'AQIE' }],
    ['padding', { ...given, id: 'AQI=', rawId: 'AQI=' }],
    ['another type', { ...given, type: 'password' }],
    ['no signature', { ...given, response: { ...response, signature: '' } }],
  ])('is refused with %s', (_name, wrong) => {
    expect(passkeyAssertionArgs.safeParse(wrong).success).toBe(false);
  });
});

describe('a session that asks for a passkey', () => {
  const asking = async (): Promise<TestSystem> => {
    const system = testSystem();
    await workingSession(system);
    return system;
  };
  const send = async (system: TestSystem, seq: number, request: object) =>
    report(system.deps, await load(system), { seq, status: 'PASSKEY_REQUIRED', ...request });

  test('is up, says what to do, and ends five minutes after it asked, however often it asks again', async () => {
    const system = await asking();
    await send(system, 10, { status: 'SCAN_QR_CODE' });
    system.now += 240_000;
    await send(system, 11, { statusData: CHALLENGE });
    const session = await load(system);
    const askedAt = system.now;
    expect(session).toMatchObject({ state: 'RUNNING', status: 'PASSKEY_REQUIRED', passkeySince: askedAt });
    expect(sessionView(session, system.settings).qrExpiresAt).toBe(new Date(askedAt + 300_000).toISOString());
    expect(session.detail).toContain('passkey');

    system.now += 60_000;
    await send(system, 12, { statusData: { ...CHALLENGE, challenge: 'bmV3' } });
    await send(system, 13, { status: 'PASSKEY_CONFIRMATION_REQUIRED', statusData: { code: 'ABCD1234' } });
    await send(system, 14, { status: 'SCAN_QR_CODE' });
    const back = await load(system);
    expect(back.detail).toBeUndefined();
    expect(deadlinesOf(back, system.settings)).toContainEqual({
      reason: 'qr_expired',
      at: askedAt + 300_000,
    });
    for (let seq = 20; system.now < askedAt + 300_000; seq++) {
      system.now += 60_000;
      await send(system, seq, { statusData: CHALLENGE });
    }
    expect(await reap(system.deps)).toMatchObject({ acted: { qr_expired: 1 } });
    expect(await load(system)).toMatchObject({ state: 'STOPPING', stopReason: 'qr_expired' });
  });

  test('sends each challenge and the code to its webhooks only, once', async () => {
    const system = testSystem();
    const webhooks = [{ url: 'https://example.com/hook', events: ['*' as const] }];
    const config = { webhooks };
    await createSession(system.deps, { userId: USER, name: 'a', config, start: true });
    await bootstrapped(system, await launchAndPublish(system.deps, await load(system)));
    await send(system, 10, { statusData: CHALLENGE });
    await send(system, 11, { statusData: CHALLENGE });
    await send(system, 12, { statusData: { ...CHALLENGE, challenge: 'bmV3' } });
    await send(system, 13, { status: 'PASSKEY_CONFIRMATION_REQUIRED', statusData: { code: 'ABCD1234' } });
    await send(system, 14, { status: 'STARTING' });
    const statuses = system.queue
      .filter(({ event }) => event === 'session.status')
      .map(({ payload }) => Object(payload));
    expect(statuses.map(({ status, data }) => [status, data?.challenge ?? data?.code])).toEqual([
      ['STARTING', undefined],
      ['PASSKEY_REQUIRED', CHALLENGE.challenge],
      ['PASSKEY_REQUIRED', 'bmV3'],
      ['PASSKEY_CONFIRMATION_REQUIRED', 'ABCD1234'],
      ['STARTING', undefined],
    ]);
    for (const { payload } of system.queue.filter(({ event }) => event === 'session.status'))
      WEBHOOK_PAYLOADS['session.status'].payload.parse(payload);
    const kept = JSON.stringify([...system.table.items()]);
    expect(kept).toContain('PASSKEY_CONFIRMATION_REQUIRED');
    for (const secret of [CHALLENGE.challenge, 'bmV3', 'ABCD1234']) expect(kept).not.toContain(secret);
  });

  test('once linked, has nothing of it left', async () => {
    const system = await asking();
    await send(system, 10, { statusData: CHALLENGE });
    await send(system, 11, { status: 'WORKING' });
    const session = await load(system);
    for (const gone of ['passkeySince', 'statusDataHash', 'detail', 'qrSince'])
      expect(session).not.toHaveProperty(gone);
    expect(JSON.stringify(session)).not.toContain(CHALLENGE.challenge);
  });
});
