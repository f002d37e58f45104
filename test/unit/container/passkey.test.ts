import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../container/base/log.ts';
import { type Moments, momentsAfter, nextDeadline } from '../../../container/control/deadlines.ts';
import type { LibraryPage } from '../../../container/whatsapp/library.ts';
import { type PasskeyHistory, type PasskeyStep, watchPasskey } from '../../../container/whatsapp/passkey.ts';
import { clientDataOf, faultOf } from '../../../container/whatsapp/passkey-assertion.ts';
import { isPasskeyStatus } from '../../../contract/lifecycle.ts';
import type { PasskeyAssertion } from '../../../contract/whatsapp/passkey.ts';
import { deadlinesOf } from '../../../core/lifecycle/deadlines.ts';
import { settingsSchema } from '../../../core/settings.ts';
import { type ManualTime, manualTime } from '../../helpers/manual-time.ts';

const encode = (text: string) => Buffer.from(text).toString('base64url');
const RP_ID = 'web.whatsapp.com';

const assertionFor = (
  challenge: string,
  { origin = 'https://web.whatsapp.com', type = 'webauthn.get', rpId = RP_ID, flags = 5, id = 'a2V5' } = {},
): PasskeyAssertion => ({
  id,
  rawId: id,
  type: 'public-key',
  response: {
    clientDataJSON: encode(JSON.stringify({ type, challenge, origin })),
    authenticatorData: Buffer.concat([
      createHash('sha256').update(rpId).digest(),
      Buffer.from([flags, 0, 0, 0, 1]),
    ]).toString('base64url'),
    signature: encode('signature'),
    userHandle: undefined,
  },
});

/** WhatsApp Web's page as the worker sees it: a screen, its button, its open call. */
class FakePage implements LibraryPage {
  screen = false;
  code: string | null = null;
  /** The effect of a press of the button. */
  onContinue = (): void => {};
  presses = 0;
  confirmed = 0;
  answers: unknown[] = [];
  readonly #time: ManualTime;
  #open: { id: number; challenge: string; until: number } | undefined;
  #asked = 0;

  constructor(time: ManualTime) {
    this.#time = time;
  }

  ask(challenge: string, lifeMs = 60_000): void {
    this.#asked += 1;
    this.#open = { id: this.#asked, challenge: encode(challenge), until: this.#time.now() + lifeMs };
  }

  reloaded(): void {
    this.#open = undefined;
    this.#asked = 0;
  }

