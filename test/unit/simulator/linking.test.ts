import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Exchange } from '../../../simulator/exchange.ts';
import type { PageEvent } from '../../../simulator/protocol.ts';
import { newExchange } from './new-exchange.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A page that connects, and the events that it received. */
const openPage = (exchange: Exchange, device?: { id: string; token: string }) => {
  const events: PageEvent[] = [];
  const keys = { noiseKey: 'noise-key', identityKey: 'identity-key' };
  const connection = exchange.connect(
    { ...keys, platform: 'Chrome', language: 'en-US', build: '2026-07', localStorage: true, device },
    { write: (line) => events.push(JSON.parse(line) as PageEvent), end: () => {} },
  );
  const refs = () => events.flatMap((event) => ('ref' in event ? [event.ref] : []));
  const code = () => `${refs().at(-1)},${keys.noiseKey},${keys.identityKey},adv-secret,1`;
  return { connection, events, refs, code };
};

const refusedWith = (code: string) => expect.objectContaining({ code });

describe('the code of a page that waits', () => {
  it('is a new one each time, until the page gives up', () => {
    const { exchange } = newExchange();
    const page = openPage(exchange);
    vi.advanceTimersByTime(80_000);
    expect(new Set(page.refs()).size).toBe(4);
    expect(page.events.at(-1)).toEqual({ type: 'state', state: 'UNPAIRED_IDLE' });
    expect(exchange.linking.pages()).toMatchObject([{ shows: 'idle', refreshes: 3 }]);
  });

  it('starts again after the page gave up and was asked to', () => {
    const { exchange } = newExchange();
    const page = openPage(exchange);
    vi.advanceTimersByTime(80_000);
    exchange.call(page.connection, { op: 'refreshCode' });
    expect(exchange.scan({ code: page.code() }, undefined).deviceId).toBeDefined();
  });

  it('is refused with the reason when it is old, cut short, foreign or tampered with', () => {
    const { exchange } = newExchange();
    const page = openPage(exchange);
    const old = page.code();
    vi.advanceTimersByTime(20_000);
    expect(() => exchange.scan({ code: old }, undefined)).toThrow(refusedWith('code_expired'));
    expect(() => exchange.scan({ code: page.code().slice(0, 60) }, undefined)).toThrow(
      refusedWith('code_malformed'),
    );
    expect(() => exchange.scan({ code: '2@foreign,a,b,c,1' }, undefined)).toThrow(
      refusedWith('code_unknown'),
    );
    const tampered = page.code().replace('identity-key', 'another-key');
    expect(() => exchange.scan({ code: tampered }, undefined)).toThrow(refusedWith('code_mismatch'));
    expect(exchange.world.devices()).toEqual([]);
  });

  it('links once: the same code scanned again is an old one', () => {
    const { exchange } = newExchange();
    const page = openPage(exchange);
    const code = page.code();
    exchange.scan({ code }, { phoneNumber: '15550001111' });
    expect(page.events.map(({ type }) => type)).toEqual(['hello', 'unpaired', 'linked', 'welcome']);
    expect(() => exchange.scan({ code }, undefined)).toThrow(refusedWith('code_expired'));
  });

  it('must be named when several pages wait', () => {
    const { exchange } = newExchange();
    expect(() => exchange.scan({}, undefined)).toThrow(refusedWith('no_pending_page'));
    openPage(exchange);
    const second = openPage(exchange);
    expect(() => exchange.scan({}, undefined)).toThrow(refusedWith('ambiguous_page'));
    exchange.scan({ page: second.connection.id }, undefined);
    expect(exchange.linking.pages()).toHaveLength(1);
  });

  it('is gone with its page', () => {
    const { exchange } = newExchange();
    const page = openPage(exchange);
    page.connection.close();
    expect(exchange.linking.pages()).toEqual([]);
    expect(() => exchange.scan({ code: page.code() }, undefined)).toThrow(refusedWith('code_expired'));
  });
});

describe('a pairing code', () => {
  it('links the account that it was made for, and no other', () => {
    const { exchange } = newExchange();
    const page = openPage(exchange);
    const code = exchange.linking.startPairing(page.connection, '15550001111');
    expect(code).toMatch(/^[1-9A-HJ-NP-Z]{8}$/);
    const other = { phoneNumber: '15550002222' };
    expect(() => exchange.linking.enterPairingCode(code, other)).toThrow(refusedWith('wrong_account'));
    const typed = `${code.slice(0, 4)}-${code.slice(4)}`.toLowerCase();
    expect(exchange.linking.enterPairingCode(typed, undefined).account.phoneNumber).toBe('15550001111');
  });

  it('expires after three minutes', () => {
    const { exchange } = newExchange();
    const page = openPage(exchange);
    const code = exchange.linking.startPairing(page.connection, '15550001111');
    vi.advanceTimersByTime(180_000);
    expect(() => exchange.linking.enterPairingCode(code, undefined)).toThrow(
      refusedWith('pairing_code_expired'),
    );
    expect(() => exchange.linking.enterPairingCode('AAAA1111', undefined)).toThrow(
      refusedWith('pairing_code_unknown'),
    );
  });
});

describe('a linked page', () => {
  const link = (exchange: Exchange) => {
    const page = openPage(exchange);
    exchange.scan({ code: page.code() }, { phoneNumber: '15550001111' });
    const device = page.events.flatMap((event) => (event.type === 'linked' ? [event.device] : []))[0];
    if (!device) throw new Error('not linked');
    return { page, device };
  };

  it('receives a conflict when another page connects for the same companion', () => {
    const { exchange } = newExchange();
    const { page, device } = link(exchange);
    const newer = openPage(exchange, device);
    expect(page.events.at(-1)).toEqual({ type: 'state', state: 'CONFLICT' });
    expect(page.connection.closed).toBe(true);
    expect(newer.events.at(-1)?.type).toBe('welcome');
  });

  it('is rejected at its next connect when the phone removed it while it was away', () => {
    const { exchange } = newExchange();
    const { page, device } = link(exchange);
    page.connection.close();
    expect(exchange.logout('15550001111', false)).toBe(1);
    expect(openPage(exchange, device).events.at(-1)).toEqual({ type: 'logout' });
  });

  it('gets what it missed until it confirms it, and then as history', () => {
    const { exchange } = newExchange();
    const { page, device } = link(exchange);
    page.connection.close();
    const account = exchange.world.ensureAccount({ phoneNumber: '15550001111' });
    const { seq } = exchange.messages.receive(account, {
      from: '15550002222@c.us',
      body: 'while you were out',
    });
    const offline = (events: PageEvent[]) =>
      events.flatMap((event) => (event.type === 'welcome' ? event.offline : []));
    expect(offline(openPage(exchange, device).events)).toMatchObject([{ seq }]);
    const back = openPage(exchange, device);
    expect(offline(back.events)).toMatchObject([{ seq }]);
    exchange.call(back.connection, { op: 'received', seq });
    expect(offline(openPage(exchange, device).events)).toEqual([]);
  });
});
