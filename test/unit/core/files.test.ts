/** Links to received files: Berth's own, valid until their own expiry, with any signing credentials. */
import { expect, test } from 'vitest';
import { beginMediaUpload, openFile } from '../../../core/accounts/media.ts';
import { type TestSystem, testSystem } from './test-system.ts';

const HOUR = 3600_000;
const SESSION = { sessionId: 'ses_1', epoch: 1 };

/** Signs by a number that grows, as credentials do that change. */
const received = async (system: TestSystem, settings: { filename?: string } = {}) => {
  const signed: { key: string; seconds: number; filename: string }[] = [];
  const media = {
    uploadUrl: async () => 'https://storage.example/upload',
    link: async (key: string, { seconds, filename }: { seconds: number; filename: string }) => {
      signed.push({ key, seconds, filename });
      return `https://storage.example/${key}?signature=${signed.length}`;
    },
  };
  const deps = { ...system.deps, media, apiUrl: 'https://berth.example.com' };
  const { url } = await beginMediaUpload(deps, SESSION, {
    bytes: 10,
    mimetype: 'image/png',
    filename: settings.filename ?? null,
  });
  const id = url.split('/').at(-1) ?? '';
  return {
    url,
    signed,
    open: (sessionId = SESSION.sessionId, file = id) => openFile(deps, sessionId, file),
  };
};

test('a link is the same for its whole life, and each request gets an address that was signed for it', async () => {
  const system = testSystem();
  const { url, open, signed } = await received(system, { filename: 'cat.png' });
  expect(url).toMatch(/^https:\/\/berth\.example\.com\/api\/files\/ses_1\/[\w-]{43}$/);
  const first = await open();
  system.now += 5 * HOUR;
  expect(await open(), 'signed again').not.toBe(first);
  expect(signed.map(({ seconds, filename }) => [seconds, filename])).toEqual([
    [300, 'cat.png'],
    [300, 'cat.png'],
  ]);
});

test('no address outlives its link, and an expired link leads nowhere', async () => {
  const system = testSystem();
  const { open, signed } = await received(system);
  system.now += 6 * HOUR - 10_000;
  await open();
  expect(signed.at(-1)?.seconds).toBe(10);
  system.now += 10_000;
  await expect(open()).rejects.toMatchObject({ code: 'not_found' });
});

test('neither another session nor another id finds a file', async () => {
  const { open } = await received(testSystem());
  await expect(open('ses_2')).rejects.toMatchObject({ code: 'not_found' });
  await expect(open('ses_1', 'x'.repeat(43))).rejects.toMatchObject({ code: 'not_found' });
});
