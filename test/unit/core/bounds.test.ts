/** What a tenant or a compromised worker can store is bounded. */
import { expect, test } from 'vitest';
import { accountSchema } from '../../../contract/worker/protocol.ts';
import { beginMediaUpload } from '../../../core/accounts/media.ts';
import { beginUpload } from '../../../core/accounts/snapshots.ts';
import { createSession } from '../../../core/admission/create.ts';
import { MAX_CONFIG_BYTES } from '../../../core/lifecycle/session-config.ts';
import { updateConfig } from '../../../core/lifecycle/update.ts';
import { health, withoutReasons } from '../../../core/observability/health.ts';
import { workingSession } from './session.ts';
import { testSystem } from './test-system.ts';

const create = (system: ReturnType<typeof testSystem>, name: string, config = {}, userId = 'ann') =>
  createSession(system.deps, { userId, name, config, start: false });

/** Each within its own bounds: together 20 entries of 512 characters, 10 webhooks with 20 headers each. */
const largest = {
  metadata: Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`key-${n}`, 'x'.repeat(512)])),
  webhooks: Array.from({ length: 10 }, (_, n) => ({
    url: `https://example.com/${n}`,
    events: ['*' as const],
    customHeaders: Array.from({ length: 20 }, (__, h) => ({ name: `X-H-${h}`, value: 'v'.repeat(500) })),
  })),
};

test('a configuration is refused above its size, at creation and in a change, and nothing is stored', async () => {
  const system = testSystem();
  await expect(create(system, 'large', largest)).rejects.toMatchObject({
    status: 400,
    extras: { errors: [{ path: 'config' }] },
  });
  const { session } = await create(system, 'small');
  await expect(updateConfig(system.deps, 'ann', 'small', largest)).rejects.toMatchObject({ status: 400 });
  expect((await create(system, 'next')).session.config).toEqual({});
  expect(session.config).toEqual({});
  expect(JSON.stringify(largest).length).toBeGreaterThan(MAX_CONFIG_BYTES);
});

test('a user stores so many sessions and no more, stopped ones included; others are not concerned', async () => {
  const system = testSystem({ storedSessionsPerUser: 3 });
  for (const name of ['a', 'b', 'c']) await create(system, name);
  await expect(create(system, 'd')).rejects.toMatchObject({
    status: 429,
    extras: { scope: 'stored', limit: 3, active: 3 },
  });
  // One that exists is said to exist, not to be too many.
  await expect(create(system, 'a')).rejects.toMatchObject({ status: 422 });
  await create(system, 'd', {}, 'bob');
});

test('what a worker says of its account is bounded, and a long name does not make its reports fail', () => {
  const long = 'x'.repeat(1_000_000);
  expect(accountSchema.safeParse({ id: long }).success).toBe(false);
  expect(accountSchema.parse({ id: '1@c.us', pushName: long }).pushName).toHaveLength(256);
});

test('a key that is no admin’s is not shown the errors of database, storage and task engine', async () => {
  const system = testSystem();
  const arn = 'AccessDenied: arn:aws:s3:::berth-accounts';
  const view = await health({
    ...system.deps,
    storage: {
      probe: async () => {
        throw new Error(arn);
      },
    },
  });
  expect(JSON.stringify(view)).toContain(arn);
  expect(JSON.stringify(withoutReasons(view))).not.toContain('arn:');
  expect(withoutReasons(view).checks?.storage).toEqual({
    ok: false,
    detail: 'failed; an admin key is shown why',
  });
});

test('a compromised worker stores so much in an epoch and no more, of snapshots and of files', async () => {
  const system = testSystem({ uploadMiBPerHour: 1 });
  const session = await workingSession(system, 'a');
  const MIB = 1024 * 1024;
  const upload = (bytes: number) => beginUpload(system.deps, session, { bytes, sha256: 'a'.repeat(64) });
  const media = { uploadUrl: async () => 'https://storage.invalid/' };
  const file = (bytes: number) =>
    beginMediaUpload({ ...system.deps, media, apiUrl: '' }, session, {
      bytes,
      mimetype: 'image/png',
      filename: null,
    });
  for (const store of [upload, file]) {
    await store(MIB);
    await store(MIB);
    await expect(store(MIB)).rejects.toMatchObject({ status: 429, extras: { scope: 'uploads' } });
  }
  // Another session is not concerned, and time brings more.
  const other = await workingSession(system, 'b');
  await beginUpload(system.deps, other, { bytes: MIB, sha256: 'b'.repeat(64) });
  system.now += 3_600_000;
  for (const store of [upload, file]) {
    await store(MIB);
    await expect(store(MIB)).rejects.toMatchObject({ status: 429 });
  }
});