  on(): void {}
  url = () => 'https://web.whatsapp.com/';
  reload = async () => {};
  heap = { held: async () => 0, collect: async () => {} };
  async evaluate(expression: string): Promise<unknown> {
    if (this.#open && this.#time.now() >= this.#open.until) this.#open = undefined;
    if (expression.includes("clickable('shortcake_passkey_continue_button');\n  if (button)")) {
      this.presses += 1;
      this.onContinue();
      return true;
    }
    if (expression.includes("clickable('shortcake_code_confirm_button');\n  if (button)")) {
      this.confirmed += 1;
      const had = this.code !== null;
      this.code = null;
      return had;
    }
    if (expression.includes('open.answer(')) {
      if (!this.#open || !expression.includes(`open.id !== ${this.#open.id})`)) return false;
      this.answers.push(expression);
      this.#open = undefined;
      return true;
    }
    const { id, challenge, until } = this.#open ?? {};
    return {
      asked:
        id === undefined
          ? null
          : {
              id,
              lifeMs: (until ?? 0) - this.#time.now(),
              options: { challenge, rpId: RP_ID, allowCredentials: [], userVerification: 'required' },
            },
      code: this.code,
      canContinue: this.screen && id === undefined && this.code === null && this.answers.length === 0,
      screen: this.screen,
    };
  }
}

const open = () => {
  const time = manualTime();
  const page = new FakePage(time);
  const steps: PasskeyStep[] = [];
  const history: PasskeyHistory = new Map();
  const stop = new AbortController();
  const passkey = watchPasskey(
    {
      time,
      log: silentLog,
      page: () => page,
      history,
      timings: { probeEvery: 500, probeLimit: 5_000 },
      onStep: (step) => steps.push(step),
    },
    stop.signal,
  );
  const names = () => steps.map(({ step }) => step);
  return { time, page, steps, names, passkey, stop, history };
};

describe('the passkey of a page', () => {
  it('does nothing while the page shows none', async () => {
    const { time, passkey, names } = open();
    await time.advance(10_000);
    expect(names()).toEqual([]);
    expect(await passkey.answer(assertionFor(encode('one')))).toEqual({ kind: 'none_asked' });
    expect(await passkey.confirm()).toBe(false);
  });

  it('is requested by the page’s own button, answered once, and distinguished from late, wrong or repeated ones', async () => {
    const { time, page, passkey, names } = open();
    let round = 0;
    page.onContinue = () => {
      round += 1;
      page.ask(`challenge ${round}`);
    };
    page.screen = true;
    await time.advance(3_000);
    expect(names()).toEqual(['asking', 'challenge']);
    const first = assertionFor(encode('challenge 1'));

    expect(await passkey.answer(assertionFor(encode('of another session')))).toEqual({ kind: 'unknown' });
    expect(
      await passkey.answer({ ...first, response: { ...first.response, clientDataJSON: 'AAAA' } }),
    ).toMatchObject({ kind: 'malformed' });
    expect(
      await passkey.answer(assertionFor(encode('challenge 1'), { origin: 'https://x.example' })),
    ).toMatchObject({ kind: 'invalid' });
    expect(page.answers).toEqual([]);

    // No answer comes in time: WhatsApp Web cancels its request, and the worker asks for another.
    await time.advance(63_000);
    expect(names()).toEqual(['asking', 'challenge', 'asking', 'challenge']);
    expect(await passkey.answer(first)).toEqual({ kind: 'expired' });
    const second = assertionFor(encode('challenge 2'));
    expect(await passkey.answer(second)).toEqual({ kind: 'given' });
    expect(await passkey.answer(second)).toEqual({ kind: 'answered' });
    expect(page.answers).toHaveLength(1);
    expect(passkey.step).toEqual({ step: 'answered' });
    await time.advance(60_000);
    expect(passkey.step).toEqual({ step: 'answered' });
  });

  it('of two answers at once takes one', async () => {
    const { time, page, passkey } = open();
    page.onContinue = () => page.ask('one');
    page.screen = true;
    await time.advance(3_000);
    const answer = assertionFor(encode('one'));
    const outcomes = await Promise.all([passkey.answer(answer), passkey.answer(answer)]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['given', 'answered']);
    expect(page.answers).toHaveLength(1);
  });

  it('leads to a code that is confirmed once, and to no state if the screen disappears', async () => {
    const { time, page, passkey, names } = open();
    page.screen = true;
    page.onContinue = () => page.ask('one');
    await time.advance(3_000);
    await passkey.answer(assertionFor(encode('one')));
    page.code = 'ABCD1234';
    await time.advance(1_000);
    expect(passkey.step).toEqual({ step: 'confirmation', code: 'ABCD1234' });
    expect(await passkey.confirm()).toBe(true);
    expect(await passkey.confirm()).toBe(false);
    expect(page.confirmed).toBe(1);
    page.screen = false;
    await time.advance(10_000);
    expect(names()).toEqual(['asking', 'challenge', 'answered', 'confirmation', 'answered', 'none']);
  });

  it('is requested again by a page that was reloaded, which counts its calls from one again', async () => {
    const { time, page, passkey } = open();
    page.screen = true;
    page.onContinue = () => page.ask('before');
    await time.advance(3_000);
    page.reloaded();
    page.ask('after');
    await time.advance(1_000);
    expect(passkey.step).toMatchObject({
      step: 'challenge',
      id: 1,
      challenge: { challenge: encode('after') },
    });
    expect(await passkey.answer(assertionFor(encode('before')))).toEqual({ kind: 'expired' });
    expect(await passkey.answer(assertionFor(encode('after')))).toEqual({ kind: 'given' });
  });

  it('ends once the account is linked: neither challenge nor code is shown any more', async () => {
    const { time, page, passkey, stop } = open();
    page.screen = true;
    page.code = 'ABCD1234';
    await time.advance(3_000);
    expect(passkey.step).toMatchObject({ step: 'confirmation' });
    stop.abort();
    expect(passkey.step).toEqual({ step: 'none' });
    expect(await passkey.confirm()).toBe(false);
  });

  it('is not pressed for more often than every two seconds, and not for ever', async () => {
    const { time, page } = open();
    page.screen = true;
    await time.advance(10_000);
    expect(page.presses).toBeLessThanOrEqual(6);
    await time.advance(600_000);
    expect(page.presses).toBe(20);
  });

  it('is not looked at any more once the account is linked', async () => {
    const { time, page, stop, names } = open();
    stop.abort();
    page.screen = true;
    await time.advance(10_000);
    expect([names(), page.presses]).toEqual([[], 0]);
  });
});

describe('an assertion', () => {
  const challenge = {
    rpId: RP_ID,
    allowCredentials: [] as { id: string; type: 'public-key' }[],
    userVerification: 'required',
  };
  const faultIn = (change: Parameters<typeof assertionFor>[1], asked: Partial<typeof challenge> = {}) => {
    const assertion = assertionFor('AAAA', change);
    const data = clientDataOf(assertion);
    return data && faultOf({ ...challenge, ...asked }, assertion, data);
  };

  it.each([
    ['as a browser makes it', {}, {}, undefined],
    [
      'for the whole domain, if that is requested',
      { rpId: 'whatsapp.com' },
      { rpId: 'whatsapp.com' },
      undefined,
    ],
    [
      'without verification, if none is requested',
      { flags: 1 },
      { userVerification: 'preferred' },
      undefined,
    ],
    ['of a requested passkey', {}, { allowCredentials: [{ id: 'a2V5', type: 'public-key' }] }, undefined],
    ['of another passkey', {}, { allowCredentials: [{ id: 'b3RoZXI', type: 'public-key' }] }, /passkey that/],
    ['of a registration', { type: 'webauthn.create' }, {}, /no assertion/],
    ['of another origin', { origin: 'https://web.whatsapp.com.evil.example' }, {}, /signed at/],
    ['of another site', { rpId: 'whatsapp.com' }, {}, /site other than/],
    ['without a person', { flags: 4 }, {}, /was present/],
    ['without verification', { flags: 1 }, {}, /verify the person/],
  ] as const)('%s', (_name, change, asked, expected) => {
    const fault = faultIn(change, asked as Partial<typeof challenge>);
    if (expected === undefined) expect(fault).toBeUndefined();
    else expect(fault).toMatch(expected);
  });

  it('whose client data is no JSON, or is something else, is none', () => {
    const assertion = assertionFor('AAAA');
    for (const clientDataJSON of ['AAAA', encode('[]'), encode('{"type":1}'), encode('null')])
      expect(
        clientDataOf({ ...assertion, response: { ...assertion.response, clientDataJSON } }),
      ).toBeUndefined();
  });
});

describe('the time for linking', () => {
  const settings = settingsSchema.parse({});
  const LINKING = ['SCAN_QR_CODE', 'PASSKEY_REQUIRED', 'PASSKEY_CONFIRMATION_REQUIRED'] as const;

  it('is the same by the worker as by the reaper, and ten minutes from the first code at most', () => {
    const step = fc.record({
      status: fc.constantFrom(...LINKING),
      afterMs: fc.integer({ min: 0, max: 200_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const startedAt = 1_000_000;
        let now = startedAt;
        let moments: Moments = { phase: 'starting', wasUp: false };
        const session: { qrSince?: number; passkeySince?: number } = {};
        let endsAt = Number.POSITIVE_INFINITY;
        for (const { status, afterMs } of [{ status: 'SCAN_QR_CODE' as const, afterMs: 0 }, ...steps]) {
          now += afterMs;
          if (now >= endsAt) return;
          moments = momentsAfter(moments, status, now);
          // The fields that a report writes into the session's item (core/lifecycle/worker.ts).
          if (status === 'SCAN_QR_CODE') session.qrSince ??= now;
          if (isPasskeyStatus(status)) session.passkeySince ??= now;
          const item = { config: {}, state: 'RUNNING' as const, status, startedAt, taskArn: 't', ...session };
          const byReaper = deadlinesOf(item, settings).find(({ reason }) => reason === 'qr_expired')?.at;
          const limits = { qrTimeoutMs: 300_000, startBy: startedAt };
          expect(nextDeadline(limits, moments)).toEqual({ reason: 'qr_expired', at: byReaper });
          expect(byReaper).toBeLessThanOrEqual(startedAt + 600_000);
          endsAt = byReaper ?? endsAt;
        }
      }),
    );
  });
});
