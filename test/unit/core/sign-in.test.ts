import { describe, expect, test } from 'vitest';
import { createApiKey, deleteApiKey } from '../../../core/access/keys.ts';
import { findSignIn, signIn, signOut } from '../../../core/access/sign-in.ts';
import {
  credentialOf,
  SIGN_IN_SECONDS,
  signInCookie,
  signOutCookie,
} from '../../../core/access/sign-in-cookie.ts';
import { signInKey } from '../../../core/items.ts';
import { testSystem } from './test-system.ts';

const TOKEN = 'a'.repeat(43);
const cookie = (name: string, value = TOKEN) => ({
  method: 'GET',
  headers: {},
  cookies: [`${name}=${value}`],
});

describe('a request says whose it is', () => {
  test('by the key in its header, with any cookie', () => {
    const request = { ...cookie('berth'), method: 'POST', headers: { 'x-api-key': 'berth_k' } };
    expect(credentialOf(request, false)).toEqual({ via: 'key', key: 'berth_k' });
  });

  test('by its cookie for a read', () => {
    expect(credentialOf(cookie('__Host-berth'), true)).toEqual({ via: 'cookie', token: TOKEN });
    const others = { ...cookie('__Host-berth'), cookies: ['other=1', `__Host-berth=${TOKEN}`] };
    expect(credentialOf(others, true)).toEqual({ via: 'cookie', token: TOKEN });
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH'])('by its cookie for %s only with the mark', (method) => {
    const request = { ...cookie('__Host-berth'), method };
    const marked = (mark: string) =>
      credentialOf({ ...request, headers: { 'x-berth-dashboard': mark } }, true);
    expect(credentialOf(request, true)).toEqual({ via: 'unmarked' });
    expect(marked('0')).toEqual({ via: 'unmarked' });
    expect(marked('1')).toEqual({ via: 'cookie', token: TOKEN });
  });

  test.each(['GET', 'POST'])('without TLS, by its cookie for %s only with the proof beside it', (method) => {
    const request = { ...cookie('berth'), method };
    const proof = 'p'.repeat(43);
    const marked = (mark: string) =>
      credentialOf({ ...request, headers: { 'x-berth-dashboard': mark } }, false);
    expect(credentialOf(request, false)).toEqual({ via: method === 'GET' ? 'nothing' : 'unmarked' });
    expect(marked('1')).toEqual({ via: 'nothing' });
    expect(marked(proof)).toEqual({ via: 'cookie', token: TOKEN, proof });
  });

  test('not by a cookie that is none of ours', () => {
    for (const value of ['', 'short', `${TOKEN}x`, `${TOKEN.slice(1)};`])
      expect(credentialOf(cookie('berth', value), false)).toEqual({ via: 'nothing' });
    expect(credentialOf(cookie('xberth'), false)).toEqual({ via: 'nothing' });
  });

  test('with TLS, not by a cookie that a neighbor could have set', () => {
    expect(credentialOf(cookie('berth'), true)).toEqual({ via: 'nothing' });
    expect(credentialOf(cookie('__Host-berth'), true)).toEqual({ via: 'cookie', token: TOKEN });
  });
});

test('the cookie is for this host, for no script, for no other site, and with TLS for TLS alone', () => {
  expect(signInCookie(TOKEN, 60, true)).toBe(
    `__Host-berth=${TOKEN}; Max-Age=60; Path=/; HttpOnly; SameSite=Strict; Secure`,
  );
  expect(signInCookie(TOKEN, 60, false)).toBe(
    `berth=${TOKEN}; Max-Age=60; Path=/; HttpOnly; SameSite=Strict`,
  );
  expect(signOutCookie(true)).toBe('__Host-berth=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure');
});

describe('a sign-in', () => {
  test('identifies its key, and the database knows neither token nor key', async () => {
    const { deps, table } = testSystem();
    const { key, id } = await createApiKey(deps, { userId: 'ann', role: 'user' });
    const { token, seconds } = await signIn(deps, key);
    expect(seconds).toBe(SIGN_IN_SECONDS);
    expect(await findSignIn(deps, { token })).toMatchObject({ id, userId: 'ann', role: 'user' });
    expect(await findSignIn(deps, { token: TOKEN })).toBeUndefined();
    const stored = JSON.stringify(table.get(signInKey(deps.sha256(token))));
    expect(stored).toContain('keyHash');
    expect(stored).not.toContain(token);
    expect(stored).not.toContain(key);
  });

  test('is refused to a key that does not exist', async () => {
    const { deps } = testSystem();
    await expect(signIn(deps, 'berth_wrong')).rejects.toMatchObject({ status: 401 });
    await expect(signIn(deps, '')).rejects.toMatchObject({ status: 401 });
  });

  test('ends when its key is revoked', async () => {
    const { deps } = testSystem();
    const { key, id } = await createApiKey(deps, { userId: 'ann', role: 'admin' });
    const { token } = await signIn(deps, key);
    await deleteApiKey(deps, id);
    expect(await findSignIn(deps, { token })).toBeUndefined();
  });

  test('ends by itself, also if its item still exists', async () => {
    const system = testSystem();
    const { key } = await createApiKey(system.deps, { userId: 'ann', role: 'user' });
    const { token } = await signIn(system.deps, key);
    system.now += SIGN_IN_SECONDS * 1000 - 1;
    expect(await findSignIn(system.deps, { token })).toBeDefined();
    system.now += 1;
    expect(await findSignIn(system.deps, { token })).toBeUndefined();
  });

  test('ends with a key that expires earlier', async () => {
    const system = testSystem();
    const { key } = await createApiKey(system.deps, { userId: 'ann', role: 'user', expiresInSeconds: 60 });
    const { token, seconds } = await signIn(system.deps, key);
    expect(seconds).toBe(60);
    system.now += 60_000;
    expect(await findSignIn(system.deps, { token })).toBeUndefined();
  });

  test('ends when it is signed out, once and again, and leaves others of its key', async () => {
    const { deps } = testSystem();
    const { key } = await createApiKey(deps, { userId: 'ann', role: 'user' });
    const [one, other] = [await signIn(deps, key), await signIn(deps, key)];
    await signOut(deps, one);
    await signOut(deps, one);
    expect(await findSignIn(deps, one)).toBeUndefined();
    expect(await findSignIn(deps, other)).toBeDefined();
  });

  test('with a proof counts and ends with it alone: the cookie that another port was sent is worth nothing', async () => {
    const { deps } = testSystem();
    const { key } = await createApiKey(deps, { userId: 'ann', role: 'user' });
    const { token, proof = '' } = await signIn(deps, key, true);
    const other = await signIn(deps, key, true);
    expect(proof).not.toBe('');
    expect(await findSignIn(deps, { token })).toBeUndefined();
    expect(await findSignIn(deps, { token, proof: other.proof ?? '' })).toBeUndefined();
    await signOut(deps, { token });
    expect(await findSignIn(deps, { token, proof })).toMatchObject({ userId: 'ann' });
    await signOut(deps, { token, proof });
    expect(await findSignIn(deps, { token, proof })).toBeUndefined();
  });
});
